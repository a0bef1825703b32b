"""The rows: each a function of its own that returns its results."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlglot
from sqlglot import exp

from benchmarks import sources
from benchmarks.measure import Result, Timing, compare, interleave, peak_megabytes
from etl.lake import Version
from igny8_analysis.connection import Warehouse

ROUNDS = 5
LARGE, SMALL = 1_000_000, 10_000
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
    """A full load from PostgreSQL against psql's copy of the runs; an unchanged source loaded again."""
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = sources.source(server, 200_000)
        copy = ["psql", "-c", "copy igny8_automation_runs to stdout (format binary)", url]

        def first() -> None:
            shutil.rmtree(folder)
            _run_load(url, folder)

        loaded, copied, again = interleave(
            ROUNDS,
            first,
            lambda: subprocess.run(copy, check=True, stdout=subprocess.DEVNULL),
            lambda: _run_load(url, folder),
        )
    return [
        compare(
            "full load of 200,000 runs, forecasts too", "psql copy binary of the runs", 10, loaded, copied
        ),
        compare("an unchanged source loaded again", "the first load", 0.6, again, loaded),
    ]


def memory() -> list[Result]:
    """The peak memory of a load of 800,000 runs against one of 200,000."""
    peaks = []
    with sources.postgres() as server:
        for runs in (200_000, 800_000):
            url = sources.source(server, runs)
            with tempfile.TemporaryDirectory() as folder:
                code = "from pathlib import Path\nfrom igny8_analysis.load import load\n"
                code += f"load({url!r}, Path({folder!r}))"
                peaks.append(peak_megabytes(code))
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
                lambda call=call: call(large, sites[0], runs[0]),  # type: ignore[misc]
                lambda call=call: call(small, sites[1], runs[1]),  # type: ignore[misc]
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

    def run(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    package, libraries, shown, nothing = interleave(
        3 * ROUNDS,
        run("-c", "import igny8_analysis"),
        run("-c", "import duckdb, polars"),
        run("-m", "igny8_analysis", "--help"),
        run("-c", "pass"),
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


def growth() -> list[Result]:
    """The build of a warehouse at 10,000, 100,000 and 1,000,000 runs, per run against the smallest."""
    seconds: dict[int, float] = {}
    for runs in (SMALL, 100_000, LARGE):
        with tempfile.TemporaryDirectory(dir=sources.CACHE) as folder:
            target = Path(folder) / "warehouse.duckdb"
            (timing,) = interleave(1, lambda r=runs, t=target: sources.build(sources.lake(r), t), warm=False)  # type: ignore[misc]
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
        for runs in (100_000, LARGE)
    ]


ROWS: dict[str, Callable[[], list[Result]]] = {
    row.__name__: row
    for row in (
        load,
        memory,
        one_site,
        biggest_site,
        python,
        all_sites,
        imports,
        reports,
        growth,
    )
}


def _run_load(url: str, folder: str) -> None:
    command = [
        sys.executable,
        "-m",
        "igny8_analysis",
        "etl",
        "--quiet",
        "--source",
        url,
        "--warehouse",
        folder,
    ]
    subprocess.run(command, check=True)


def _warehouse(runs: int) -> Warehouse:
    """The warehouse of `sources.lake(runs)`, as `connect` opens it."""
    file = sources.database(runs)
    folder = sources.CACHE / "versions" / f"20260301T120000Z-{runs}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "warehouse.duckdb"
    if not link.exists():
        link.symlink_to(file)
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
    from warehouse.build import load_views

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
