"""The views over all sites: against reading their columns, against PostgreSQL, and the backtest's methods."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import sqlglot
from polars.testing import assert_frame_equal
from sqlglot import exp

from benchmarks import in_postgres, sources
from benchmarks.measure import ROUNDS, Result, compare, interleave
from igny8_analysis.warehouse.build import View, load_views

Cursor = Any  # of DuckDB or of ADBC
NUMBER = re.compile("DECIMAL|DOUBLE|.*INT")
LARGE = 1_000_000
LIMITS = {
    "runs": 25,
    "stage_comparison": 25,
    "run_insights": 60,
    **dict.fromkeys(("run_statistics", "site_history", "stage_history", "prediction_stages"), 16),
    **dict.fromkeys(("prediction_totals", "attention_items", "run_summary"), 16),
    **dict.fromkeys(("run_efficiency", "run_baseline"), 16),
}
POSTGRES_RUNS = 100_000
POSTGRES_VIEWS = {
    "run numbers": "runs",
    "stage history": "stage_history",
    "predictions of the stages": "prediction_stages",
    "predictions in all": "prediction_totals",
    "run statistics": "run_statistics",
}
BACKTEST_RUNS = 100_000
ORIGINAL = """
select site_id, id, forecast_credits, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90
from forecast_backtest where method = 'original' order by site_id, id
"""
ORIGINAL_ALONE = Path(__file__).parent.parent / "original_alone"


def all_sites() -> list[Result]:
    """Each statistics view over all sites, run numbers computed anew, against `max()` of every column read."""
    views = {view.name: view for view in load_views()}
    with sources.connect(LARGE) as connection:
        return [
            compare(
                f"all sites: {name}",
                "max() of the columns it reads",
                limit,
                interleave(
                    ROUNDS,
                    partial(_run, connection, _whole(connection, views[name])),
                    partial(_run, connection, *_columns_read(connection, views, name)),
                ),
            )
            for name, limit in LIMITS.items()
        ]


def postgres() -> list[Result]:
    """Views over all sites against the same in PostgreSQL: equal first, then in time."""
    views = {view.name: view for view in sources.needed(*POSTGRES_VIEWS.values())}
    results = []
    with sources.postgres() as server, sources.connect(POSTGRES_RUNS) as connection:
        url = in_postgres.database(server, sources.lake(POSTGRES_RUNS), list(views.values()))
        with in_postgres.cursor(url) as cursor:
            for what, name in POSTGRES_VIEWS.items():
                _check_equal(connection, cursor, views[name])
                query = _whole(connection, views[name])
                timings = interleave(
                    ROUNDS,
                    partial(_run, connection, query),
                    partial(_run, cursor, in_postgres.translate(query)),
                )
                results.append(compare(f"all sites: {what}", "in PostgreSQL", 5, timings, faster=True))
    return results


def backtest() -> list[Result]:
    """The backtest of every origin of all sites by every method against `original` alone: equal first, then in time."""
    views, alone = (
        [view for view in sources.needed("forecast_backtest", instead=instead) if view.layer == "forecast"]
        for instead in (
            {},
            {path.stem: path.read_text(encoding="utf-8") for path in ORIGINAL_ALONE.glob("*.sql")},
        )
    )
    with sources.connect(BACKTEST_RUNS, read_only=False) as connection:
        assert_frame_equal(*(_compute(connection, each, ORIGINAL) for each in (views, alone)), rel_tol=1e-9)
        timings = interleave(
            ROUNDS, partial(_compute, connection, views), partial(_compute, connection, alone)
        )
    return [compare("backtest of all origins, four methods", "the original method alone", 6, timings)]


def _run(cursor: Cursor, *queries: str) -> None:
    for query in queries:
        cursor.execute(query)
        cursor.fetchall()


def _compute(
    connection: duckdb.DuckDBPyConnection, views: list[View], query: str = "select 1"
) -> pl.DataFrame:
    """Create the views and fill those that are kept, ask the query, then let go of them."""
    connection.execute("begin")
    for view in views:
        connection.execute(f"create {'table' if view.is_kept else 'view'} {view.name} as {view.sql}")
    answer = pl.DataFrame(connection.sql(query))
    connection.execute("rollback")
    return answer


def _whole(connection: duckdb.DuckDBPyConnection, view: View) -> str:
    """A query that needs every value of the view; of a kept one, of its SQL anew."""
    rows = f"({view.sql}) as computed" if view.is_kept else view.name
    return f"select {_largest(_columns(connection, view.name))} from {rows}"


def _largest(columns: dict[str, str]) -> str:
    """The largest value of each column, in words that PostgreSQL knows too."""
    return ", ".join(
        f"{'bool_or' if type_ == 'BOOLEAN' else 'max'}({name})" for name, type_ in columns.items()
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Names and types of the columns."""
    rows = connection.execute(f"select column_name, column_type from (describe {table})").fetchall()
    return dict(rows)


def _columns_read(connection: duckdb.DuckDBPyConnection, views: dict[str, View], name: str) -> list[str]:
    """A `max()` of each column that the view reads of each table behind it: one query a table."""
    read: dict[str, set[str]] = {}
    waiting, seen = [name], set[str]()
    while waiting:
        sql = views[waiting.pop()].sql
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        words = {column.name for column in tree.find_all(exp.Column)}
        for table in tree.find_all(exp.Table):
            if table.db == "lake" or (table.name in views and views[table.name].is_kept):
                read.setdefault(f"{table.db or 'main'}.{table.name}", set()).update(words)
            elif table.name in views and table.name not in seen:
                seen.add(table.name)
                waiting.append(table.name)
    return [
        f"select {_largest({c: t for c, t in _columns(connection, table).items() if c in words})} from {table}"
        for table, words in read.items()
    ]


def _check_equal(connection: duckdb.DuckDBPyConnection, cursor: Cursor, view: View) -> None:
    """Raise unless DuckDB and PostgreSQL give the same rows: numbers as doubles to a millionth of a millionth."""
    columns = _columns(connection, view.name)
    told = ", ".join(
        f"cast({name} as double) as {name}" if NUMBER.match(type_) else name
        for name, type_ in columns.items()
    )
    keys = [name for name in ("site_id", "id", "stage_number") if name in columns]
    query = f"select {told} from {view.name} order by {', '.join(keys)}"
    cursor.execute(in_postgres.translate(query))
    assert_frame_equal(
        pl.DataFrame(connection.sql(query)),
        pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table())),
        check_dtypes=False,
        rel_tol=1e-12,
    )
