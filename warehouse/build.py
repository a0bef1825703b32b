"""Lake to warehouse: one new DuckDB file of the lake's tables and every SQL file as a commented view."""

import hashlib
import itertools
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.etl.resources import MACHINE, Resources, Steps
from igny8_analysis.etl.scratch import spill_folder
from igny8_analysis.etl.templates import parquet, quoted
from igny8_analysis.warehouse.syntax import Syntax

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
STEP = "-- A step towards"
KEPT = "-- Kept as a table:"
RENEWED = "-- Renewed:"
IN_PARTS = "-- In parts, by"
RESUME = "use warehouse"
"""A step may have left another database in use."""
RELIEF = "checkpoint warehouse"
"""What was put into tables, or deleted of them, is held in memory until then."""
BETWEEN = "between getvariable('first') and getvariable('last')"
ROWS_A_PART = 60_000
ROWS_OF_SITES = "select site_id, count(*) + 50 as rows from lake.runs group by site_id"
"""Of each site its runs, and its weeks, of which there are rows too."""
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
        """What one row is: the leading comment, up to its marks."""
        lines = itertools.takewhile(
            lambda line: not line.startswith((STEP, KEPT, RENEWED, IN_PARTS)), self._leading_comment
        )
        return " ".join(line.removeprefix("--").strip() for line in lines)

    @property
    def step(self) -> str:
        """What it is a step towards, as a sentence; empty of a view that people would ask."""
        marks = (line.removeprefix("-- ") for line in self._leading_comment if line.startswith(STEP))
        return next(marks, "")

    @property
    def is_kept(self) -> bool:
        """Whether the rows are computed once, at build time, and kept as a table."""
        return any(line.startswith(KEPT) for line in self._leading_comment)

    @property
    def parts_by(self) -> str:
        """The column by which its table is made in parts, so that memory does not grow with the runs; else empty."""
        marks = (line.removeprefix(IN_PARTS) for line in self._leading_comment if line.startswith(IN_PARTS))
        return next(marks, "").partition(":")[0].strip()

    @property
    def scope(self) -> str:
        """What of it a change can change: the "whole", or a key of `PARTS` in `warehouse/renew.py`."""
        return self._renewed[0] if self._renewed else "site" if "site_id" in self.columns else "whole"

    @property
    def is_by_weeks(self) -> bool:
        """Whether it is also renewed for all sites from a week on, as weeks end and the load's instant moves."""
        return "weeks" in self._renewed

    @property
    def told_by(self) -> str:
        """The keys by which it is noted what of it differs, where these are not those of its scope."""
        return self._renewed[-1] if "by" in self._renewed else self.scope

    @property
    def _renewed(self) -> list[str]:
        marks = (line.removeprefix(RENEWED) for line in self._leading_comment if line.startswith(RENEWED))
        return [word.strip(".;:,") for word in next(marks, "").partition(":")[0].split()]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return _parsed(self.sql).columns

    @property
    def order(self) -> str:
        """The columns by which the SQL sorts its rows, as an `order by`; empty where it sorts none."""
        order = ", ".join(f'"{column}"' for column in _parsed(self.sql).order)
        return order and f"order by {order}"

    @property
    def _leading_comment(self) -> list[str]:
        return list(itertools.takewhile(lambda line: line.startswith("--"), self.sql.splitlines()))

    @property
    def references(self) -> frozenset[str]:
        """Names of the views that the SQL reads (lake tables are not among them)."""
        return frozenset(name for name in self.reads if "." not in name)

    @property
    def reads(self) -> frozenset[str]:
        """Names of the views and lake tables (`lake.runs`) that the SQL reads."""
        return _parsed(self.sql).reads


class Parsed(NamedTuple):
    """What is kept of a query's syntax: the tables that it reads, its columns, and those that sort its rows."""

    reads: frozenset[str]
    columns: tuple[str, ...]
    order: tuple[str, ...]


@cache
def _parsed(sql: str) -> Parsed:
    syntax = Syntax(sql)
    return Parsed(frozenset(name for _, name in syntax.tables), syntax.columns, syntax.order)


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
    """A digest of what makes a warehouse of a lake: the files of this folder, the lake's contracts, and the engine."""
    files = [path for path in sorted(ROOT.rglob("*")) if path.suffix in (".sql", ".toml", ".py")]
    total = hashlib.sha256(f"{duckdb.__version__} {LAKE_TABLES}".encode())
    for path in files:
        total.update(f"{path.relative_to(ROOT)}: {path.read_text(encoding='utf-8')}".encode())
    return total.hexdigest()


def build(lake: Path, database: Path, resources: Resources = MACHINE) -> None:
    """Make the new file `database` from the lake's Parquet: tables in schema `lake`, views in schema `main`."""
    with writing(database, resources) as connection:
        steps = Steps(connection, resources, RESUME, RELIEF)
        for name in LAKE_TABLES:
            steps.take(partial(create_lake_table, connection, lake, name))
        for view in load_views():
            if view.is_kept:
                steps.take(partial(make_table, connection, view))
            else:
                connection.execute(f"create view {view.name} as {view.sql}")
        comment_views(connection, load_views())
        hold_once(connection)


def remove(database: Path) -> None:
    """Remove what a build left that did not end."""
    database.unlink(missing_ok=True)


def make_table(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    """Make the table of a view, in parts where the view says so: each by the same SQL over that part of what it reads.

    A filter outside would not do: it does not reach what a query reads more than once.
    """
    # joins look up what their SQL names second; guessed otherwise, one held all origins eight times over
    connection.execute("set disabled_optimizers = 'build_side_probe_side'")
    _make_table(connection, view)
    connection.execute("reset disabled_optimizers")


def _make_table(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    parts = parts_of_sites(connection) if view.parts_by else []
    if len(parts) < 2:
        connection.execute(f"create or replace table {view.name} as {view.sql}")
        return
    connection.execute(f"create or replace table {view.name} as from ({view.sql}) limit 0")
    # what a step left that ran out of memory; one in memory is not replaced
    connection.execute("detach database if exists part; attach ':memory:' as part; create schema part.lake")
    _cut_reads(connection, view, view.parts_by, {read.name: read for read in load_views()}, set())
    for first, last in parts:
        connection.execute(f"set variable first = cast('{first}' as bigint)")
        connection.execute(f"set variable last = cast('{last}' as bigint)")
        connection.execute(f"use part; insert into warehouse.{view.name} {view.sql}")
        connection.execute("use warehouse")
    connection.execute("detach part")


def _cut_reads(
    connection: duckdb.DuckDBPyConnection, view: View, by: str, views: dict[str, View], made: set[str]
) -> None:
    """Make in `part` what a view reads, each cut to the values from `first` to `last` of the column `by`.

    What is of an account is cut to those of the sites.
    """
    for name in sorted(view.reads):
        if name in made:
            continue
        made.add(name)
        read, placed = views.get(name), name if "." in name else f"main.{name}"
        columns = read.columns if read else LAKE_TABLES[name.removeprefix("lake.")].columns
        rows = f"from warehouse.{placed}"
        if by in columns and read and not read.is_kept:
            _cut_reads(connection, read, by, views, made)
            rows = read.sql
        elif by in columns:
            rows += f" where {by} {BETWEEN}"
        elif by == "site_id" and read and read.scope == "account":
            rows += (
                f" where account_id in (select account_key from warehouse.main.sites where site_id {BETWEEN})"
            )
        connection.execute(f"use part; create view {placed} as {rows}")
        connection.execute("use warehouse")


def parts_of_sites(
    connection: duckdb.DuckDBPyConnection, rows_of_sites: str = ROWS_OF_SITES
) -> list[tuple[int, int]]:
    """The first and last site of each part of all of them, of `ROWS_A_PART` rows or so, or of one site."""
    lasts = connection.execute(
        f"""
        select max(site_id)
        from (
            select site_id, floor((sum(rows) over (order by site_id) - rows) / {ROWS_A_PART}) as part
            from ({rows_of_sites})
        )
        group by part
        order by part
        """
    ).fetchall()
    ends = [-(2**63) - 1, *(last for (last,) in lasts[:-1]), 2**63 - 1]
    return [(after + 1, last) for after, last in itertools.pairwise(ends)]


def take_in(lake: Path, views: Path, database: Path) -> None:
    """Make the new file `database` of views that another engine computed: every one a table of its Parquet.

    `views` holds a folder of Parquet files for each view. Columns and types are those of `build`.
    """
    columns = _describe_views()
    with writing(database) as connection:
        for name in LAKE_TABLES:
            create_lake_table(connection, lake, name)
        for view in load_views():
            if view.layer == TEXTS:
                make_table(connection, view)
                continue
            names = columns[view.name]
            types = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in names.items())
            order = ", ".join(name for name in ORDER if name in names)
            if any((views / view.name).rglob("*.parquet")):
                rows = parquet(views / view.name)
                query = f"select {types} from {rows} {order and f'order by {order}'}"
            else:
                nulls = ", ".join(f'cast(null as {type_}) as "{name}"' for name, type_ in names.items())
                query = f"select {nulls} where 1 = 0"
            connection.execute(f"create table {view.name} as {query}")
        comment_views(connection, load_views())
        hold_once(connection)


@contextmanager
def writing(database: Path, resources: Resources = MACHINE) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes into the file, which is whole when it is left: there is no log beside it."""
    with duckdb.connect() as connection, interruptible(connection):
        connection.execute(f"{resources.settings()}; set timezone = 'UTC'")
        spill = spill_folder(f"build-{database.parent.name}")
        connection.execute(f"set temp_directory = '{quoted(spill or '')}'")
        connection.execute(
            f"attach '{quoted(database)}' as warehouse "
            f"(storage_version '{STORAGE_VERSION}', recovery_mode 'no_wal_writes'); use warehouse"
        )
        connection.execute("create schema if not exists lake")
        yield connection
        connection.execute("checkpoint warehouse; use memory; detach warehouse")


@contextmanager
def reading(database: Path, resources: Resources = MACHINE) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads a built file in a load's resources, and spills elsewhere than beside it."""
    with duckdb.connect() as connection, interruptible(connection):
        connection.execute(f"{resources.settings()}; set timezone = 'UTC'")
        spill = spill_folder(f"read-{database.parent.name}")
        connection.execute(f"set temp_directory = '{quoted(spill or '')}'")
        connection.execute(f"attach '{quoted(database)}' as warehouse (read_only); use warehouse")
        yield connection


def totals(database: Path, resources: Resources = MACHINE) -> dict[str, int | Decimal]:
    """What the views hold of each measure that a load reconciles with the source."""
    with reading(database, resources) as connection:
        steps = Steps(connection, resources, RESUME)
        return {
            measure: steps.take(partial(_rows, connection, f"select coalesce(({query}), 0)"))[0][0]
            for measure, query in TOTALS.items()
        }


def create_lake_table(connection: duckdb.DuckDBPyConnection, lake: Path, name: str) -> None:
    """Make a table of the lake of its Parquet, or the one that a view holds a view of it; one that is there goes."""
    kind = "view" if name in HELD_BY_VIEWS else "table"
    rows = parquet(lake / f"{name}.parquet")
    connection.execute(f"create or replace {kind} lake.{name} as from {rows}")
    _describe_lake_table(connection, name, kind)


def hold_once(connection: duckdb.DuckDBPyConnection) -> None:
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
    comments = [_comment(kind, f"lake.{name}", LAKE_TABLES[name].description)]
    for column, c in LAKE_TABLES[name].columns.items():
        comments.append(_comment("column", f'lake.{name}."{column}"', c.description))
    connection.execute("; ".join(comments))


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


def check(database: Path, resources: Resources = MACHINE) -> None:
    """Run every check on the built file. Raises LoadError that names the check, the count and the first row."""
    with reading(database, resources) as connection:
        steps = Steps(connection, resources, RESUME)
        for violation in load_checks():
            query = f"select *, count(*) over () from ({violation.sql}) limit 1"
            rows = steps.take(partial(_rows, connection, query))
            if rows:
                *first, count = rows[0]
                raise LoadError(
                    f"check {violation.name} ({violation.grain}) found {count} rows, first {tuple(first)}; "
                    "nothing was published"
                )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def comment_views(connection: duckdb.DuckDBPyConnection, views: Sequence[View]) -> None:
    """Write what views and their columns mean into the catalogue. Raises LoadError for a column without a meaning."""
    common, own = column_descriptions()
    kinds, columns = dict[str, str](), dict[str, list[str]]()
    for name, column, kind in connection.execute(
        "select c.table_name, c.column_name, if(v.view_name is null, 'table', 'view') from duckdb_columns() as c "
        "left join duckdb_views() as v on v.view_oid = c.table_oid and v.database_name = c.database_name "
        "where c.database_name = 'warehouse' and c.schema_name = 'main' and list_contains(?, c.table_name) "
        "order by c.table_oid, c.column_index",
        [[view.name for view in views]],
    ).fetchall():
        kinds[name] = kind
        columns.setdefault(name, []).append(column)
    comments = []
    for view in views:
        comments.append(_comment(kinds[view.name], view.name, f"{view.grain} {view.step}".strip()))
        for column in columns[view.name]:
            description = own.get(view.name, {}).get(column) or common.get(column)
            if description is None:
                raise LoadError(f"column {view.name}.{column} has no description in warehouse/columns.toml")
            comments.append(_comment("column", f'{view.name}."{column}"', description))
    connection.execute("; ".join(comments))  # one by one they take twice as long


@cache
def column_descriptions() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What columns mean: by their name, and by view and name where a view means something of its own."""
    entries = tomllib.loads((ROOT / "columns.toml").read_text(encoding="utf-8"))
    return entries["columns"], entries["views"]


def _comment(kind: str, name: str, text: str) -> str:
    return f"comment on {kind} {name} is '{quoted(text)}'"
