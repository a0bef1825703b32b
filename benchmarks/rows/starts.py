"""What a user waits for: the package's import, the command's help, and reports."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import sources
from benchmarks.measure import ROUNDS, Result, Timing, compare, interleave

CHANGING = 80_000
"""Runs of the source whose pages are made again, on a fortieth as many sites."""


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
        compare("import igny8_analysis", "import duckdb, polars", 1.3, (package, libraries)),
        compare("igny8 --help", "python -c pass", 6, (shown, nothing)),
    ]


def reports() -> list[Result]:
    """50 run reports by warm kernels against papermill and nbconvert on the command line; a report's size."""
    from igny8_analysis import connect
    from igny8_analysis.etl import demo
    from igny8_analysis.load import load
    from igny8_analysis.reports.make import RUN_DETAIL

    binaries, site = Path(sys.executable).parent, int(demo.DemoSite.BUSIEST)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "demo.sqlite"), Path(folder, "made")
        demo.write_sqlite(source)
        load(f"sqlite:///{source}", Path(folder), as_of=demo.AS_OF)
        query = "select max(id) from runs where site_id = ? and status = 'completed'"
        with connect(Path(folder)) as warehouse:
            ((run,),) = warehouse.sql(query, [site]).fetchall()
        environment = os.environ | {"IGNY8_WAREHOUSE": folder}
        ours = [sys.executable, "-m", "igny8_analysis", "report", "site", str(site), "-o", str(made)]
        ours += ["--last", "50", "--jobs", "2", "--quiet"]

        def by_hand() -> None:
            executed = f"{folder}/by_hand.ipynb"
            parameters = ["-p", "site", str(site), "-p", "run", str(run), "--log-level", "ERROR"]
            for command in (
                [binaries / "papermill", RUN_DETAIL, executed, *parameters],
                [binaries / "jupyter", "nbconvert", "--to", "html", executed],
            ):
                subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)

        work, other = interleave(ROUNDS, lambda: subprocess.run(ours, check=True, env=environment), by_hand)
        sizes = [page.stat().st_size for page in made.glob("run-*.html")]
    per_report = Timing([w / len(sizes) for w in work.wall], [c / len(sizes) for c in work.cpu])
    size = max(sizes)
    return [
        compare(
            f"a run report of {len(sizes)}, --jobs 2",
            "papermill + nbconvert",
            40,
            (per_report, other),
            faster=True,
        ),
        Result(
            "the largest run report", "130,000 bytes", size / 130_000, 1, f"{size:,} bytes", "130,000 bytes"
        ),
    ]


def only_changed() -> list[Result]:
    """`report all --only-changed --last 1` after runs of up to 20 of 2,000 sites came, against all reports of those."""
    from igny8_analysis import connect
    from igny8_analysis.load import load
    from igny8_analysis.reports.make import Reports

    changed, those = Timing([], []), Timing([], [])
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url, data, pages = (
            sources.changing_source(server, CHANGING),
            Path(folder, "data"),
            Path(folder, "pages"),
        )
        load(url, data)
        with connect(data) as warehouse, patch.object(Reports, "_make", _make_empty):
            _reports(warehouse, data, only_changed=False).all(pages, 1)  # each with its stamp, and no more
        for number in range(3):
            sources.add_runs(url, number, 20 * 4)
            load(url, data)
            with connect(data) as warehouse:
                found = warehouse.sql(
                    "select distinct r.site_id, s.account_id from runs as r join sites as s using (site_id) "
                    f"where r.run_id like '%_again' and r.site_id % 100 = {number} + 7"
                ).fetchall()
                again, alone = (_reports(warehouse, data, only_changed=only) for only in (True, False))
                folders = {site: Path(folder, f"those-{number}", str(site)) for site, _ in found}
                index, accounts = (
                    Path(folder, f"those-{number}", "index.html"),
                    {account for _, account in found},
                )
                timings = interleave(
                    1,
                    partial(again.all, pages, 1),
                    partial(alone.some, folders, index, 1, accounts),
                    warm=False,
                )
                for kept, timing in zip((changed, those), timings, strict=True):
                    kept.wall.extend(timing.wall)
                    kept.cpu.extend(timing.cpu)
                made = [len(reports.outcome.made) for reports in (again, alone)]
    what = f"report all --only-changed, {len(found)} sites changed: {made[0]} pages"
    return [compare(what, f"all reports of those: {made[1]} pages", 1.5, (changed, those))]


def _reports(warehouse: Any, data: Path, *, only_changed: bool) -> Any:
    from igny8_analysis.reports.make import Options, Reports

    return Reports(warehouse, data, Options(jobs=2, is_quiet=True, only_changed=only_changed))


def _make_empty(reports: Any, task: Any, kernel: Any) -> None:
    from nbformat.v4 import new_notebook

    from igny8_analysis.reports.page import notebook_page
    from igny8_analysis.reports.publish import publish

    publish(task.target, notebook_page(new_notebook(), task.title, task.stamp))
