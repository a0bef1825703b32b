"""A lake of a few rows written down by hand, with the views over it: no source, no load."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import sqlglot

from igny8_analysis import Warehouse, connect
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse.build import load_views

AS_OF = "2026-03-01 12:00:00+00"
LOAD = {"load_number": 1, "load_id": "one", "as_of": AS_OF, "source_kind": "sqlite", "missing": ""}

Row = Mapping[str, Any]
VIEWS = {view.name: view for view in load_views()}


def lake_views(**tables: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """Every view over a lake of these rows; what a row leaves out is NULL. Without `loads` there is one load."""
    connection = _lake(tables)
    for view in VIEWS.values():
        connection.execute(f"create {'table' if view.is_kept else 'view'} {view.name} as {view.sql}")
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
