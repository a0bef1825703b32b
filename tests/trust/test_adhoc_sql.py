"""Ad hoc SQL cannot write or wander: it takes one statement, and that only reads the warehouse."""

from pathlib import Path

import duckdb
import pytest

from igny8_analysis import UsageError, Warehouse
from tests.command import igny8
from tests.trust.processes import assert_told, in_a_process

READS = [
    "select count(*) from runs",
    "SELECT 1;",
    "-- a comment\nselect 1",
    "with x as (select 1 as a) select * from x",
    "from runs limit 1",
    "table sites",
    "values (1), (2)",
    "describe runs",
    "show tables",
    "show all tables",
    "summarize sites",
    "explain select * from runs",
    "/* é */ explain (format json) select 1",
    "explain analyze select count(*) from runs",
    "explain (select 1)",
]
REFUSED = [
    "",
    ";",
    "-- nothing",
    "selec 1",
    "select 1; select 2",
    "select 1; drop table lake.runs",
    "select * from nowhere",
    "pivot runs on status using count(*)",
    "create temp table t as select 1",
    "create temp view v as select 1",
    "create temp macro m(x) as x",
    "create table t (i int)",
    "create schema s",
    "create secret (type s3)",
    "insert into lake.runs select * from lake.runs",
    "with i as (insert into lake.runs select * from lake.runs returning *) select * from i",
    "update lake.runs set status = 'x'",
    "delete from lake.runs",
    "truncate lake.runs",
    "drop view sites",
    "alter table lake.runs add column x int",
    "comment on table lake.runs is 'x'",
    "merge into lake.runs using lake.runs as r on false when matched then delete",
    "copy runs to 'FILE'",
    "copy (select 1) to 'FILE' (format parquet)",
    "export database 'FILE'",
    "import database 'FILE'",
    "attach 'FILE'",
    "detach warehouse",
    "use lake",
    "install json",
    "load json",
    "force install httpfs from community",
    "set threads = 1",
    "set global enable_external_access = true",
    "set lock_configuration = false",
    "set variable v = 1",
    "reset threads",
    "pragma table_info('runs')",
    "pragma enable_profiling",
    "call pragma_version()",
    "prepare p as select 1",
    "execute p",
    "deallocate p",
    "begin",
    "commit",
    "vacuum",
    "analyze",
    "checkpoint",
    "explain create table t (i int)",
    "explain analyze create temp table t as select 1",
    "EXPLAIN (ANALYZE) CREATE TEMP TABLE t AS SELECT 1",
    "/* é */ explain analyze /* select */ create temp table t as select 1",
    "explain analyze copy (select 1) to 'FILE'",
    "explain analyze insert into lake.runs select * from lake.runs",
    "explain analyze set threads = 1",
    "explain\u00a0analyze\u00a0create\u00a0temp\u00a0table\u00a0t\u00a0as select 1",
    "explain analyze create\u00a0temp\u00a0table\u00a0t\u00a0as select 1",
    "explain (format json, analyze) create temp table t as select 1",
    "explain",
    "explain analyze",
    "explain (",
    "from read_csv('SECRET')",
    "select * from 'SECRET'",
    "from 'FILE.csv'",
    "from 'https://example.com/x.parquet'",
    "from read_text('SECRET')",
    "from read_blob('SECRET')",
    "from read_json('SECRET')",
    "from read_parquet('SECRET')",
    "from read_duckdb('SECRET')",
    "from sniff_csv('SECRET')",
    "from glob('/*')",
    "select getenv('HOME')",
    "from query('create table t as select 1')",
    "from enable_logging()",
    "from duckdb_secrets()",
    "select query from query",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("elsewhere")
    (made / "secret.csv").write_text("word\nhidden", encoding="utf-8")
    return made


def state(directory: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("query", READS)
def test_reads(demo: Warehouse, query: str) -> None:
    assert demo.sql(query).fetchall()


@pytest.mark.parametrize("query", REFUSED)
def test_refused(demo: Warehouse, demo_warehouse: Path, folder: Path, query: str) -> None:
    before = state(demo_warehouse), state(folder)
    text = query.replace("FILE", str(folder / "out")).replace("SECRET", str(folder / "secret.csv"))
    # What reads a file only as rows are fetched is refused there.
    with pytest.raises((UsageError, duckdb.PermissionException)):
        demo.sql(text).fetchall()
    assert (state(demo_warehouse), state(folder)) == before
    assert demo.sql("select count(*) from duckdb_tables() where temporary").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("create temp table t as select 1", "CREATE is refused"),
        ("select 1; select 2", "one SQL statement"),
        ("", "one SQL statement"),
        ("selec 1", "SQL is wrong"),
        ("select run_idd from runs", 'Candidate bindings: "run_id"'),
        ("select cast('x' as integer)", "Conversion"),
        ("from sniff_csv('/etc/passwd')", "Permission"),
        ("explain analyze create temp table t as select 1", "CREATE is refused"),
    ],
)
def test_the_command_tells_why(demo_warehouse: Path, query: str, words: str) -> None:
    assert_told(igny8("sql", query, "--warehouse", demo_warehouse), 2, words)


def test_a_variable_of_the_program_is_no_table(demo: Warehouse) -> None:
    import pyarrow as pa

    of_the_program = pa.table({"a": [1]})
    assert of_the_program.num_rows == 1
    with pytest.raises(UsageError):
        demo.sql("select * from of_the_program")


def test_no_setting_of_the_environment_opens_it(demo_warehouse: Path) -> None:
    done = in_a_process("sql", "from '/etc/hostname'", "--warehouse", demo_warehouse, env={"HOME": "/"})
    assert_told(done, 2, "SQL is wrong")


def test_rows_refuse_what_sql_refuses(demo: Warehouse) -> None:
    assert demo.rows("select 1 as one, $two as two", {"two": 2}) == [{"one": 1, "two": 2}]
    with pytest.raises(UsageError, match="CREATE is refused"):
        demo.rows("create temp table t as select 1")
