"""The source is read at one instant, by a role that can do nothing else, and keeps its contents to itself."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from igny8_analysis import connect
from igny8_analysis.etl.catalogue import look
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.demo import PRIVATE_WORD, DemoSite
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.lake import find_version
from igny8_analysis.etl.source_schema import SOURCE_TABLES
from igny8_analysis.etl.sources import open_source, postgres
from igny8_analysis.load import load
from tests.cases import AS_OF, items, make_source, run, site
from tests.command import igny8
from tests.conftest import run_sql
from tests.lakes import VIEWS, grow, in_lake
from tests.sources import load_postgres
from tests.trust.processes import assert_told, query

OPTIONAL = [
    (key, column)
    for key, table in SOURCE_TABLES.items()
    for column in table.columns
    if column not in table.required
]
NEEDED = [(key, column) for key, table in SOURCE_TABLES.items() for column in sorted(table.required)]
REQUIRED = [(key, column) for key, column in NEEDED if not SOURCE_TABLES[key].is_extra]
EXTRA = [(key, column) for key, column in NEEDED if SOURCE_TABLES[key].is_extra]


def totals(root: Path) -> dict[str, Any]:
    """Of one site and of all."""
    items = f"""
        select sum(items) from lake.pipeline_items natural join (select max(load_number) as load_number from lake.loads)
        where site_id = {int(DemoSite.TEN_COMPLETED)} and
    """
    ((runs, pending, failed, credits),) = in_lake(
        root,
        f"select count(*) filter (site_id = {int(DemoSite.TEN_COMPLETED)}), ({items} is_pending), "
        f"({items} entity = 'images' and status = 'failed'), sum(total_credits_used) from lake.runs",
    )
    return {"runs": runs, "pending": pending, "failed": failed, "credits": credits}


def test_runs_and_counts_are_of_one_instant(small_postgres: str, tmp_path: Path) -> None:
    """A writer commits after every table that is read: the load sees nothing of it, the next one all."""
    grow(small_postgres, tmp_path / "undisturbed", AS_OF)
    before = totals(tmp_path / "undisturbed")
    site_id = int(DemoSite.TEN_COMPLETED)
    writes = iter(
        [
            "insert into igny8_automation_runs (id, tenant_id, site_id, run_id, trigger_type, status, current_stage,"
            f" started_at, total_credits_used) values (70001, 7, {site_id}, 'late', 'manual', 'running', 1, now(), 5)",
            f"update igny8_automation_runs set total_credits_used = 9000 where site_id = {site_id}",
            f"update igny8_keywords set status = 'new', cluster_id = null where site_id = {site_id}",
            f"update igny8_images set status = 'failed' where site_id = {site_id}",
            f"delete from igny8_content where site_id = {site_id}",
        ]
    )
    steps = []

    def write(step: str) -> None:
        steps.append(step)
        if len(steps) > 1 and (statement := next(writes, None)):
            run_sql(small_postgres, statement)

    grow(small_postgres, tmp_path / "disturbed", AS_OF, progress=write)
    assert next(writes, None) is None
    assert steps.index("count images") > 5, "tables were still to be read when the writes were done"
    assert totals(tmp_path / "disturbed") == before
    grow(small_postgres, tmp_path / "disturbed", AS_OF)
    after = totals(tmp_path / "disturbed")
    assert after["runs"] == before["runs"] + 1
    assert all(after[name] > before[name] for name in ("pending", "failed", "credits"))


RUNS_TABLE = "igny8_automation_runs"
COPY = f"create table other as select * from {RUNS_TABLE}"


@pytest.mark.parametrize(
    ("step", "statements", "told"),
    [
        (
            "read runs",
            [COPY, f"truncate {RUNS_TABLE}", f"insert into {RUNS_TABLE} select * from other"],
            f"public.{RUNS_TABLE}",
        ),
        (
            "read runs",
            [COPY, f"alter table {RUNS_TABLE} rename to old", f"alter table other rename to {RUNS_TABLE}"],
            f"public.{RUNS_TABLE}",
        ),
        (
            "read runs",
            [f"alter table {RUNS_TABLE} alter column total_credits_used type numeric(14, 3)"],
            f"public.{RUNS_TABLE}",
        ),
        ("count keywords", ["truncate keywords_1"], "public.keywords_1"),
        ("count content", ["truncate all_images"], "public.all_images"),
        ("sum the ledger", ["truncate igny8_credit_usage_log"], "public.igny8_credit_usage_log"),
    ],
    ids=["refilled", "swapped", "rewritten", "partition", "under a view", "ledger"],
)
def test_a_table_whose_rows_the_snapshot_does_not_hold_stops_the_load(
    small_postgres: str, tmp_path: Path, step: str, statements: list[str], told: str
) -> None:
    """Of one that was emptied or put in another's place after the snapshot PostgreSQL shows none of its rows."""
    run_sql(
        small_postgres,
        "alter table igny8_images rename to all_images",
        "create view igny8_images as select * from all_images",
        "alter table igny8_keywords rename to keywords_1",
        "create table igny8_keywords (like keywords_1) partition by list (site_id)",
        "alter table igny8_keywords attach partition keywords_1 default",
    )
    left = iter(statements)

    def change(now: str) -> None:
        if now == step:
            run_sql(small_postgres, *left, "create index on igny8_automation_runs (status)")

    with pytest.raises(LoadError, match=f"while the load ran: {told}; nothing was loaded, load again"):
        grow(small_postgres, tmp_path / "data", AS_OF, progress=change)
    run_sql(small_postgres, "reindex table igny8_sites")
    grow(small_postgres, tmp_path / "data", AS_OF)


def test_a_role_that_sees_only_the_columns_that_are_read(small_postgres: str, tmp_path: Path) -> None:
    """Titles, names of items and the like are not read: without the right to, the load is the same."""
    role = "igny8_columns_only"
    grants = [
        f"grant select ({', '.join(table.columns)}) on {table.names[0]} to {role}"
        for table in SOURCE_TABLES.values()
    ]
    run_sql(small_postgres, f"create role {role} login", *grants)
    try:
        grow(urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl(), tmp_path, AS_OF)
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")


def test_no_content_leaves_the_source(small_postgres: str, tmp_path: Path) -> None:
    hit = f"select 1 from igny8_content where title like '%{PRIVATE_WORD}%' limit 1"
    assert query(small_postgres, hit) == [(1,)]
    grow(small_postgres, tmp_path, AS_OF)
    for name in LAKE_TABLES:
        like = f"select * from lake.{name} as t where contains(lower(cast(t as varchar)), '{PRIVATE_WORD}')"
        assert in_lake(tmp_path, like) == []
    assert all(
        PRIVATE_WORD.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_write_fails_and_the_session_is_named(small_postgres: str) -> None:
    """Even a superuser's session only reads."""
    sites = query(small_postgres, "select count(*) from igny8_sites")
    for write in ("delete from igny8_sites returning 1", "select nextval('s')", "create table mine (id int)"):
        run_sql(small_postgres, "create sequence if not exists s")
        with pytest.raises(LoadError, match="read-only transaction"), open_source(small_postgres) as source:
            source.read(write).read_all()
    assert query(small_postgres, "select count(*) from igny8_sites") == sites
    with open_source(small_postgres) as source:
        name = f"'{postgres.APPLICATION_NAME}'"
        seen = query(small_postgres, f"select state from pg_stat_activity where application_name = {name}")
        assert seen == [("idle in transaction",)]
        for setting, expected in (
            ("statement_timeout", "15min"),
            ("transaction_isolation", "repeatable read"),
            ("transaction_read_only", "on"),
        ):
            assert source.read(f"select current_setting('{setting}')").read_all().to_pylist() == [
                {"current_setting": expected}
            ]
    assert query(small_postgres, f"select 1 from pg_stat_activity where application_name = {name}") == []


def test_a_statement_that_takes_too_long_is_stopped(
    small_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = [s.replace("15min", "200ms") for s in postgres.SESSION]
    assert short != list(postgres.SESSION)
    monkeypatch.setattr(postgres, "SESSION", short)
    run_sql(
        small_postgres,
        "alter table igny8_keywords rename to all_keywords",
        "create view igny8_keywords as select all_keywords.* from all_keywords, pg_sleep(1)",
    )
    with pytest.raises(LoadError, match="over 15 minutes"):
        load(small_postgres, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_limit_for_whole_transactions_ends_no_load(
    small_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role's own: a load reads for as long as it takes, each of its statements within their limit."""
    limits = "-c transaction_timeout=2s -c idle_in_transaction_session_timeout=2s"
    monkeypatch.setenv("PGOPTIONS", limits)
    with open_source(small_postgres) as source:
        time.sleep(2.5)
        assert source.read("select count(*) as sites from igny8_sites").read_all().to_pylist() == [
            {"sites": 3}
        ]


@pytest.mark.parametrize("forced", [False, True])
def test_rows_that_a_policy_hides_are_told(small_postgres: str, tmp_path: Path, forced: bool) -> None:
    """Row-level security makes no smaller source; who may see all of it reads it as ever."""
    role = "igny8_some_rows"
    run_sql(
        small_postgres,
        "alter table igny8_automation_runs enable row level security",
        "create policy few on igny8_automation_runs using (id <= 2)",
        f"create role {role} login",
        f"grant select on all tables in schema public to {role}",
        *(["alter table igny8_automation_runs force row level security"] if forced else []),
    )
    try:
        url = urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl()
        with pytest.raises(LoadError, match=r"row-level security.*let the reading role see every row"):
            load(url, tmp_path / "data")
        run_sql(small_postgres, f"alter role {role} bypassrls")
        grow(url, tmp_path / "data", AS_OF)
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")


def test_an_optional_table_whose_rows_a_policy_hides_is_not_read_in_part(
    small_postgres: str, tmp_path: Path
) -> None:
    """It reads as empty, as one that the role may not read, and that is told: each load, also a quiet one."""
    role = "igny8_some_rows"
    run_sql(
        small_postgres,
        "alter table igny8_keywords enable row level security",
        "create policy few on igny8_keywords using (id % 2 = 0)",
        f"create role {role} login",
        f"grant select on all tables in schema public to {role}",
    )
    url = urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl()
    keywords = "select coalesce(sum(items), 0) from lake.pipeline_items where entity = 'keywords'"
    try:
        shown = igny8("check", "--source", url)
        assert shown.returncode == 0
        assert "igny8_keywords: row-level security hides rows from the role" in shown.stdout
        loaded = igny8("etl", "--source", url, "--warehouse", tmp_path / "data", "--quiet")
        assert (loaded.returncode, loaded.stdout) == (0, "")
        assert loaded.stderr.startswith("igny8: warning: igny8_keywords reads as empty: row-level security")
        assert "let the reading role see every row" in loaded.stderr
        assert in_lake(tmp_path / "data", keywords) == [(0,)]
        assert "igny8_keywords" in find_version(tmp_path / "data").manifest()["source"]["missing"]
        run_sql(small_postgres, f"alter role {role} bypassrls")
        assert grow(url, tmp_path / "data", AS_OF).catalogue.warnings == []
        assert in_lake(tmp_path / "data", keywords)[0][0] > 0
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")


def test_a_view_over_rows_that_a_policy_hides_is_told(small_postgres: str, tmp_path: Path) -> None:
    """The catalogue says nothing of it: the server does, since no policy may filter what a load reads."""
    role = "igny8_some_rows"
    run_sql(
        small_postgres,
        "alter table igny8_automation_runs rename to all_runs",
        "alter table all_runs enable row level security",
        "create policy few on all_runs using (id <= 2)",
        "create view igny8_automation_runs with (security_invoker) as select * from all_runs",
        f"create role {role} login",
        f"grant select on all tables in schema public to {role}",
    )
    try:
        url = urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl()
        with pytest.raises(LoadError, match="row-level security"):
            load(url, tmp_path / "data")
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")


def test_an_enum_without_the_word_that_is_looked_for(small_postgres: str, tmp_path: Path) -> None:
    for table, words in (("keywords", "mapped"), ("clusters", "mapped"), ("content_ideas", "queued")):
        run_sql(
            small_postgres,
            f"update igny8_{table} set status = '{words}'",
            f"create type {table}_status as enum ('{words}')",
            f"alter table igny8_{table} alter column status drop default, "
            f"alter column status type {table}_status using status::{table}_status",
        )
    grow(small_postgres, tmp_path, AS_OF)
    counted = "select count(*), count(*) filter (is_pending) from lake.pipeline_items"
    ((rows, pending),) = in_lake(tmp_path, f"{counted} where entity in ('keywords', 'clusters', 'ideas')")
    assert rows > 0
    assert pending == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_of_the_role_or_the_environment_is_not_ours(
    small_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    role = "igny8_latin"
    run_sql(
        small_postgres,
        "update igny8_sites set name = 'Café'",
        f"create role {role} login",
        f"alter role {role} set client_encoding to '{encoding}'",
        f"grant select on all tables in schema public to {role}",
    )
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    try:
        grow(urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl(), tmp_path, AS_OF)
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")
    assert in_lake(tmp_path, "select distinct name from lake.sites where name like 'C%'") == [("Café",)]


def test_settings_under_which_no_type_can_be_read_are_told(
    small_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "igny8_quoting"
    url = urlsplit(small_postgres)._replace(netloc=f"{role}:@").geturl()
    run_sql(
        small_postgres,
        f"create role {role} login bypassrls",
        f"alter role {role} set quote_all_identifiers to on",
        f"grant select on all tables in schema public to {role}",
    )
    try:
        for command in ("check", "etl"):
            assert_told(igny8(command, "--source", url), 5, "quote_all_identifiers is on")
        monkeypatch.setenv("PGOPTIONS", "-c quote_all_identifiers=off")
        grow(url, tmp_path, AS_OF)
    finally:
        run_sql(small_postgres, f"drop owned by {role}", f"drop role {role}")


def test_what_a_server_says_while_it_connects_reaches_no_terminal(
    small_postgres: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_sql(
        small_postgres,
        "create function greet() returns event_trigger language plpgsql as "
        "$$ begin raise warning 'hello from the server'; end $$",
        "create event trigger greets on login execute function greet()",
        "alter event trigger greets enable always",
    )
    with closing(postgres.dbapi.connect(small_postgres)):
        assert "hello from the server" in capfd.readouterr().err, "as the driver has it"
    load(small_postgres, tmp_path, AS_OF)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("encoding", "name"), [("LATIN1", "Café"), ("SQL_ASCII", "Caf\ufffd")])
def test_a_database_in_another_encoding(
    postgres_server: str, tmp_path: Path, encoding: str, name: str
) -> None:
    run_sql(
        postgres_server,
        f"create database other template template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'",
    )
    try:
        url = urlsplit(postgres_server)._replace(path="/other").geturl()
        load_postgres(url, {"igny8_sites": [], "igny8_tenants": []})
        text = r"convert_from('\x436166e9', 'LATIN1')" if encoding == "LATIN1" else r"e'Caf\351'"
        run_sql(
            url,
            "insert into igny8_tenants (id, name, slug, created_at) values (1, 'a', 'a', now())",
            f"insert into igny8_sites (id, tenant_id, name, created_at) values (1, 1, {text}, now())",
            f"do $$ begin execute 'alter table igny8_sites add ' || quote_ident({text}) || ' text'; end $$",
        )
        assert name in igny8("check", "--source", url).stdout
        grow(url, tmp_path, AS_OF)
    finally:
        run_sql(postgres_server, "drop database other with (force)")
    assert in_lake(tmp_path, "select name from lake.sites") == [(name,)]


# Drift


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}, error_message="x") for n in (1, 2)]
    waiting = items("keywords", "new", 3, is_deleted=0, disabled=0) + items("content", "draft", 2)
    deleted = items("keywords", "new", 5, is_deleted=1) + items("content_ideas", "new", 7, disabled=1)
    path = tmp_path_factory.mktemp("complete") / "source.sqlite"
    others = {
        "igny8_automation_configs": [{"id": 1, "site_id": 1, "is_enabled": 1}],
        "igny8_credit_usage_log": [
            {"id": 1, "tenant_id": 1, "credits_used": 5, "created_at": "2026-02-01T08:00:00Z"}
        ],
    }
    return make_source(path, [site(1, "a.example")], rows, waiting + deleted, others)


@pytest.fixture
def source(complete: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the complete source in `source.sqlite`, to take something away from."""
    shutil.copy(complete, tmp_path / "source.sqlite")
    with closing(sqlite3.connect(tmp_path / "source.sqlite", isolation_level=None)) as connection:
        yield connection


def name_of(key: str) -> str:
    return SOURCE_TABLES[key].names[0]


@pytest.mark.parametrize(("key", "column"), OPTIONAL)
def test_a_missing_optional_column_is_listed(
    source: sqlite3.Connection, tmp_path: Path, key: str, column: str
) -> None:
    source.execute(f"alter table {name_of(key)} drop column {column}")
    with open_source(f"sqlite:///{tmp_path / 'source.sqlite'}") as opened:
        found = look(opened)
        assert found.missing == [f"{name_of(key)}.{column}"]
        rows = opened.read(f"select {column} from {found.tables[key].sql()}").read_all().to_pylist()
        assert rows == [{column: None}] * len(rows)


def test_without_any_optional_column(source: sqlite3.Connection, tmp_path: Path) -> None:
    for key, column in OPTIONAL:
        source.execute(f"alter table {name_of(key)} drop column {column}")
    source.execute("alter table igny8_automation_runs add column brand_new text default 'x'")
    report = load(f"sqlite:///{tmp_path / 'source.sqlite'}", tmp_path / "data", AS_OF)
    assert sorted(report.missing) == sorted(f"{name_of(key)}.{column}" for key, column in OPTIONAL)
    assert "igny8_automation_runs.error_message" in str(report)
    with connect(tmp_path / "data") as warehouse:
        assert warehouse.run_detail(1, "run_1")["run"]["error_message"] == ""
        overview = warehouse.overview_stats(1)
        pending = [stage["pending_items"] for stage in overview["predictive_analysis"]["stages"]]
        assert pending == [8, 0, 7, 0, 2, 0, 0], "nothing is known to be deleted or disabled"
        assert overview["run_statistics"]["total_credits_used"] == 40
        (row,) = warehouse.sql("select missing from loads").fetchall()
        assert row[0].split(", ") == report.missing


def test_without_any_optional_table(source: sqlite3.Connection, tmp_path: Path) -> None:
    gone = [key for key, table in SOURCE_TABLES.items() if not table.is_required]
    for key in gone:
        source.execute(f"drop table {name_of(key)}")
    report = load(f"sqlite:///{tmp_path / 'source.sqlite'}", tmp_path / "data", AS_OF)
    assert report.missing == [name_of(key) for key in gone]
    with connect(tmp_path / "data") as warehouse:
        overview = warehouse.overview_stats(1)
        assert overview["site"] == {"site_id": 1, "domain": None, "name": "site 1"}
        assert overview["predictive_analysis"]["totals"]["total_pending_items"] == 0


@pytest.mark.parametrize(("key", "column"), REQUIRED)
def test_a_missing_required_column_stops_the_load(
    source: sqlite3.Connection, tmp_path: Path, key: str, column: str
) -> None:
    source.execute(f"alter table {name_of(key)} rename column {column} to gone")
    with pytest.raises(LoadError, match=f"{name_of(key)}.{column}"):
        load(f"sqlite:///{tmp_path / 'source.sqlite'}", tmp_path / "data")
    assert not (tmp_path / "data" / "current").exists()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("key", "column"), EXTRA)
def test_an_extra_table_without_what_it_needs_stops_no_load(
    source: sqlite3.Connection, tmp_path: Path, key: str, column: str
) -> None:
    source.execute(f"alter table {name_of(key)} rename column {column} to gone")
    with open_source(f"sqlite:///{tmp_path / 'source.sqlite'}") as opened:
        catalogue = look(opened)
        assert opened.read(f"select * from {catalogue.tables[key].sql()}").read_all().num_rows == 0
    assert catalogue.missing == [f"{name_of(key)}.{column}"]
    found = catalogue.describe()["tables"][key]
    assert (found["required_missing"], found["unread"][-1]) == ([column], "gone")
    assert catalogue.describe()["would_load"]


@pytest.mark.parametrize(("key", "column"), dict(EXTRA).items())
def test_an_extra_table_without_what_it_needs_reads_as_empty(
    source: sqlite3.Connection, tmp_path: Path, key: str, column: str
) -> None:
    source.execute(f"alter table {name_of(key)} rename column {column} to gone")
    grow(f"sqlite:///{tmp_path / 'source.sqlite'}", tmp_path / "data", AS_OF)
    for table, of in (("automation_schedules", "automation_configs"), ("credit_usage", "credit_usage_log")):
        assert in_lake(tmp_path / "data", f"select count(*) from lake.{table}") == [(int(of != key),)]


def test_one_message_names_every_missing_column(source: sqlite3.Connection, tmp_path: Path) -> None:
    of_runs = [column for key, column in REQUIRED if key == "automation_runs"]
    for column in of_runs:
        source.execute(f"alter table igny8_automation_runs rename column {column} to gone_{column}")
    source_url = f"sqlite:///{tmp_path / 'source.sqlite'}"
    done = igny8("etl", "--source", source_url, "--warehouse", tmp_path / "data")
    assert_told(done, 5, *(f"igny8_automation_runs.{column}" for column in of_runs))


def test_a_source_without_runs_stops_the_load(source: sqlite3.Connection, tmp_path: Path) -> None:
    source.execute("drop table igny8_automation_runs")
    with pytest.raises(LoadError, match="igny8_automation_runs"):
        load(f"sqlite:///{tmp_path / 'source.sqlite'}", tmp_path / "data")


def test_postgresql_that_drifted(small_postgres: str, tmp_path: Path) -> None:
    """Other names, types, columns and views: read as far as it can be, and told."""
    grow(small_postgres, tmp_path, AS_OF)
    before = totals(tmp_path)
    runs = "alter table igny8_automation_runs"
    run_sql(
        small_postgres,
        "alter table igny8_tenants rename to igny8_accounts",
        "alter table igny8_sites add column plan text default 'x'",
        "alter table igny8_sites alter column is_active type text using is_active::text",
        "drop table igny8_tasks",
        f"{runs} alter column total_credits_used type text using total_credits_used::text",
        f"{runs} alter column started_at type text using to_char(started_at at time zone 'UTC',"
        ' \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
        f"{runs} alter column stage_1_result type text using stage_1_result::text",
        f"{runs} alter column id type text using id::text",
        f"{runs} drop column resumed_at",
        "alter table igny8_keywords alter column is_deleted drop default",
        "alter table igny8_keywords alter column is_deleted type integer using is_deleted::int",
    )
    catalogue = grow(small_postgres, tmp_path, AS_OF).catalogue
    assert catalogue.missing == ["igny8_tasks", "igny8_automation_runs.resumed_at"]
    after = totals(tmp_path)
    assert after.pop("pending") <= before.pop("pending")
    assert after == before
    tasks = "select count(*) from lake.pipeline_items where load_number = 2 and entity = 'tasks'"
    assert in_lake(tmp_path, tasks) == [(0,)]
    assert in_lake(tmp_path, "select count(*) from lake.accounts") == [(7,)]


def test_no_right_to_a_table_is_told(small_postgres: str, tmp_path: Path) -> None:
    run_sql(small_postgres, "create role igny8_nothing login")
    try:
        url = urlsplit(small_postgres)._replace(netloc="igny8_nothing:@").geturl()
        done = igny8("etl", "--source", url, "--warehouse", tmp_path)
    finally:
        run_sql(small_postgres, "drop role igny8_nothing")
    assert_told(done, 5, "permission denied", "igny8_tenants", "grant SELECT")


def test_the_missing_file_is_not_made(tmp_path: Path) -> None:
    done = igny8("etl", "--source", f"sqlite:///{tmp_path / 'none.sqlite'}", "--warehouse", tmp_path / "data")
    assert_told(done, 5, "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_sqlite_of_another_case_and_encoding(tmp_path: Path) -> None:
    """A copy may have been made by a tool that writes names in upper case and texts in UTF-16."""
    rows = [run(n, f"2026-02-0{n}T08:00:00Z", stages={1: (50, 4, 20)}) for n in (1, 2, 3)]
    make_source(
        tmp_path / "plain.sqlite", [site(1, "a.example", "Ä & 山")], rows, items("keywords", "new", 3)
    )
    with (
        closing(sqlite3.connect(tmp_path / "plain.sqlite")) as plain,
        closing(sqlite3.connect(tmp_path / "other.sqlite", isolation_level=None)) as other,
    ):
        other.execute("pragma encoding = 'UTF-16be'")
        other.executescript("\n".join(plain.iterdump()))
        for table, column in (("igny8_sites", "domain"), ("igny8_automation_runs", "site_id")):
            other.execute(f"alter table {table} rename column {column} to {column.upper()}")
        other.execute("alter table igny8_sites rename to sites")
        other.execute("alter table sites rename to IGNY8_SITES")
    assert grow(f"sqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "data", AS_OF).catalogue.missing == []
    assert in_lake(tmp_path / "data", "select domain, name from lake.sites") == [("a.example", "Ä & 山")]
    assert in_lake(tmp_path / "data", "select site_id, count(*) from lake.runs group by 1") == [(1, 3)]


def test_a_site_without_domain_and_name_goes_by_its_id(tmp_path: Path) -> None:
    names = {7: None, 8: "", 9: "  "}
    sites = [site(id_, None) | {"name": name} for id_, name in names.items()]
    make_source(tmp_path / "s.sqlite", sites)
    grow(f"sqlite:///{tmp_path / 's.sqlite'}", tmp_path / "data", AS_OF)
    labels = in_lake(tmp_path / "data", f"select label from ({VIEWS['sites'].sql}) order by site_id")
    assert labels == [("site 7",), ("site 8",), ("site 9",)]
