"""Flags and ids as other tools write them, and the instants that a copy may be of."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from igny8_analysis import connect
from igny8_analysis.etl.source_schema import SOURCE_TABLES
from igny8_analysis.load import load
from igny8_analysis.reports.rows import Report
from tests.cases import AS_OF, Row, items, make_source, run, site
from tests.command import igny8
from tests.conftest import run_sql
from tests.lakes import grow, in_lake


def test_flags_and_ids_in_any_spelling(tmp_path: Path) -> None:
    """Of twelve keywords two are neither deleted nor disabled, and all are of one site."""
    path = make_source(
        tmp_path / "source.sqlite",
        [site(1, "a.example")],
        [run(1, "2026-02-01T08:00:00Z", stages={1: (5, 1, 2)})],
        items("keywords", "new", 12, is_deleted=0, disabled=0),
    )
    words = ["t", "True", "yes", "Y", "on", "1.0", "TRUE", 1.0]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("create table loose as select * from igny8_keywords")
        connection.execute("drop table igny8_keywords")
        connection.execute(
            "create table igny8_keywords (id, site_id, cluster_id, status, is_deleted, disabled)"
        )
        for number in range(12):
            deleted = words[number] if number < 8 else "f"
            disabled = "yes" if number in (8, 9) else "no"
            connection.execute(
                "insert into igny8_keywords values (?, ?, null, 'new', ?, ?)",
                [number, 1.0 if number % 2 else "1.0", deleted, disabled],
            )
    grow(f"sqlite:///{path}", tmp_path / "data", AS_OF)
    pending = "select site_id, sum(items) from lake.pipeline_items where entity = 'keywords' group by all"
    assert in_lake(tmp_path / "data", pending) == [(1, 2)]


def run_statements(source: str, statements: list[str]) -> None:
    if source.startswith("postgresql"):
        run_sql(source, *statements)
        return
    with closing(sqlite3.connect(source.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def texts(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, list[Row]]], Path]:
    """A function that extracts rows from a copy whose every column is a text, as copies through CSV are."""

    def loaded(tables: dict[str, list[Row]]) -> Path:
        is_sqlite = request.param == "sqlite"
        source = (
            f"sqlite:///{tmp_path / 's.sqlite'}" if is_sqlite else request.getfixturevalue("postgres_url")
        )
        statements = []
        for key, table in SOURCE_TABLES.items():
            columns = ", ".join(f"{column} text" for column in table.columns)
            statements.append(f"create table {table.names[0]} ({columns})")
            for row in tables.get(key, []):
                values = ", ".join("null" if value is None else f"'{value}'" for value in row.values())
                statements.append(f"insert into {table.names[0]} ({', '.join(row)}) values ({values})")
        run_statements(source, statements)
        grow(source, tmp_path / "data", AS_OF)
        return tmp_path / "data"

    return loaded


Texts = Callable[[dict[str, list[Row]]], Path]


def findings(root: Path) -> list[tuple[Any, ...]]:
    assert in_lake(root, "select distinct check_name from lake.value_findings") == [("unparsable_value",)]
    return in_lake(
        root,
        "select site_id, account_id, id, key, value_text from lake.value_findings order by all nulls first",
    )


def test_flags_of_items_that_are_no_word_are_told_and_not_set(texts: Texts) -> None:
    """One finding a site, table and column for all that counts; what another flag takes out does not."""
    word = {"site_id": "1", "status": "new", "disabled": "no"}
    flags = ["f", None, " No\t", "maybe", "later", " TRUE ", "Y"]
    root = texts(
        {
            "sites": [{"id": "1"}, {"id": "2"}],
            "keywords": [
                *({**word, "is_deleted": flag} for flag in flags),
                {**word, "is_deleted": "yes", "disabled": "odd"},
                {**word, "is_deleted": "odd", "disabled": "yes"},
                {**word, "is_deleted": "0", "disabled": ""},
            ],
            "clusters": [{**word, "site_id": "1.0", "disabled": "2"}, {**word, "disabled": "2.0"}],
            "content_ideas": [{**word, "site_id": "2", "disabled": "t.", "is_deleted": "-1"}],
            "tasks": [{"site_id": "2", "status": "queued", "is_deleted": "?"}],
            "images": [{"site_id": "1", "status": "pending", "is_deleted": "null"}],
        }
    )
    assert findings(root) == [
        (1, None, None, "clusters.disabled", "2 in 2 rows"),
        (1, None, None, "images.is_deleted", "null"),
        (1, None, None, "keywords.disabled", ""),
        (1, None, None, "keywords.is_deleted", "later in 2 rows"),
        (2, None, None, "content_ideas.disabled", "t."),
        (2, None, None, "content_ideas.is_deleted", "-1"),
        (2, None, None, "tasks.is_deleted", "?"),
    ]
    counts = "select site_id, entity, sum(items) from lake.pipeline_items where is_pending group by all order by all"
    assert in_lake(root, counts) == [
        (1, "clusters", 2), (1, "images", 1), (1, "keywords", 6), (2, "ideas", 1), (2, "tasks", 1),
    ]  # fmt: skip


def test_words_that_a_column_takes_for_the_same_are_told_apart(tmp_path: Path) -> None:
    """A collation that knows no case counts `New` as `new`, under either name."""
    source = f"sqlite:///{tmp_path / 's.sqlite'}"
    statements = []
    for table in SOURCE_TABLES.values():
        columns = ", ".join(f"{column} text collate nocase" for column in table.columns)
        statements.append(f"create table {table.names[0]} ({columns})")
    day = "'2026-02-01 08:00:00'"
    for status in ("new", "New", "NEW"):
        statements += [
            f"insert into igny8_keywords (site_id, status) values (1, '{status}')",
            "insert into igny8_credit_usage_log (tenant_id, site_id, operation_type, credits_used, created_at) "
            f"values (1, 1, '{status}', 1, {day})",
            "insert into igny8_credit_transactions (tenant_id, transaction_type, amount, created_at) "
            f"values (1, '{status}', 1, {day})",
        ]
    run_statements(source, statements)
    grow(source, tmp_path / "data", AS_OF)
    for counted in (
        "select status, items, is_pending from lake.pipeline_items",
        "select operation, calls, operation = 'new' from lake.credit_usage",
        "select kind, transactions, kind = 'new' from lake.credit_transactions",
    ):
        found = in_lake(tmp_path / "data", f"{counted} order by 1")
        assert found == [("NEW", 1, False), ("New", 1, False), ("new", 1, True)]


def test_a_draft_has_its_images_however_ids_are_spelled(texts: Texts) -> None:
    """Ids beside missing ones become 7.0 in many tools: of four drafts those of 2 and 30 wait for images."""
    drafts = [{"id": id_, "site_id": "1", "status": "draft"} for id_ in ("1", "2", "3", "30")]
    images = [{"content_id": id_, "site_id": "1", "status": "pending"} for id_ in ("1.0", "3.00 ", "3", None)]
    deleted = {"content_id": "2", "site_id": "1", "status": "pending", "is_deleted": "t"}
    root = texts({"sites": [{"id": "1"}], "content": drafts, "images": [*images, deleted]})
    waiting = "select sum(items) from lake.pipeline_items where entity = 'content' and is_pending"
    assert in_lake(root, waiting) == [(2,)]


def test_sites_at_the_ends_of_what_an_id_can_be_are_kept_apart(tmp_path: Path) -> None:
    """Of no account each: their keys beside accounts' fit too."""
    ends = [-(2**63), 2**63 - 1, 0, -1]
    source = make_source(
        tmp_path / "s.sqlite",
        [site(n, tenant_id=None) for n in ends] + [site(5), site(6)],
        [run(at, "2026-02-01T08:00:00Z", site_id=n, stages={1: (5, 1, 2)}) for at, n in enumerate(ends)],
    )
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    with connect(tmp_path / "data") as warehouse:
        rows = dict(warehouse.sql("select site_id, account_key from sites").fetchall())
        spent = dict(warehouse.sql("select site_id, total_credits_used from runs").fetchall())
    assert rows.keys() == {*ends, 5, 6}
    assert len({rows[n] for n in ends} | {rows[5]}) == 5
    assert rows[5] == rows[6] == 1
    assert spent.keys() == set(ends)


def test_runs_at_the_ends_of_what_an_id_can_be(tmp_path: Path) -> None:
    """Forecasts have an id below those of all runs: below the lowest there can be is none, so that run is told."""
    ids = [-(2**63), 1 - 2**63, 2**63 - 1]
    source = make_source(
        tmp_path / "s.sqlite",
        [site(1)],
        [run(n, "2026-02-01T08:00:00Z", stages={1: (5, 1, 2)}) for n in ids],
    )
    load(f"sqlite:///{source}", tmp_path / "data")
    with connect(tmp_path / "data") as warehouse:
        runs = warehouse.sql("select id from runs order by id").fetchall()
        told = warehouse.sql("select row_key, reason from lake.quarantine").fetchall()
    assert runs == [(ids[1],), (ids[2],)]
    assert told == [(str(ids[0]), "id is the lowest there can be: no other is left below it")]


def test_other_values_that_do_not_read_are_told(texts: Texts) -> None:
    """Nothing is NULL in silence, and 2.5 is no stage."""
    results = {f"stage_{number}_result": None for number in range(1, 8)}
    one = {"id": "5", "site_id": "1", "run_id": "r", "status": "completed", "total_credits_used": "3",
           "started_at": "2026-02-01 08:00:00", "completed_at": "2026-02-01 09:00:00", **results}  # fmt: skip
    root = texts(
        {
            "accounts": [{"id": "1", "plan_id": "gold", "created_at": "soon"}],
            "sites": [{"id": "1", "tenant_id": "one", "is_active": "perhaps", "created_at": "2026-02-30"}],
            "automation_runs": [one | {"tenant_id": "one", "current_stage": "2.5"}],
            "credit_usage_log": [
                {"tenant_id": "1", "site_id": "1", "created_at": "2026-02-01 08:00:00"}
                | {"credits_used": "3", "cost_usd": "free", "tokens_input": "1 000", "tokens_output": ""}
            ],
        }
    )
    assert findings(root) == [
        (None, 1, None, "accounts.created_at", "soon"),
        (None, 1, None, "accounts.plan_id", "gold"),
        (1, None, None, "credit_usage_log.cost_usd", "free"),
        (1, None, None, "credit_usage_log.tokens_input", "1 000"),
        (1, None, None, "credit_usage_log.tokens_output", ""),
        (1, None, None, "sites.created_at", "2026-02-30"),
        (1, None, None, "sites.is_active", "perhaps"),
        (1, None, None, "sites.tenant_id", "one"),
        (1, None, 5, "current_stage", "2.5"),
        (1, None, 5, "tenant_id", "one"),
    ]


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31", "2300-01-01", "0001-01-01"],
)
def test_no_copy_is_of_the_ends_of_time(tmp_path: Path, instant: str) -> None:
    done = igny8("etl", "--source", "sqlite:///x", "--as-of", instant, "--warehouse", str(tmp_path / "data"))
    assert done.returncode == 2
    assert "its year is from 1970 to 2199" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_text_of_20_mb_is_cut_where_it_is_shown_and_whole_in_the_views(tmp_path: Path) -> None:
    path = make_source(
        tmp_path / "source.sqlite",
        [site(1, "a.example")],
        [run(1, "2026-02-01T08:00:00Z", stages={1: (5, 1, 2)}, error_message="x" * 20_000_000)],
        [],
    )
    load(f"sqlite:///{path}", tmp_path / "data")
    with connect(tmp_path / "data") as warehouse:
        assert warehouse.sql("select length(error_message) from runs").fetchall() == [(20_000_000,)]
        ((shown,),) = (row.values() for row in Report(warehouse, {}).rows("select error_message from runs"))
        assert shown == "x" * 8_000 + "… (20,000,000 characters)"
    done = igny8("sql", "select error_message from runs", "--warehouse", str(tmp_path / "data"))
    assert done.stdout.rstrip().endswith("x… (20,000,000 characters)")
    assert len(done.stdout) < 100_000
