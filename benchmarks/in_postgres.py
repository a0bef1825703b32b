"""The warehouse's views in PostgreSQL: sqlglot's dialect, over the same lake, with the indexes they want."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import sqlglot
from adbc_driver_postgresql import dbapi

from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.warehouse.build import View

# What sqlglot does not translate, as PostgreSQL says it.
EPOCH_US = """
create function epoch_us(at timestamptz) returns bigint language sql immutable parallel safe
return cast(date_part('epoch', at) * 1e6 as bigint)
"""
INDEXES = {
    "lake.runs": ("site_id, id", "site_id, started_at"),
    "lake.run_stages": ("site_id, id",),
    "lake.pipeline_items": ("site_id, entity",),
    "lake.sites": ("site_id",),
    "lake.accounts": ("account_id",),
    "runs": ("site_id, id", "site_id, started_at", "site_id, completed_at, id"),
    "run_stages": ("site_id, id, stage_number",),
    "run_state": ("site_id, completion_number",),
    "stage_state": ("site_id, stage_number, completion_number",),
}
SETTINGS = {
    "work_mem": "256MB",
    "max_parallel_workers_per_gather": "2",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
}


def translate(sql: str) -> str:
    """The SQL in PostgreSQL's dialect."""
    return sqlglot.transpile(sql, read="duckdb", write="postgres", comments=False)[0]


def database(server: str, lake: Path, views: list[View]) -> str:
    """URL of a new database of the lake's tables and the views; kept tables are tables, indexed and analyzed."""
    name = lake.name.replace("-", "_")
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with cursor(server) as opened:
        opened.execute(f"drop database if exists {name}")
        opened.execute(f"create database {name} template template0 locale 'C'")
        for setting, value in SETTINGS.items():
            opened.execute(f"alter database {name} set {setting} = '{value}'")
    with cursor(url) as opened:
        opened.execute("create schema lake")
        opened.execute(EPOCH_US)
        for table in LAKE_TABLES:
            rows = pq.read_table(lake / f"{table}.parquet")
            opened.adbc_ingest(table, rows, mode="create", db_schema_name="lake")
            _index(opened, f"lake.{table}")
        for view in views:
            kind = "table" if view.is_kept else "view"
            opened.execute(f"create {kind} {view.name} as {translate(view.sql)}")
            if view.is_kept:
                _index(opened, view.name)
    return url


@contextmanager
def cursor(url: str) -> Iterator[dbapi.Cursor]:
    """A cursor whose statements are each a transaction."""
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as opened:
        yield opened


def _index(cursor: dbapi.Cursor, table: str) -> None:
    for columns in INDEXES.get(table, ()):
        cursor.execute(f"create index on {table} ({columns})")
    cursor.execute(f"vacuum analyze {table}")
