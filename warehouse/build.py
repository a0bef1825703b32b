"""Lake to warehouse: one new DuckDB file of the lake's tables and every SQL file as a commented view."""

import filecmp
import hashlib
import itertools
import re
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from igny8_analysis.etl.contracts import LAKE_TABLES, RUN_TABLES
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.etl.lake import Version, parquet_files
from igny8_analysis.etl.resources import MACHINE, Resources, half_of_memory
from igny8_analysis.etl.scratch import spill_folder

ROOT = Path(__file__).parent
LAYERS = ("staging", "core", "statistics", "forecast", "spend", "figures", "answers", "payloads")
TEXTS = "payloads"
"""The layer of answers as texts: of the other views, made by DuckDB whichever engine computed those."""
STORAGE_VERSION = "v1.4.0"
TOTALS = {
    "accounts": "select count(*) from lake.accounts",
    "sites": "select count(*) from sites join lake.sites as s using (site_id) where s.has_source_row",
    "runs": "select count(*) from runs",
    "run_stages": "select count(*) from run_stages",
    "credits": "select sum(total_credits_used) from run_statistics",
    "items": "select sum(items) from pipeline_items join current_load using (load_number)",
    "sites_with_settings": "select count(*) from lake.automation_schedules",
    "calls": "select sum(calls) from lake.credit_usage",
    "ledger_credits": "select sum(credits) from lake.credit_usage",
    "transactions": "select sum(transactions) from lake.credit_transactions",
    "transaction_amount": "select sum(amount) from lake.credit_transactions",
}
ORDER = ("site_id", "started_at", "id", "stage_number")
KEPT = "-- Kept as a table:"
HELD_BY_VIEWS = ("run_stages",)
"""Lake tables whose every column is in the view of their name: in the file they are views on that."""


@dataclass(frozen=True)
class View:
    """A SQL file of the warehouse: one view (or, where it says so, a table), named like the file."""

    name: str
    layer: str
    sql: str

    @property
    def grain(self) -> str:
        """What one row is: the leading comment, up to the reason for keeping a table."""
        lines = itertools.takewhile(lambda line: not line.startswith(KEPT), self._leading_comment)
        return " ".join(line.removeprefix("--").strip() for line in lines)

    @property
    def is_kept(self) -> bool:
        """Whether the rows are computed once, at build time, and kept as a table."""
        return any(line.startswith(KEPT) for line in self._leading_comment)

    @property
    def _leading_comment(self) -> list[str]:
        return list(itertools.takewhile(lambda line: line.startswith("--"), self.sql.splitlines()))

    @property
    def references(self) -> frozenset[str]:
        """Names of the views that the SQL reads (lake tables are not among them)."""
        return frozenset(name for name in _reads(self.sql) if "." not in name)

    @property
    def reads(self) -> frozenset[str]:
        """Names of the views and lake tables (`lake.runs`) that the SQL reads."""
        return _reads(self.sql)


@cache
def _reads(sql: str) -> frozenset[str]:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = (f"{table.db}.{table.name}" if table.db else table.name for table in tree.find_all(exp.Table))
    return frozenset(tables) - ctes


def load_views() -> list[View]:
    """Every view of the warehouse, each after those it reads. Raises LoadError on a cycle or an unknown name."""
    views = {
        path.stem: View(path.stem, layer, path.read_text(encoding="utf-8"))
        for layer in LAYERS
        for path in sorted((ROOT / layer).glob("*.sql"))
    }
    for view in views.values():
        if unknown := view.references - views.keys():
            raise LoadError(
                f"warehouse/{view.layer}/{view.name}.sql reads {sorted(unknown)}, which do not exist"
            )
    try:
        order = TopologicalSorter({name: sorted(view.references) for name, view in views.items()})
        return [views[name] for name in order.static_order()]
    except CycleError as error:
        raise LoadError(f"warehouse views read each other in a circle: {' → '.join(error.args[1])}") from None


def load_checks() -> list[View]:
    """The checks of `warehouse/checks/`: each a query whose rows are violations."""
    return [
        View(path.stem, "checks", path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "checks").glob("*.sql"))
    ]


def definition() -> str:
    """A digest of what makes a warehouse of a lake: the SQL of every view, and the engine."""
    texts = [duckdb.__version__, *(f"{view.name}: {view.sql}" for view in load_views())]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def build(
    lake: Path, database: Path, previous: Version | None = None, resources: Resources = MACHINE
) -> None:
    """Make the new file `database` from the lake's Parquet: tables in schema `lake`, views in schema `main`.

    `previous` is a version that the same `definition` made: where its runs are these, its file is copied, and what
    reads nothing but what did not change stays. Where it is damaged, all is built anew.

    What needs more memory than it may use is built again with twice as much, up to half of the machine's.
    """
    unchanged = _unchanged_lake_tables(lake, previous) if previous else set()
    while True:
        try:
            if previous and unchanged.issuperset(f"lake.{name}" for name in RUN_TABLES):
                return _renew(lake, database, resources, previous, unchanged)
            return _build(lake, database, resources)
        except duckdb.OutOfMemoryException:
            resources = replace(resources, megabytes=2 * resources.memory)
            if resources.memory > half_of_memory():
                raise
        except duckdb.Error as error:  # what a damaged file gives has no class of its own
            if previous is None or isinstance(error, duckdb.InterruptException):
                raise
            previous = None
        database.unlink(missing_ok=True)
        database.with_name(f"{database.name}.wal").unlink(missing_ok=True)


def _build(lake: Path, database: Path, resources: Resources) -> None:
    with _writing(database, resources) as connection:
        for name in LAKE_TABLES:
            _create_lake_table(connection, lake, name)
        for view in load_views():
            kind = "table" if view.is_kept else "view"
            connection.execute(f"create {kind} {view.name} as {view.sql}")
            _comment_view(connection, view, kind)
        _hold_once(connection)


def _renew(lake: Path, database: Path, resources: Resources, previous: Version, unchanged: set[str]) -> None:
    """Copy the previous version's file and make anew in it what reads a table that is not `unchanged`."""
    shutil.copyfile(previous.database, database)
    unchanged = set(unchanged)
    with _writing(database, resources) as connection:
        connection.execute(f"attach '{_quoted(previous.database)}' as previous (read_only)")
        for name in LAKE_TABLES:
            if f"lake.{name}" not in unchanged:
                _create_lake_table(connection, lake, name)
        for view in load_views():
            if view.reads <= unchanged:
                unchanged.add(view.name)
            elif view.is_kept:
                if view.name in HELD_BY_VIEWS:
                    _create_lake_table(connection, lake, view.name)
                connection.execute(f"create or replace table {view.name} as {view.sql}")
                _comment_view(connection, view, "table")
                if _is_as_before(connection, view.name):
                    unchanged.add(view.name)
        _hold_once(connection)


def _unchanged_lake_tables(lake: Path, previous: Version) -> set[str]:
    """The lake's tables whose files are the previous version's, byte for byte."""
    return {
        f"lake.{name}"
        for name in LAKE_TABLES
        if all((folder / f"{name}.parquet").is_file() for folder in (lake, previous.lake))
        and filecmp.cmp(lake / f"{name}.parquet", previous.lake / f"{name}.parquet", shallow=False)
    }


def _is_as_before(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the table holds the rows of the previous file's, by their number and two sums of their hashes."""
    rows = "select (count(*), bit_xor(hash(t)), sum(cast(hash(t) as hugeint))) from {} as t"
    ((is_equal,),) = connection.execute(
        f"select ({rows.format(table)}) = ({rows.format(f'previous.{table}')})"
    ).fetchall()
    return bool(is_equal)


def take_in(lake: Path, views: Path, database: Path) -> None:
    """Make the new file `database` of views that another engine computed: every one a table of its Parquet.

    `views` holds a folder of Parquet files for each view. Columns and types are those of `build`.
    """
    columns = _describe_views()
    with _writing(database) as connection:
        for name in LAKE_TABLES:
            _create_lake_table(connection, lake, name)
        for view in load_views():
            if view.layer == TEXTS:
                connection.execute(f"create table {view.name} as {view.sql}")
                _comment_view(connection, view, "table")
                continue
            names = columns[view.name]
            types = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in names.items())
            order = ", ".join(name for name in ORDER if name in names)
            if any((views / view.name).rglob("*.parquet")):
                files = (
                    f"read_parquet('{_quoted(views / view.name)}/**/*.parquet', hive_partitioning = false)"
                )
                query = f"select {types} from {files} {order and f'order by {order}'}"
            else:
                nulls = ", ".join(f'cast(null as {type_}) as "{name}"' for name, type_ in names.items())
                query = f"select {nulls} where 1 = 0"
            connection.execute(f"create table {view.name} as {query}")
            _comment_view(connection, view, "table")
        _hold_once(connection)


@contextmanager
def _writing(database: Path, resources: Resources = MACHINE) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes into the file, all in one transaction."""
    with duckdb.connect() as connection, interruptible(connection):
        connection.execute(f"{resources.settings()}; set timezone = 'UTC'")
        spill = spill_folder(f"build-{database.parent.name}")
        connection.execute(f"set temp_directory = '{_quoted(spill or '')}'")
        connection.execute(
            f"attach '{_quoted(database)}' as warehouse (storage_version '{STORAGE_VERSION}'); use warehouse"
        )
        connection.execute("begin; create schema if not exists lake")
        yield connection
        connection.execute("commit; use memory; detach warehouse")


def totals(database: Path) -> dict[str, int | Decimal]:
    """What the views hold of each measure that a load reconciles with the source."""
    with duckdb.connect(database, read_only=True) as connection, interruptible(connection):
        return {
            measure: connection.execute(f"select coalesce(({query}), 0)").fetchall()[0][0]
            for measure, query in TOTALS.items()
        }


def _create_lake_table(connection: duckdb.DuckDBPyConnection, lake: Path, name: str) -> None:
    files = _quoted(parquet_files(lake, name))
    kind = "view" if name in HELD_BY_VIEWS else "table"
    connection.execute(f"create or replace {kind} lake.{name} as from read_parquet('{files}')")
    _describe_lake_table(connection, name, kind)


def _hold_once(connection: duckdb.DuckDBPyConnection) -> None:
    """Make views of the lake's tables that views hold. Raises LoadError where one of those lost rows."""
    for name in HELD_BY_VIEWS:
        ((in_lake, in_view),) = connection.execute(
            f"select (select count(*) from lake.{name}), (select count(*) from {name})"
        ).fetchall()
        if in_lake != in_view:
            raise LoadError(
                f"lake.{name} holds {in_lake} rows, the view {name} {in_view}; nothing was published"
            )
        columns = ", ".join(LAKE_TABLES[name].columns)
        connection.execute(f"create or replace view lake.{name} as select {columns} from main.{name}")
        _describe_lake_table(connection, name, "view")


def _describe_lake_table(connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    _comment(connection, kind, f"lake.{name}", LAKE_TABLES[name].description)
    for column, c in LAKE_TABLES[name].columns.items():
        _comment(connection, "column", f'lake.{name}."{column}"', c.description)


def _describe_views() -> dict[str, dict[str, str]]:
    """The columns of every view and their types, as DuckDB has them over an empty lake."""
    with duckdb.connect() as connection, interruptible(connection):
        connection.execute("create schema lake")
        for name, table in LAKE_TABLES.items():
            columns = ", ".join(f"{column} {c.type}" for column, c in table.columns.items())
            connection.execute(f"create table lake.{name} ({columns})")
        described = {}
        for view in load_views():
            connection.execute(f"create table {view.name} as {view.sql}")
            rows = connection.execute(f"describe {view.name}").fetchall()
            described[view.name] = {name: type_ for name, type_, *_ in rows}
        return described


def check(database: Path) -> None:
    """Run every check on the built file. Raises LoadError that names the check, the count and the first row."""
    with duckdb.connect(database, read_only=True) as connection, interruptible(connection):
        connection.execute(f"{MACHINE.settings()}; set timezone = 'UTC'")
        for violation in load_checks():
            rows = connection.execute(f"select *, count(*) over () from ({violation.sql}) limit 1").fetchall()
            if rows:
                *first, count = rows[0]
                raise LoadError(
                    f"check {violation.name} ({violation.grain}) found {count} rows, first {tuple(first)}; "
                    "nothing was published"
                )


def _comment_view(connection: duckdb.DuckDBPyConnection, view: View, kind: str) -> None:
    _comment(connection, kind, view.name, view.grain)
    common, own = column_descriptions()
    columns = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name = 'main' and table_name = ?",
        [view.name],
    ).fetchall()
    for (column,) in columns:
        description = own.get(view.name, {}).get(column) or common.get(column)
        if description is None:
            raise LoadError(f"column {view.name}.{column} has no description in warehouse/columns.toml")
        _comment(connection, "column", f'{view.name}."{column}"', description)


@cache
def column_descriptions() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What columns mean: by their name, and by view and name where a view means something of its own."""
    entries = tomllib.loads((ROOT / "columns.toml").read_text(encoding="utf-8"))
    return entries["columns"], entries["views"]


def _comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, text: str) -> None:
    connection.execute(f"comment on {kind} {name} is '{_quoted(text)}'")


def _quoted(text: Path | str) -> str:
    return re.sub("'", "''", str(text))
