"""The ledger's sums are read again of those days alone whose rows changed, and are what a full load reads."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.sources.postgres import PostgresSource
from tests.cases import AS_OF
from tests.conftest import run_sql
from tests.differing import differing_tables
from tests.etl.test_credit_sums import LEDGER, LOOSE, TRANSACTIONS
from tests.lakes import grow, in_lake
from tests.sources import load_postgres

CALL = f"insert into {LEDGER} (id, tenant_id, site_id, operation_type, credits_used, created_at) values "
SUM = f"insert into {TRANSACTIONS} (id, tenant_id, transaction_type, amount, created_at) values "
FIRST = (
    "insert into igny8_tenants (id, name, slug, created_at) values (1, 'a', 'a', now())",
    "insert into igny8_sites (id, tenant_id, name, created_at) values (1, 1, 'A site', now())",
    *LOOSE,
    f"alter table {LEDGER} alter column operation_type drop not null",
    CALL
    + "(1, 1, 1, 'writing', 3, '2025-11-30T23:00:00Z'), (2, 1, 1, 'writing', 4, '2025-12-01T01:00:00Z'), "
    "(3, 1, null, null, 5, '2026-01-10T01:00:00Z'), (4, 1, 1, 'writing', 'odd', 'no day'), "
    "(5, 1, 1, E'w\\u001ei|ng', 7, '2026-01-31T23:30:00+05:00'), (8, 1, 1, 'writing', 2, '2026-01-10T02:00:00Z')",
    SUM + "(1, 1, 'purchase', 100, '2025-11-30T23:00:00Z'), (2, 1, 'refund', -5, '2026-01-01T00:00:00Z')",
)
CHANGES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "nothing": ([], [], []),
    "a row of a new day, a transaction": (
        [
            CALL + "(6, 1, 1, 'writing', 1, '2026-02-01T00:00:00Z')",
            SUM + "(3, 1, 'purchase', 10, '2026-01-05T00:00:00Z')",
        ],
        ["2026-02-01"],
        ["2026-01-05"],
    ),
    "an edit of long ago, a null instead of a text": (
        [
            f"update {LEDGER} set credits_used = '3.5' where id = 1",
            f"update {LEDGER} set operation_type = '' where id = 3",
        ],
        ["2025-11-30", "2026-01-10"],
        [],
    ),
    "an edit that leaves all sums": ([f"update {LEDGER} set id = 90 where id = 1"], ["2025-11-30"], []),
    "the only row of a day goes": ([f"delete from {LEDGER} where id = 2"], [], []),
    "one of two goes": ([f"delete from {LEDGER} where id = 8"], ["2026-01-10"], []),
    "a row that moves, one without a day": (
        [
            f"update {LEDGER} set created_at = '2025-11-01T00:00:00Z' where id = 5",
            CALL + "(7, 1, 1, 'writing', 1, 'nor this')",
        ],
        ["", "2025-11-01"],
        [],
    ),
    "a row comes as another goes": (
        [
            f"delete from {LEDGER} where id = 3",
            CALL + "(9, 1, 1, 'writing', 5, '2026-01-10T01:00:00Z')",
        ],
        ["2026-01-10"],
        [],
    ),
    "all rows go": ([f"delete from {LEDGER}", f"delete from {TRANSACTIONS}"], [], []),
}


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What PostgreSQL is asked."""
    asked: list[str] = []
    read: Callable[[PostgresSource, str], pa.RecordBatchReader] = PostgresSource.read

    def noted(self: PostgresSource, query: str) -> pa.RecordBatchReader:
        asked.append(query)
        return read(self, query)

    monkeypatch.setattr(PostgresSource, "read", noted)
    return asked


def days_read(queries: list[str], table: str) -> list[str] | None:
    """The days of whose sums rows were asked for; None: all."""
    of_rows = [q for q in queries if table in q and "group by account_id" in q]
    if not of_rows:
        return []
    (query,) = of_rows
    _, found, days = query.partition("where coalesce(cast(day as text), '') in (")
    return sorted(day.strip("' ") for day in days.partition(")")[0].split(",")) if found else None


def test_only_days_that_changed_are_read(tmp_path: Path, postgres_url: str, queries: list[str]) -> None:
    load_postgres(postgres_url, {})
    run_sql(postgres_url, *FIRST)
    grow(postgres_url, tmp_path / "grown", AS_OF)
    shutil.copytree(tmp_path / "grown", tmp_path / "full")
    for change, (statements, of_calls, of_transactions) in CHANGES.items():
        run_sql(postgres_url, *statements)
        queries.clear()
        grow(postgres_url, tmp_path / "grown", AS_OF)
        assert days_read(queries, LEDGER) == of_calls, change
        assert days_read(queries, TRANSACTIONS) == of_transactions, change
        grow(postgres_url, tmp_path / "full", AS_OF, is_full=True)
        assert differing_tables(tmp_path / "grown", tmp_path / "full") == {}, change


def test_all_are_read_where_rows_do_not_tell(tmp_path: Path, postgres_url: str, queries: list[str]) -> None:
    """A column that is another now leaves the rows' numbers as they are."""
    load_postgres(postgres_url, {})
    run_sql(postgres_url, *FIRST)
    grow(postgres_url, tmp_path, AS_OF)
    assert days_read(queries, LEDGER) is None
    for statements, is_full in (
        ((f"alter table {LEDGER} add column more text default 'more'",), False),
        ((), True),
    ):
        run_sql(postgres_url, *statements)
        queries.clear()
        grow(postgres_url, tmp_path, AS_OF, is_full=is_full)
        assert days_read(queries, LEDGER) is None
        assert (days_read(queries, TRANSACTIONS) is None) == is_full


def test_what_was_kept_and_is_damaged_is_read_again(tmp_path: Path, postgres_url: str) -> None:
    load_postgres(postgres_url, {})
    run_sql(postgres_url, *FIRST)
    grow(postgres_url, tmp_path, AS_OF)
    usage = "from lake.credit_usage order by all"
    whole = in_lake(tmp_path, usage)
    for damage in (b"", b"PAR1 nothing", None):
        file = lake.find_version(tmp_path).path / "credit_usage_as_read.parquet"
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        grow(postgres_url, tmp_path, AS_OF)
        assert in_lake(tmp_path, usage) == whole, damage
