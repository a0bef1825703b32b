"""Reports keep tenants apart, and hostile text is shown and does nothing: every report of the demo's hostile site."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from igny8_analysis import Warehouse
from igny8_analysis.etl.demo import CASES, HOSTILE_TEXTS, DemoSite
from igny8_analysis.reports.formats import pictured
from igny8_analysis.reports.make import Options, Reports
from tests.command import Done, igny8
from tests.pages import notebooks_here
from tests.reports.conftest import Made
from tests.reports.test_browser import opened
from tests.trust.test_tenants import words_in

HOSTILE = int(DemoSite.HOSTILE)
SAFE_NAME = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True)
class Folder:
    """Reports of all sites, of all runs for the hostile one, and what the commands said that made them."""

    path: Path
    said: tuple[Done, ...]

    def of(self, site: int) -> Path:
        (found,) = self.path.glob(f"{site}-*")
        return found


@pytest.fixture(scope="module")
def every(demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = tmp_path_factory.mktemp("somewhere") / "reports"
    at = ("--warehouse", str(demo_warehouse))
    with notebooks_here():
        sites = igny8("report", "all", "--last", "1", "-o", str(folder), *at)
        (hostile,) = folder.glob(f"{HOSTILE}-*")
        runs = igny8("report", "site", str(HOSTILE), "-o", str(hostile), *at)
    assert (sites.returncode, runs.returncode) == (0, 0), sites.stderr + runs.stderr
    return Folder(folder, (sites, runs))


def test_pages_hold_no_other_sites_word(made: Made) -> None:
    """Of the sites whose pages most others look at; of all of them below."""
    of = {
        DemoSite.BUSIEST: [made.overview, made.run, made.interactive_overview, made.interactive_run],
        DemoSite.HOSTILE: [made.hostile_overview, *made.hostile_runs],
        DemoSite.NO_RUNS: [made.empty_overview],
    }
    for site, files in of.items():
        for file in files:
            assert words_in(html.unescape(file.read_text(encoding="utf-8"))) <= {int(site)}, file.name


GONE = {int(DemoSite.DELETED), int(DemoSite.OF_DELETED_ACCOUNT)}
"""The sites that `report all` leaves out."""


@pytest.mark.slow
@pytest.mark.parametrize("site", list(DemoSite), ids=lambda site: site.name.lower())
def test_a_sites_reports_hold_no_other_sites_word(every: Folder, site: DemoSite) -> None:
    pages = [
        file.read_text(encoding="utf-8")
        for folder in every.path.glob(f"{site}-*")
        for file in folder.glob("*.html")
    ]
    assert words_in("".join(map(html.unescape, pages))) == ({int(site)} - GONE)


@pytest.mark.slow
def test_making_reports_tells_no_sites_word(every: Folder) -> None:
    assert words_in("".join(done.stdout + done.stderr for done in every.said)) == set()


@pytest.mark.slow
def test_a_report_made_here_is_the_kernels(demo: Warehouse, demo_warehouse: Path, tmp_path: Path) -> None:
    """What the others of these tests look at is what people get."""
    ((run_id,),) = demo.sql("select run_id from runs where id = ?", [CASES["hostile_words"]]).fetchall()
    with notebooks_here():
        here = igny8(
            "report", "run", str(HOSTILE), run_id, "-o", str(tmp_path / "here.html"),
            "--warehouse", str(demo_warehouse),
        )  # fmt: skip
    assert here.returncode == 0, here.stderr
    target = Reports(demo, demo_warehouse, Options(is_quiet=True)).run(HOSTILE, run_id, tmp_path / "k.html")
    assert target.read_bytes() == (tmp_path / "here.html").read_bytes()


@pytest.mark.slow
def test_hostile_names_make_no_file_names(every: Folder) -> None:
    assert len(list(every.of(HOSTILE).iterdir())) == len(HOSTILE_TEXTS) + 5 + 1 + 1
    for path in every.path.rglob("*"):
        assert SAFE_NAME.fullmatch(path.name)
    assert [path.name for path in every.path.parent.iterdir()] == ["reports"]


@pytest.mark.slow
def test_hostile_texts_in_a_browser(demo: Warehouse, every: Folder, browser: Browser) -> None:
    """No script runs and no request leaves (`opened` sees to both), and each text is there as it is."""
    numbers = dict(demo.sql("select id, run_number from runs where site_id = ?", [HOSTILE]).fetchall())
    texts = {numbers[CASES[f"hostile_text_{n}"]]: text for n, text in enumerate(HOSTILE_TEXTS, 1)}
    seen = 0
    for file in [every.path / "index.html", *sorted(every.of(HOSTILE).iterdir())]:
        with opened(browser, file) as page:
            assert (
                page.locator("img, iframe, object, embed, base, [onerror], [onclick], [onload]").count() == 0
            )
            assert page.evaluate("[...document.scripts].every((script) => !script.src)")
            shown = page.locator("main").text_content() or ""
            number = re.fullmatch(r"run-(\d+)\.html", file.name)
            if number and (text := texts.get(int(number[1]))):
                assert pictured(text[:8000]) in shown, file.name  # what is longer is cut, and said to be
                seen += 1
    assert seen == len(HOSTILE_TEXTS)
