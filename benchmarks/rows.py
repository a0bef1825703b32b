"""The rows: each a function of its own that returns its results."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from adbc_driver_postgresql import dbapi
from sqlglot import exp

from benchmarks import sources
from benchmarks.measure import Result, Timing, compare, interleave, peak_megabytes
from benchmarks.sources import to_postgres
from etl.contracts import LAKE_TABLES
from etl.lake import Version, write_manifest
from igny8_analysis.connection import Warehouse
from warehouse.build import MEMORY_LIMIT_MB, load_views

ROUNDS = 5
LARGE, MIDDLE, SMALL = 1_000_000, 100_000, 10_000
LOADED = 200_000
LOAD = "from pathlib import Path; from igny8_analysis.load import load; load({url!r}, Path({folder!r}))"
# No other layer reads the last one, the forecasts.
CORE_LOAD = f"from warehouse import build; build.LAYERS = build.LAYERS[:-1]; {LOAD}"
VIEWS = (
    *("run_statistics", "site_history", "stage_history", "prediction_stages", "prediction_totals"),
    *("attention_items", "run_summary", "run_efficiency", "run_baseline"),
)
LIMITS = dict.fromkeys(VIEWS, 16.0) | {"stage_comparison": 25.0, "run_insights": 60.0}
OVERVIEW_VIEWS = (
    *("sites", "run_statistics", "prediction_stages", "prediction_totals", "attention_items"),
    *("unrecognised_statuses", "site_history", "stage_history"),
)


def load() -> list[Result]:
    """A full load from PostgreSQL, without the forecasts' tables, against psql's copy of the runs."""
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = sources.source(server, LOADED)
        loaded, copied = interleave(ROUNDS, lambda: _load_anew(url, folder, CORE_LOAD), lambda: _copy(url))
    return [compare("full load of 200,000 runs", "psql copy binary of the runs", 5, loaded, copied)]


def load_with_forecasts() -> list[Result]:
    """A full load from PostgreSQL against psql's copy of the runs; an unchanged source loaded again."""
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = sources.source(server, LOADED)
        loaded, again, copied = interleave(
            ROUNDS,
            lambda: _load_anew(url, folder),
            lambda: _load(url, folder),
            lambda: _copy(url),
            warm=False,
        )
    return [
        compare("full load with forecasts", "psql copy binary of the runs", 10, loaded, copied),
        compare("an unchanged source loaded again", "the first load", 0.6, again, loaded),
    ]


def memory() -> list[Result]:
    """The peak memory of a load of 800,000 runs against one of 200,000."""
    peaks = []
    with sources.postgres() as server:
        for runs in (200_000, 800_000):
            url = sources.source(server, runs)
            with tempfile.TemporaryDirectory() as folder:
                peaks.append(peak_megabytes(LOAD.format(url=url, folder=folder)))
    told = [f"{peak:,.0f} MB" for peak in peaks]
    return [
        Result("memory of a load of 800,000 runs", "of 200,000", peaks[1] / peaks[0], 1.3, told[1], told[0]),
        Result("memory of a load of 800,000 runs", "700 MB", peaks[1] / 700, 1, told[1], "700 MB"),
    ]


def one_site() -> list[Result]:
    """A median site's payloads in a large warehouse against a small one."""
    results = []
    with _warehouse(LARGE) as large, _warehouse(SMALL) as small:
        sites = [_site_of(warehouse, 37) for warehouse in (large, small)]
        runs = [_a_run(w, site) for w, site in zip((large, small), sites, strict=True)]
        calls: dict[str, Callable[[Warehouse, int, str], object]] = {
            "overview_stats": lambda warehouse, site, run: warehouse.overview_stats(site),
            "run_detail": lambda warehouse, site, run: warehouse.run_detail(site, run),
            "history": lambda warehouse, site, run: warehouse.history(site),
        }
        for name, call in calls.items():
            in_large, in_small = interleave(
                4 * ROUNDS,
                partial(call, large, sites[0], runs[0]),
                partial(call, small, sites[1], runs[1]),
            )
            results.append(
                compare(f"one site: {name} at 1,000,000 runs", "at 10,000 runs", 1.3, in_large, in_small)
            )
    return results


def biggest_site() -> list[Result]:
    """`run_detail` of the biggest site against a median one."""
    with _warehouse(LARGE) as warehouse:
        big, median = _site_of(warehouse, 10**9), _site_of(warehouse, 37)
        runs = _a_run(warehouse, big), _a_run(warehouse, median)
        work, other = interleave(
            4 * ROUNDS,
            lambda: warehouse.run_detail(big, runs[0]),
            lambda: warehouse.run_detail(median, runs[1]),
        )
    return [compare("run_detail of the biggest site", "of a median site", 10, work, other)]


def python() -> list[Result]:
    """`overview_stats` against bare queries of its views."""
    with _warehouse(LARGE) as warehouse:
        site = _site_of(warehouse, 37)

        def bare() -> None:
            cursor = warehouse._connection.cursor()
            for view in OVERVIEW_VIEWS:
                cursor.execute(f"select * from {view} where site_id = ?", [site]).fetchall()

        work, other = interleave(4 * ROUNDS, lambda: warehouse.overview_stats(site), bare)
    return [compare("one site: overview_stats", "its views in bare queries", 1.3, work, other)]


def all_sites() -> list[Result]:
    """Each statistics view over all sites against `max()` of every column that it reads."""
    results = []
    with _warehouse(LARGE) as warehouse:
        for view, limit in LIMITS.items():
            work, other = _passes(warehouse, f"select {{}} from {view}", view)
            results.append(compare(f"all sites: {view}", "max() of its columns", limit, work, other))
    return results


def imports() -> list[Result]:
    """Starting Python with the package, and the command's help."""

    # As installed: compiled once, whatever the environment says.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(*command: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    package, libraries, shown, nothing = interleave(
        3 * ROUNDS,
        run(sys.executable, "-c", "import igny8_analysis"),
        run(sys.executable, "-c", "import duckdb, polars"),
        run(Path(sys.executable).with_name("igny8"), "--help"),
        run(sys.executable, "-c", "pass"),
    )
    return [
        compare("import igny8_analysis", "import duckdb, polars", 1.3, package, libraries),
        compare("igny8 --help", "python -c pass", 6, shown, nothing),
    ]


def reports() -> list[Result]:
    """Run reports by the warm engine against papermill and nbconvert on the command line; a report's size."""
    binaries = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"IGNY8_WAREHOUSE": folder}
        igny8 = [sys.executable, "-m", "igny8_analysis"]
        subprocess.run([*igny8, "demo"], check=True, env=environment, stdout=subprocess.DEVNULL)
        listed = (
            "select r.site_id, r.run_id from runs as r where site_id = 1 order by started_at desc limit 50"
        )
        out = subprocess.run(
            [*igny8, "sql", listed, "--format", "json"], env=environment, capture_output=True, check=True
        )
        runs = json.loads(out.stdout)
        ours = [*igny8, "report", "site", str(runs[0]["site_id"]), "--jobs", "2", "--quiet"]

        def by_hand() -> None:
            notebook, made = "notebooks/run_detail.ipynb", f"{folder}/by_hand.ipynb"
            parameters = [*("-p", "site", str(runs[0]["site_id"])), *("-p", "run_id", runs[0]["run_id"])]
            command = [binaries / "papermill", notebook, made, *parameters, "--log-level", "ERROR"]
            subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
            subprocess.run(
                [binaries / "jupyter", "nbconvert", "--to", "html", made],
                check=True,
                env=environment,
                stderr=subprocess.DEVNULL,
            )

        work, other = interleave(ROUNDS, lambda: subprocess.run(ours, check=True, env=environment), by_hand)
        pages = sorted(Path(folder).glob("reports/**/*.html"), key=lambda page: page.stat().st_size)
        sizes = [page.stat().st_size for page in pages if "run_" in page.name]
    per_report = Timing([w / len(sizes) for w in work.wall], [c / len(sizes) for c in work.cpu])
    size = max(sizes)
    return [
        compare(
            f"a run report of {len(sizes)}, --jobs 2",
            "papermill + nbconvert",
            20,
            per_report,
            other,
            faster=True,
        ),
        Result(
            "the largest run report", "130,000 bytes", size / 130_000, 1, f"{size:,} bytes", "130,000 bytes"
        ),
    ]


def in_postgres() -> list[Result]:
    """Views over all sites, in the warehouse and in a PostgreSQL with the same tables, indexed."""
    results = []
    views = {view.name: view for view in load_views()}
    with sources.postgres() as server:
        url = sources.views_in_postgres(server, MIDDLE)
        with _warehouse(MIDDLE) as warehouse, dbapi.connect(url) as connection, connection.cursor() as slow:
            slow.execute("set work_mem = '256MB'; set jit = off")
            fast = warehouse._connection.cursor()
            for what, view in (
                ("run numbers", "runs"),
                ("stage history", "stage_history"),
                ("predictions", "prediction_totals"),
                ("run statistics", "run_statistics"),
            ):
                query = _largest_of_all(fast, view, views[view].sql)
                transpiled = to_postgres(query)
                here, there = interleave(
                    ROUNDS, partial(_fetch, fast, query), partial(_fetch, slow, transpiled)
                )
                results.append(
                    compare(f"all sites: {what}", "the view in PostgreSQL", 5, here, there, faster=True)
                )
    return results


def backtest() -> list[Result]:
    """The forecasts' tables, all origins of all sites, against those of the method `original` alone."""
    views = [view for view in load_views() if view.layer == "forecast"]
    with duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '{6 * MEMORY_LIMIT_MB}MB'; set timezone = 'UTC'; set threads = 2"
        )
        connection.execute(f"attach '{sources.database(MIDDLE)}' as warehouse (read_only)")
        names = {view.name for view in load_views()} - {view.name for view in views}
        connection.execute("create schema lake")
        for name in LAKE_TABLES:
            connection.execute(f"create view lake.{name} as from warehouse.lake.{name}")
        for name in names:
            connection.execute(f"create view {name} as from warehouse.main.{name}")

        def forecast(methods: str, wanted: frozenset[str]) -> None:
            for view in views:
                if view.name in wanted:
                    condition = f" where method in ({methods})" if view.name == "forecast_methods" else ""
                    kind = "table" if view.is_kept else "view"
                    connection.execute(f"create or replace {kind} {view.name} as {view.sql}{condition}")

        every = frozenset(view.name for view in views)
        work, other = interleave(
            ROUNDS,
            lambda: forecast("select method", every),
            lambda: forecast("'original'", every),
        )
    return [compare("backtest of all origins, all sites", "the method original alone", 6, work, other)]


def growth() -> list[Result]:
    """The build of a warehouse at 10,000, 100,000 and 1,000,000 runs, per run against the smallest."""
    seconds: dict[int, float] = {}
    for runs in (SMALL, MIDDLE, LARGE):
        with tempfile.TemporaryDirectory(dir=sources.CACHE) as folder:
            work = partial(sources.build, sources.lake(runs), Path(folder) / "warehouse.duckdb")
            (timing,) = interleave(1, work, warm=False)
            seconds[runs] = timing.seconds
    base = seconds[SMALL] / SMALL
    return [
        Result(
            f"build of {runs:,} runs, a run",
            "at 10,000 runs",
            seconds[runs] / runs / base,
            1.3,
            f"{seconds[runs]:,.1f} s",
            f"{seconds[SMALL]:,.1f} s",
        )
        for runs in (MIDDLE, LARGE)
    ]


ROWS: dict[str, Callable[[], list[Result]]] = {
    row.__name__: row
    for row in (
        load,
        load_with_forecasts,
        memory,
        one_site,
        biggest_site,
        python,
        all_sites,
        in_postgres,
        backtest,
        imports,
        reports,
        growth,
    )
}


def _load(url: str, folder: str, code: str = LOAD) -> None:
    subprocess.run([sys.executable, "-c", code.format(url=url, folder=folder)], check=True)


def _load_anew(url: str, folder: str, code: str = LOAD) -> None:
    shutil.rmtree(folder)
    _load(url, folder, code)


def _copy(url: str) -> None:
    copy = ["psql", "-c", "copy igny8_automation_runs to stdout (format binary)", url]
    subprocess.run(copy, check=True, stdout=subprocess.DEVNULL)


def _fetch(cursor: Any, query: str) -> None:
    cursor.execute(query)
    cursor.fetchall()


def _largest_of_all(cursor: duckdb.DuckDBPyConnection, view: str, sql: str) -> str:
    """A query that computes every value of the view's SQL over all sites and returns one row."""
    largest = {"VARCHAR": "max(length({}))", "BOOLEAN": "max(cast({} as integer))"}
    described = cursor.execute(f"describe {view}").fetchall()
    columns = [largest.get(type_, "max({})").format(name) for name, type_, *_ in described]
    return f"select {', '.join(columns)} from (\n{sql}) as {view}"


def _warehouse(runs: int) -> Warehouse:
    """The warehouse of `sources.lake(runs)`, as `connect` opens it."""
    file = sources.database(runs)
    folder = sources.CACHE / "versions" / f"20260301T120000Z-{runs}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "warehouse.duckdb"
    if not link.exists():
        link.symlink_to(file)
        write_manifest(Version(folder), {})
    return Warehouse(Version(folder))


def _site_of(warehouse: Warehouse, runs: int) -> int:
    """A site with as near to so many runs as there is."""
    query = "select site_id from run_statistics order by abs(total_runs - ?), site_id limit 1"
    ((site,),) = warehouse.sql(query, [runs]).fetchall()
    return int(site)


def _a_run(warehouse: Warehouse, site: int) -> str:
    ((run_id,),) = warehouse.sql(
        "select run_id from runs where site_id = ? order by started_at desc limit 1", [site]
    ).fetchall()
    return str(run_id)


def _passes(warehouse: Warehouse, query: str, view: str) -> tuple[Timing, Timing]:
    """The view read whole, and a `max()` of each column of the tables that stand behind it."""
    views = {v.name: v for v in load_views()}
    cursor = warehouse._connection.cursor()
    cursor.execute(
        "select column_name from duckdb_columns() where table_name = ? and schema_name = 'main'", [view]
    )
    largest = ", ".join(f'max("{name}")' for (name,) in cursor.fetchall())
    read: dict[str, set[str]] = {}
    waiting, seen = [view], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        tree = sqlglot.parse_one(views[name].sql, dialect="duckdb")
        words = {column.name for column in tree.find_all(exp.Column)}
        for table in tree.find_all(exp.Table):
            if table.db == "lake" or (table.name in views and views[table.name].is_kept):
                read.setdefault(f"{table.db or 'main'}.{table.name}", set()).update(words)
            elif table.name in views:
                waiting.append(table.name)
    scans = []
    for table, words in read.items():
        cursor.execute(f"select column_name from (describe {table})")
        columns = [name for (name,) in cursor.fetchall() if name in words]
        scans.append(f"select {', '.join(f'max({name})' for name in columns)} from {table}")
    work, other = interleave(
        ROUNDS,
        lambda: cursor.execute(query.format(largest)).fetchall(),
        lambda: [cursor.execute(scan).fetchall() for scan in scans],
    )
    return work, other
