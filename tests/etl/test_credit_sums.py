"""The ledger and the transactions: summed in the source, by account, site, UTC date and kind, with nothing lost."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.lake import find_version
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, site
from tests.conftest import run_sql
from tests.lakes import grow, in_lake
from tests.sources import load_postgres

LEDGER, TRANSACTIONS = "igny8_credit_usage_log", "igny8_credit_transactions"
USAGE = "select site_id, used_on::varchar, operation, calls, credits from lake.credit_usage order by all"

LOOSE = (
    *(
        f"alter table {LEDGER} alter column {column} drop not null, alter column {column} type text"
        for column in ("tenant_id", "site_id", "credits_used", "cost_usd", "tokens_input", "created_at")
    ),
    *(
        f"alter table {TRANSACTIONS} alter column {column} type text"
        for column in ("tenant_id", "amount", "created_at")
    ),
)

Tables = dict[str, list[dict[str, Any]]]


def call(created_at: Any, credits: Any = 1, **columns: Any) -> dict[str, Any]:
    return {"tenant_id": 1, "site_id": 1, "operation_type": "writing", "credits_used": credits,
            "created_at": created_at} | columns  # fmt: skip


def transaction(created_at: Any, amount: Any, kind: str = "purchase", account: Any = 1) -> dict[str, Any]:
    return {"tenant_id": account, "transaction_type": kind, "amount": amount, "created_at": created_at}


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """A function that writes rows of the two tables, numbered, into either engine; on request as loose texts."""

    def of(tables: Tables, as_texts: bool = False) -> str:
        numbered = {
            name: [row | {"id": number} for number, row in enumerate(rows, 1)]
            for name, rows in tables.items()
        }
        if request.param == "sqlite":
            return f"sqlite:///{make_source(tmp_path / 's.sqlite', [site(1)], others=numbered)}"
        url: str = request.getfixturevalue("postgres_url")
        load_postgres(url, {})
        run_sql(
            url,
            "insert into igny8_tenants (id, name, slug, created_at) values (1, 'a', 'a', now())",
            "insert into igny8_sites (id, tenant_id, name, created_at) values (1, 1, 'A site', now())",
            *(LOOSE if as_texts else ()),
        )
        for name, kept in numbered.items():
            for row in kept:
                texts = ["null" if v is None else f"'{v}'" for v in row.values()]
                run_sql(url, f"insert into {name} ({', '.join(row)}) values ({', '.join(texts)})")
        return url

    return of


@pytest.fixture
def extracted(source: Callable[..., str], tmp_path: Path) -> Callable[..., Path]:
    """A function that loads what `source` writes, without the warehouse: for `in_lake`."""

    def of(*given: Any) -> Path:
        grow(source(*given), tmp_path / "data", AS_OF)
        return tmp_path / "data"

    return of


def test_calls_are_summed_by_account_site_day_and_operation(extracted: Callable[..., Path]) -> None:
    root = extracted({LEDGER: [
        call("2026-02-01T08:00:00Z", 1.25), call("2026-02-01T23:59:59.999999Z", 2), call("2026-02-02T00:00:00Z", 4),
        call("2026-02-01T09:00:00Z", 8, site_id=None), call("2026-02-01T09:00:00Z", 16, operation_type="images"),
        call("2026-02-01T10:00:00Z", -3), call("2026-02-01T11:00:00Z", None),
        call("2026-02-01T12:00:00Z", 32, tenant_id=7, site_id=None),
    ]})  # fmt: skip
    assert in_lake(root, f"select account_id, {USAGE.removeprefix('select ')}") == [
        (1, 1, "2026-02-01", "images", 1, 16),
        (1, 1, "2026-02-01", "writing", 4, Decimal("0.25")),  # 1.25 + 2 - 3, and a row without credits
        (1, 1, "2026-02-02", "writing", 1, 4),
        (1, None, "2026-02-01", "writing", 1, 8),
        (7, None, "2026-02-01", "writing", 1, 32),
    ]


def test_costs_and_tokens_are_null_where_the_source_has_none(extracted: Callable[..., Path]) -> None:
    root = extracted({LEDGER: [
        call("2026-02-01T08:00:00Z", cost_usd=0.000001, tokens_input=100, tokens_output=7),
        call("2026-02-01T09:00:00Z", cost_usd=0.25), call("2026-02-02T09:00:00Z"),
    ]})  # fmt: skip
    query = "select cost_usd, tokens_input, tokens_output from lake.credit_usage order by used_on"
    assert in_lake(root, query) == [(Decimal("0.250001"), 100, 7), (None, None, None)]


DAYS = {
    "2026-02-01 23:30:00": "2026-02-01",
    "2026-02-01T23:30:00.123456789Z": "2026-02-01",
    "2026-02-01 23:30:00-03:30": "2026-02-02",
    "2026-02-01T00:15+02": "2026-01-31",
    " 2026-03-01T01:00:00+0200\t": "2026-02-28",
    "2024-03-01 00:30:00 +01:00": "2024-02-29",
    "2026-02-28T24:00:00.0Z": "2026-03-01",
}
NO_DAYS = ("2026-02-30T10:00:00Z", "2026-02-01", "0000-01-01T10:00:00Z", "0001-01-01T00:30:00+01:00", "yesterday", "",
           None, "infinity", "2026-02-28T24:00:01Z")  # fmt: skip


def test_days_are_of_utc_however_a_time_is_written(extracted: Callable[..., Path]) -> None:
    root = extracted(
        {LEDGER: [call(written, operation_type=f"{n}") for n, written in enumerate((*DAYS, *NO_DAYS))]}, True
    )
    query = "select used_on::varchar from lake.credit_usage order by operation::int"
    assert [day for (day,) in in_lake(root, query)] == list(DAYS.values())
    assert in_lake(root, "select source_table, row_key, reason from lake.quarantine") == [
        (LEDGER, "1", f"created_at is not a time: {len(NO_DAYS)} rows")
    ]


INSTANTS = ("2026-02-01T23:59:59.999999Z", "2026-02-01T23:00:00-05", "0001-01-01", "9999-12-31T23:59:59Z",
            "10000-01-01", "0001-12-31 BC", "infinity", "-infinity")  # fmt: skip
NUMBERS = (None, "0", "-3", "2.5", "0.0000005", "999999999999", "999999999999.9999996", "1000000000000", "NaN",
           "Infinity", "-Infinity")  # fmt: skip


@pytest.mark.parametrize(
    ("instant", "number", "id_", "day"),
    [
        ("timestamptz", "numeric", "bigint", "2026-02-02"),
        ("timestamp", "bigint", "integer", "2026-02-01"),
        pytest.param("timestamp", "integer", "numeric", "2026-02-01", marks=pytest.mark.slow),
        pytest.param("timestamptz", "double precision", "varchar", "2026-02-02", marks=pytest.mark.slow),
    ],
)
def test_what_a_column_is_declared_as_changes_no_sum(
    tmp_path: Path, postgres_url: str, instant: str, number: str, id_: str, day: str
) -> None:
    """PostgreSQL sums columns of times, numbers and whole numbers' ids as they are, others by their texts."""
    load_postgres(postgres_url, {})
    wholes = [n for n in NUMBERS if n is None or n.lstrip("-").isdigit()]
    numbers = {"bigint": wholes, "integer": [None, "0", "-3", "2147483647"]}.get(number, list(NUMBERS))
    cells = [(at, "1") for at in INSTANTS] + [(INSTANTS[0], n) for n in numbers]
    values = ", ".join(
        f"({place}, 1, 1, 'writing', {'null' if n is None else repr(n)}, '{at}')"
        for place, (at, n) in enumerate(cells, 1)
    )
    run_sql(
        postgres_url,
        "insert into igny8_tenants (id, name, slug, created_at) values (1, 'a', 'a', now())",
        "insert into igny8_sites (id, tenant_id, name, created_at) values (1, 1, 'A site', now())",
        f"alter table {LEDGER} alter column credits_used drop not null, alter credits_used type {number}, "
        f"alter created_at type {instant}, alter tenant_id type {id_}, alter site_id type {id_}",
        f"insert into {LEDGER} (id, tenant_id, site_id, operation_type, credits_used, created_at) values {values}",
    )
    loaded = []
    columns = ("credits_used", "created_at", "tenant_id", "site_id")
    as_texts = f"alter table {LEDGER} {', '.join(f'alter {column} type text' for column in columns)}"
    for texts in ((), (as_texts,)):
        run_sql(postgres_url, "set timezone to 'UTC'", *texts)
        grow(postgres_url, tmp_path / f"{len(texts)}", AS_OF)
        loaded.append(
            [
                in_lake(tmp_path / f"{len(texts)}", query)
                for query in (USAGE, "select source_table, row_key, reason from lake.quarantine order by all")
            ]
        )
    assert loaded[0] == loaded[1]
    assert day in [used_on for _, used_on, *_ in loaded[0][0]]


def test_what_is_no_number_is_a_call_of_0_and_a_finding(extracted: Callable[..., Path]) -> None:
    odd = ["many", "", "1e12", "NaN", "0x10", "1 2"]
    good = {
        " 4.5e1 ": 45,
        "+.5": Decimal("0.5"),
        "-2.": -2,
        "0.0000005": Decimal("0.000001"),
        "1e-999": 0,
        "1e00002": 100,
        "0000000000.1e0000000001": 1,
    }
    root = extracted({LEDGER: [call("2026-02-01T08:00:00Z", credits) for credits in (*odd, *good)],
                   TRANSACTIONS: [transaction("2026-02-01T08:00:00Z", "much"),
                                  transaction("2026-02-01T08:00:00Z", 5)]}, True)  # fmt: skip
    assert in_lake(root, USAGE) == [(1, "2026-02-01", "writing", len(odd) + len(good), sum(good.values()))]
    found = "select site_id, account_id, key, check_name from lake.value_findings order by key"
    assert in_lake(root, found) == [
        (None, 1, "credit_transactions.amount", "unparsable_value"),
        (1, None, "credit_usage_log.credits_used", "unparsable_value"),
    ]
    assert in_lake(root, "select amount from lake.credit_transactions") == [(5,)]


def test_bytes_that_are_no_text_are_a_call_of_0_or_no_day(tmp_path: Path) -> None:
    """SQLite keeps them; a NUL hides what follows from its own `glob`."""
    no_texts = [b"\x00\x80\x17\xe5", b"1\x00\xff", b"\xff"]
    day = "2026-02-01T08:00:00Z"
    calls = [call(day, odd) for odd in no_texts] + [call(odd) for odd in no_texts] + [call(day, 2)]
    source = make_source(tmp_path / "s.sqlite", [site(1)], others={LEDGER: calls})
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    assert in_lake(tmp_path / "data", USAGE) == [(1, "2026-02-01", "writing", 4, 2)]
    assert in_lake(tmp_path / "data", "select reason from lake.quarantine") == [
        ("created_at is not a time: 3 rows",)
    ]


def test_transactions_are_summed_and_what_was_added_is_told_apart(extracted: Callable[..., Path]) -> None:
    root = extracted({TRANSACTIONS: [
        transaction("2026-02-01T08:00:00Z", 500), transaction("2026-02-01T09:00:00Z", -20, "adjustment"),
        transaction("2026-02-01T10:00:00Z", 50.5, "adjustment"), transaction("2026-02-03T10:00:00Z", -7, "usage"),
    ]})  # fmt: skip
    query = (
        "select account_id, made_on, kind, transactions, amount, amount_added from lake.credit_transactions"
    )
    assert in_lake(root, f"{query} order by all") == [
        (1, date(2026, 2, 1), "adjustment", 2, Decimal("30.5"), Decimal("50.5")),
        (1, date(2026, 2, 1), "purchase", 1, 500, 500),
        (1, date(2026, 2, 3), "usage", 1, -7, 0),
    ]


def test_a_site_that_the_ledger_alone_names_gets_a_placeholder(extracted: Callable[..., Path]) -> None:
    root = extracted({LEDGER: [call("2026-02-01T08:00:00Z", site_id=9)]})
    assert in_lake(root, "select name, account_id, has_source_row from lake.sites where site_id = 9") == [
        ("site 9", None, False)
    ]


def test_calls_without_an_account_are_their_sites(tmp_path: Path) -> None:
    calls = [call("2026-02-01T08:00:00Z", 3, tenant_id=None), call("2026-02-01T08:00:00Z", 4),
             call("2026-02-01T08:00:00Z", 5, tenant_id=None, site_id=None)]  # fmt: skip
    source = make_source(tmp_path / "s.sqlite", [site(1)], others={LEDGER: calls})
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    query = "select account_id, site_id, calls, credits from lake.credit_usage order by all nulls first"
    assert in_lake(tmp_path / "data", query) == [(None, None, 1, 5), (1, 1, 2, 7)]


def test_rows_whose_keys_do_not_read_are_quarantined_and_the_rest_arrives(tmp_path: Path) -> None:
    calls = [call("2026-02-01T08:00:00Z", 2) for _ in range(5)]
    calls += [call("2026-02-01T08:00:00Z", 3, tenant_id="seven"), call("2026-02-01T08:00:00Z", 4, site_id="one"),
              call("2026-02-01T08:00:00Z", 5, site_id="one"), call("soon", 6),
              call("2026-02-01T08:00:00Z", 7, site_id=9)]  # fmt: skip
    transactions = [
        transaction("2026-02-01T08:00:00Z", 500),
        transaction("2026-02-01T08:00:00Z", 23.5, "adjustment"),
    ]
    others = {LEDGER: calls, TRANSACTIONS: transactions}
    source = make_source(tmp_path / "s.sqlite", [site(1)], others=others)
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    assert in_lake(tmp_path / "data", "select row_key, reason from lake.quarantine order by all") == [
        ("1", "created_at is not a time: 1 rows"),
        ("one", "site_id is not a whole number: 2 rows"),
        ("seven", "tenant_id is not a whole number: 1 rows"),
    ]
    measures = find_version(tmp_path / "data").manifest()["reconciliation"]
    assert measures["calls"] == {"source": 10, "quarantined": 4, "lake": 6, "warehouse": 6}
    assert measures["ledger_credits"] == {"source": 35, "quarantined": 18, "lake": 17, "warehouse": 17}
    assert measures["transactions"] == {"source": 2, "quarantined": 0, "lake": 2, "warehouse": 2}
    assert measures["transaction_amount"]["source"] == 523.5
    assert in_lake(tmp_path / "data", "select check_name from data_quality where site_id = 9") == [
        ("missing_site",)
    ]


def test_too_many_of_them_stop_the_load(tmp_path: Path) -> None:
    calls = [call("2026-02-01T08:00:00Z") for _ in range(900)] + [call("soon") for _ in range(10)]
    source = make_source(tmp_path / "s.sqlite", [site(1)], others={LEDGER: calls})
    with pytest.raises(LoadError, match=f"10 of 910 rows of {LEDGER} cannot be read"):
        load(f"sqlite:///{source}", tmp_path / "data")


@pytest.mark.parametrize(("table", "other"), [(LEDGER, f"{LEDGER}s"), (TRANSACTIONS, None)])
def test_other_names_of_tables_and_columns(tmp_path: Path, table: str, other: str | None) -> None:
    rows_ = {
        LEDGER: [call("2026-02-01T08:00:00Z", 3)],
        TRANSACTIONS: [transaction("2026-02-01T08:00:00Z", 7)],
    }
    source = make_source(tmp_path / "s.sqlite", [site(1)], others=rows_)
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute(f"alter table {table} rename column tenant_id to account_id")
        if table == TRANSACTIONS:
            connection.execute(f"alter table {table} rename column transaction_type to type")
        if other:
            connection.execute(f"alter table {table} rename to {other}")
    assert grow(f"sqlite:///{source}", tmp_path / "data", AS_OF).catalogue.missing == []
    assert in_lake(tmp_path / "data", "select account_id, credits from lake.credit_usage") == [(1, 3)]
    assert in_lake(tmp_path / "data", "select account_id, kind, amount from lake.credit_transactions") == [
        (1, "purchase", 7)
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param("select 1", (True, True), marks=pytest.mark.slow),
        (f"alter table {LEDGER} rename column created_at to made_at", (False, True)),
        pytest.param(
            f"alter table {LEDGER} rename to igny8_credit_usage_logs", (True, True), marks=pytest.mark.slow
        ),
        pytest.param(f"drop table {LEDGER}", (False, True), marks=pytest.mark.slow),
        (f"alter table {TRANSACTIONS} rename column amount to sum", (True, False)),
    ],
)
def test_a_table_that_reads_as_empty_is_no_ledger_of_0_credits(
    change: str, expected: tuple[bool, bool], tmp_path: Path
) -> None:
    others = {LEDGER: [call("2026-02-01T08:00:00Z", 3)], TRANSACTIONS: []}
    source = make_source(tmp_path / "s.sqlite", [site(1)], others=others)
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute(change)
    load(f"sqlite:///{source}", tmp_path / "data")
    with duckdb.connect(find_version(tmp_path / "data").database, read_only=True) as views:
        assert views.execute("from credit_sources").fetchall() == [expected]


def test_a_ledger_that_differs_from_its_own_sum_stops_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from igny8_analysis.etl import extract

    source = make_source(tmp_path / "s.sqlite", [site(1)], others={LEDGER: [call("2026-02-01T08:00:00Z", 3)]})
    query = extract._query

    def changed(name: str, values: dict[str, str]) -> str:
        text = query(name, values)
        return text.replace("(credits)", "(credits + 1)") if name == "credit_usage" else text

    monkeypatch.setattr(extract, "_query", changed)
    with pytest.raises(LoadError, match="ledger_credits read and written differ"):
        load(f"sqlite:///{source}", tmp_path / "data")
