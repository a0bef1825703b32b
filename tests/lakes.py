"""Lakes without all of a load: of a few rows written down by hand, or of a source and without its warehouse."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import sqlglot

from igny8_analysis import Warehouse, connect
from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.extract import Extracted, Load, extract
from igny8_analysis.etl.loading import loading
from igny8_analysis.etl.resources import MACHINE, Resources
from igny8_analysis.etl.source_map import SourceMap
from igny8_analysis.etl.sources import open_source
from igny8_analysis.load import Progress, _describe_tables
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse.build import load_views
from tests import cases

AS_OF = "2026-03-01 12:00:00+00"
LOAD = {"load_number": 1, "load_id": "one", "as_of": AS_OF, "source_kind": "sqlite", "missing": ""}

Row = Mapping[str, Any]
VIEWS = {view.name: view for view in load_views()}


def grow(
    url: str,
    root: Path,
    as_of: datetime,
    is_full: bool = False,
    keep: int = 2,
    progress: Progress = lambda step: None,
    names: SourceMap | None = None,
    resources: Resources = MACHINE,
) -> Extracted:
    """A load without its warehouse, which is most of its time; what it leaves is for `in_lake`."""
    with loading(root) as this, open_source(url) as source:
        this.sweep()
        version = this.begin(as_of)
        this_load = Load(version.number, version.id, as_of)
        found = extract(source, this_load, version.lake, this.previous, progress, names, resources, is_full)
        this.publish(
            {
                "version": version.id,
                "load_number": version.number,
                "as_of": as_of.isoformat(),
                "source": {
                    "kind": source.kind,
                    "missing": found.catalogue.missing,
                    "changes": found.changes,
                    **found.catalogue.describe(),
                },
                "reconciliation": {"runs": {}},
                "tables": _describe_tables(version),
                "database_bytes": 0,
                "duration_seconds": 0,
                "runs_digest": found.runs_digest,
                "runs_read": {"rows": found.runs_read.rows, "why_all": found.runs_read.why_all},
                "as_read": found.as_read,
            }
        )
        this.prune(keep)
    return found


def in_lake(root: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query of `lake.…` gives of the current version's files, or one of views, which are made of them for it."""
    with views_over(root, *(VIEWS.keys() & set(re.findall(r"(?<!\.)\b\w+", query)))) as connection:
        return connection.execute(query).fetchall()


@contextmanager
def views_of(source: Path, *names: str, as_of: datetime = cases.AS_OF) -> Iterator[duckdb.DuckDBPyConnection]:
    """These views, and what they read, of what a SQLite source holds: a load without all the others."""
    grow(f"sqlite:///{source}", source.with_suffix(""), as_of)
    with views_over(source.with_suffix(""), *names) as connection:
        yield connection


@contextmanager
def views_over(root: Path, *names: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """These views, and what they read, over the current version's lake."""
    folder = lake.find_version(root).lake
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; create schema lake")
        for name in LAKE_TABLES:
            connection.execute(f"create view lake.{name} as from read_parquet('{folder}/{name}.parquet')")
        _create(connection, _read_by(set(names)))
        yield connection


def _read_by(names: Set[str]) -> Set[str]:
    """These views and all that they read."""
    below = {name for view in names for name in VIEWS[view].references}
    return names if below <= names else _read_by(names | below)


def _create(connection: duckdb.DuckDBPyConnection, names: Set[str]) -> None:
    for view in VIEWS.values():
        if view.name in names:
            connection.execute(f"create {'table' if view.is_kept else 'view'} {view.name} as {view.sql}")


def lake_views(**tables: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """Every view over a lake of these rows; what a row leaves out is NULL. Without `loads` there is one load."""
    connection = _lake(tables)
    _create(connection, VIEWS.keys())
    return connection


def computed(name: str, cte: str | None = None, **tables: Sequence[Row]) -> list[dict[str, Any]]:
    """One view's rows, or those of one of its CTEs, over these tables alone, with the thresholds as they are."""
    sql = VIEWS[name].sql
    if cte:
        step = sqlglot.select("*").from_(cte)
        step.set("with_", sqlglot.parse_one(sql, dialect="duckdb").args["with_"])
        sql = step.sql(dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        for table in VIEWS[name].references:
            if table in tables:
                connection.register(table, pl.DataFrame(tables[table], infer_schema_length=None))
            else:
                connection.execute(f"create view {table} as {VIEWS[table].sql}")
        return list(connection.sql(sql).pl().iter_rows(named=True))


def lake_warehouse(folder: Path, **tables: Sequence[Row]) -> Warehouse:
    """A warehouse in `folder / "data"` over a lake of these rows, open."""
    write_lake(folder / "lake", **tables)
    rebuild(str(folder / "lake"), folder / "data")
    return connect(folder / "data")


def write_lake(folder: Path, **tables: Sequence[Row]) -> None:
    """A lake of these rows as Parquet files."""
    folder.mkdir()
    connection = _lake(tables)
    for name, table in LAKE_TABLES.items():
        order = ", ".join(table.sort_columns)
        connection.execute(
            f"copy (from lake.{name} order by {order}) to '{folder / name}.parquet' (format parquet)"
        )


def _lake(tables: Mapping[str, Sequence[Row]]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; set threads = 1; create schema lake")
    rows: dict[str, Sequence[Row]] = {"loads": [LOAD], **tables}
    for name, table in LAKE_TABLES.items():
        columns = ", ".join(f"{column} {c.type}" for column, c in table.columns.items())
        connection.execute(f"create table lake.{name} ({columns})")
        for row in rows.get(name, ()):
            places = ", ".join("?" for _ in row)
            connection.execute(
                f"insert into lake.{name} ({', '.join(row)}) values ({places})", list(row.values())
            )
    return connection


def lake_site(site_id: int, account_id: int | None = 1, **columns: Any) -> Row:
    return {
        "site_id": site_id,
        "account_id": account_id,
        "name": f"Site {site_id}",
        "domain": f"site-{site_id}.example",
        "is_active": True,
        "has_source_row": True,
    } | columns


def lake_run(site_id: int, id: int, started: str, credits: float, **columns: Any) -> Row:
    """A completed run of an hour, without stages."""
    return {
        "site_id": site_id,
        "id": id,
        "run_id": f"run_{id}",
        "status": "completed",
        "started_at": started,
        "total_credits_used": credits,
    } | columns
