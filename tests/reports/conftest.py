"""Reports of the demo, made once, and a browser to read them in."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import igny8_analysis
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.names import site_folder
from tests.conftest import made_once
from tests.pages import notebooks_here

BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Two runs whose texts hold markup and 10 kB; test_trust.py reads them all.
HOSTILE_RUNS = f"""
    select id, run_number from runs
    where site_id = {int(DemoSite.HOSTILE)}
      and (error_message like '%script>%' or length(error_message) > 9000)
    order by id
    limit 2
"""


@dataclass(frozen=True)
class Made:
    """A folder of reports, and in it the pages that stand for all."""

    folder: Path
    index: Path
    overview: Path
    run: Path
    hostile_overview: Path
    hostile_runs: list[Path]
    empty_overview: Path
    interactive_run: Path
    interactive_overview: Path


@pytest.fixture(scope="session")
def made(demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Reports of a plain, a hostile and an empty site with the index over them, and an interactive one."""
    return made_once(tmp_path_factory, "reports", lambda folder: make_reports(demo_warehouse, folder))


def make_reports(demo_warehouse: Path, folder: Path) -> Made:
    with notebooks_here(), igny8_analysis.connect(demo_warehouse) as warehouse:
        names = dict(warehouse.sql("select site_id, label from sites").fetchall())
        sites = (DemoSite.BUSIEST, DemoSite.HOSTILE, DemoSite.NO_RUNS)
        folders = {int(site): folder / site_folder(site, names[site]) for site in sites}
        with Reports(warehouse, demo_warehouse, Options(is_quiet=True)) as reports:
            reports.some(folders, folder / "index.html", last=0)
            plain = reports.run(DemoSite.BUSIEST, completed_run(warehouse), folders[101] / "run-0298.html")
            hostile = [
                reports.run(DemoSite.HOSTILE, run, folders[114] / f"run-{number:04d}.html")
                for run, number in warehouse.sql(HOSTILE_RUNS).fetchall()
            ]
            for site in (DemoSite.BUSIEST, DemoSite.HOSTILE):
                reports.overview(site, folders[site] / "index.html")
        interactive = Reports(warehouse, demo_warehouse, Options(is_interactive=True, is_quiet=True))
        interactive_run = interactive.run(
            DemoSite.BUSIEST, completed_run(warehouse), folder / "interactive-run.html"
        )
        interactive_overview = interactive.overview(DemoSite.BUSIEST, folder / "interactive-overview.html")
    overviews = [path / "index.html" for path in folders.values()]
    return Made(
        folder,
        folder / "index.html",
        overviews[0],
        plain,
        overviews[1],
        hostile,
        overviews[2],
        interactive_run,
        interactive_overview,
    )


def completed_run(warehouse: igny8_analysis.Warehouse) -> int:
    """Source id of the busiest site's run 298, a completed one."""
    query = f"select id from runs where site_id = {int(DemoSite.BUSIEST)} and run_number = 298"
    return int(warehouse.sql(query).fetchall()[0][0])


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium that asks the network for nothing of its own.

    Of a module: while its driver's event loop runs, no other can in this process.
    """
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        yield launched
        launched.close()


def processes_of(marker: str) -> list[int]:
    """Ids of the processes whose environment holds a marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
