"""Links between the pages of a site's runs: to the run before, the run after, and comparisons, where they are made."""

import re
from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.neighbours import RunPage, link_runs
from tests.pages import notebooks_here

RUNS = 100
NAV = re.compile('<nav aria-label="Other runs">(.*?)</nav>', re.DOTALL)


def links(file: Path) -> list[tuple[str, str]]:
    """The address and text of each link to another run's page or a comparison."""
    nav = "".join(NAV.findall(file.read_text(encoding="utf-8")))
    return [
        (to, re.sub("<[^>]+>", "", text)) for to, text in re.findall('<a href="([^"]+)".*?>(.*?)</a>', nav)
    ]


def test_runs_link_to_those_made_beside_them(demo_warehouse: Path, tmp_path: Path) -> None:
    options = Options(is_quiet=True, only_changed=True)
    with notebooks_here(), igny8_analysis.connect(demo_warehouse) as warehouse:
        reports = Reports(warehouse, demo_warehouse, options)
        page = {n: tmp_path / f"run-{n:04d}.html" for n in (290, 298, 299, 300)}
        reports.run(DemoSite.BUSIEST, "298", page[298])
        assert links(page[298]) == []

        reports.site(DemoSite.BUSIEST, tmp_path, last=2)
        assert page[298] not in reports.outcome.made
        assert links(page[298]) == [("run-0299.html", "mysite.com #299")]
        assert links(page[300]) == [("run-0299.html", "mysite.com #299")]

        reports.run(DemoSite.BUSIEST, "290", page[290])
        compared = reports.compare(DemoSite.BUSIEST, "290", "299", tmp_path / "compare-0290-0299.html")
        assert links(page[290]) == [("run-0298.html", "mysite.com #298"), (compared.name, "Beside #299")]
        assert links(page[299]) == [
            ("run-0298.html", "mysite.com #298"),
            ("run-0300.html", "mysite.com #300"),
            (compared.name, "Beside #290"),
        ]
        told = page[299].read_text(encoding="utf-8")
        assert '<span class="later-run"><a href="run-0300.html">#300</a> has begun since</span>' in told
        before = page[299].read_bytes()
        reports.run(DemoSite.BUSIEST, "299", page[299])
        assert page[299].read_bytes() == before

        overview = reports.overview(DemoSite.BUSIEST, tmp_path / "index.html").read_text(encoding="utf-8")
        assert (
            "296 runs have no link: their reports have not been made. <code>igny8 report site 101" in overview
        )


def test_runs_are_not_each_compared_with_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [RunPage(n, n, f"a.example #{n}", f"run-{n}.html") for n in range(1, RUNS + 1)]
    for run in runs:
        stamp = f'<meta name="igny8-report" content="run-7-{run.id}-0">'
        (tmp_path / run.file).write_text(f'{stamp}<div class="other-runs"></div>', encoding="utf-8")
    compared = []
    is_equal = RunPage.__eq__

    def compare(one: RunPage, other: object) -> bool:
        compared.append(one)
        return is_equal(one, other)

    monkeypatch.setattr(RunPage, "__eq__", compare)
    link_runs(tmp_path, 7, runs)
    assert links(tmp_path / "run-2.html") == [("run-1.html", "a.example #1"), ("run-3.html", "a.example #3")]
    assert len(compared) < RUNS


def test_of_the_latest_runs_the_page_says_how_many_are_older(demo_warehouse: Path, tmp_path: Path) -> None:
    with notebooks_here(), igny8_analysis.connect(demo_warehouse) as warehouse:
        made = Reports(warehouse, demo_warehouse, Options(is_quiet=True)).site(
            DemoSite.TWO_COMPLETED, tmp_path, last=1
        )
        ((runs,),) = warehouse.sql(
            f"select count(*) from runs where site_id = {int(DemoSite.TWO_COMPLETED)}"
        ).fetchall()
    older = runs - 1
    words = "older run has no link" if older == 1 else "older runs have no link"
    assert f"The {older} {words}" in (made / "index.html").read_text(encoding="utf-8")
