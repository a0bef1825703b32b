"""What a page is made of, read as text: policy, size, and nothing of the machine."""

import base64
import hashlib
import itertools
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.reports import words
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.panel import environment, style_sheet
from igny8_analysis.reports.panels import overview
from igny8_analysis.reports.panels.run import TITLES
from igny8_analysis.reports.rows import Report, Rows
from tests.pages import notebooks_here
from tests.reports.conftest import Made
from tests.reports.test_charts import run as drawn_run

HEAD = re.compile(r'<head>\s*<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


def test_the_policy_comes_first_and_admits_just_the_page(made: Made) -> None:
    for file in made.folder.rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        found = HEAD.search(html)
        assert found, f"{file.name} has no policy first in its head"
        policy = found[1]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline" not in policy
        assert ("unsafe-eval" in policy) == (file in (made.interactive_run, made.interactive_overview))
        scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        assert len(styles) == 1
        assert scripts
        for text in scripts + styles:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
        tags = re.findall(r"<[a-z][^>]*>", re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL))
        assert not [tag for tag in tags if re.search(r'\s(on[a-z]+|style)="', tag)]


def test_a_run_report_is_small(made: Made) -> None:
    for file in [made.run, *made.hostile_runs]:
        assert file.stat().st_size <= 130_000, file.name


def test_an_overview_of_300_runs_that_all_have_reports_is_small(demo_warehouse: Path, tmp_path: Path) -> None:
    with notebooks_here(), igny8_analysis.connect(demo_warehouse) as warehouse:
        query = f"select id, run_number from runs where site_id = {int(DemoSite.BUSIEST)}"
        for id_, number in warehouse.sql(query).fetchall():
            stub = f'<meta name="igny8-report" content="run-{int(DemoSite.BUSIEST)}-{id_}-0">'
            (tmp_path / f"run-{number:04d}.html").write_text(stub, encoding="utf-8")
        reports = Reports(warehouse, demo_warehouse, Options(is_quiet=True))
        file = reports.overview(DemoSite.BUSIEST, tmp_path / "index.html")
    html = file.read_text(encoding="utf-8")
    assert html.count('<tr data-status="') == 300
    assert html.count("run-0001.html") == 1
    assert file.stat().st_size <= 450_000


def test_nothing_of_the_machine_is_in_a_report(made: Made, demo_warehouse: Path) -> None:
    for file in made.folder.rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        for trace in (
            str(demo_warehouse),
            str(made.folder),
            f"{tempfile.gettempdir()}/igny8-",
            "sqlite:",
            "papermill",
            "ipykernel",
            "In [",
            "site_id=114",
        ):
            assert trace not in html, f"{file.name} holds {trace}"


def test_headings_are_in_order_and_tables_are_labelled(made: Made) -> None:
    for file in (made.index, made.overview, made.run, made.empty_overview, *made.hostile_runs):
        html = file.read_text(encoding="utf-8")
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", html)]
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
        assert html.count("<table") == html.count("<caption")


def test_empty_states_are_written(made: Made) -> None:
    html = made.empty_overview.read_text(encoding="utf-8")
    for told in ("has had no runs yet", "No runs to show", "No completed run yet", "nothing to follow"):
        assert told in html


def test_stage_history_says_what_its_averages_are_of(made: Made) -> None:
    html = made.overview.read_text(encoding="utf-8")
    assert "Averages of the latest 10 completed runs, each stage&#39;s of those in which it ran." in html


def test_what_needs_attention_is_told_of_one_and_of_many() -> None:
    def told(count: int) -> str:
        items = dict.fromkeys(overview.ATTENTION, count)
        return overview.attention(Rows([items | {"status": None}]), Rows()).html

    for one in (
        "1 failed article.</strong> Open it,",
        "1 skipped idea.</strong> Review it",
        "for its article;",
    ):
        assert one in told(1)
    for many in ("2 failed articles.</strong> Open each,", "2 skipped ideas.</strong> Review them"):
        assert many in told(2)


def test_a_sentence_keeps_its_name_apart_and_its_dates_whole() -> None:
    alert = {
        "alert": "schedule_missed",
        "label": "a<b",
        "account_name": "a",
        "message": "a<b: due on 2026-03-01 02:00 UTC",
    }
    nothing = dict.fromkeys((*overview.ATTENTION, "status"))
    assert (
        '<bdi dir="ltr"><bdi>a&lt;b</bdi>: due on <span class="whole">2026-03-01 02:00</span> UTC</bdi>.'
        in overview.attention(Rows([nothing]), Rows([alert])).html
    )


@pytest.mark.parametrize(("runs", "is_of_many"), [(40, False), (41, True)])
def test_paper_shows_the_drawing_that_holds_all_runs_and_can_be_read(runs: int, is_of_many: bool) -> None:
    """The style sheet prints the narrow drawing, whose letters are larger, but for the panel of this class."""
    report = cast(Report, SimpleNamespace(linked=set(), is_interactive=False))
    rows = [
        drawn_run(number) | {"shares_number": False, "runs_in_all": runs} for number in range(runs, 0, -1)
    ]
    html = overview.trends(report, Rows(rows), Rows()).html
    assert ('<section class="panel trends"' in html) == is_of_many
    assert ".panel:not(.trends) .chart.wide-only { display: none; }" in style_sheet()


def test_the_key_of_trends_names_the_marks_that_are_drawn() -> None:
    """A phone's drawing holds the latest 40 runs: what only older ones show, its key leaves out."""
    report = cast(Report, SimpleNamespace(linked=set(), is_interactive=False))

    def key(runs: list[dict[str, Any]], since: int) -> dict[str, bool]:
        rows = Rows([run | {"shares_number": False, "runs_in_all": 50} for run in reversed(runs)])
        breaks = Rows(
            [
                {
                    "stage_number": 6,
                    "since": drawn_run(since)["started_at"],
                    "rate_before": 3.0,
                    "rate_after": 5.0,
                }
            ]
        )
        html = overview.trends(report, rows, breaks).html
        found = re.findall(
            r'<span( class="wide-only")?><span class="k-[^>]*>[^<]*</span> ([^<]*)</span>', html
        )
        return {told: not wide_only for wide_only, told in found}

    price = "the price of the stage of that number rose ▲ or fell ▼"
    old = [drawn_run(1, "failed"), drawn_run(2, is_unusual=True)]
    many = key([*old, *map(drawn_run, range(3, 50))], since=5)
    assert {told for told, is_everywhere in many.items() if not is_everywhere} == {
        "failed", "unusual for this site", price
    }  # fmt: skip
    no_baseline = dict.fromkeys(
        ("baseline_avg_credits", "baseline_lowest_credits", "baseline_highest_credits")
    )
    assert key([drawn_run(1, **no_baseline), drawn_run(2)], since=0) == {"completed": True}


def test_every_check_has_its_sentence(demo: Warehouse) -> None:
    """Those that the demo shows; a check without one ends in an error, not in its name on a customer's page."""
    checks = {name for (name,) in demo.sql("select distinct check_name from data_quality").fetchall()}
    assert checks <= words.FINDINGS.keys()
    assert words.finding({"check_name": "unknown_result_key", "findings": 73}) == (
        "73 results hold a field we don't read"
    )


def test_every_status_of_a_run_has_its_sign_and_its_title(demo: Warehouse) -> None:
    """Those of `run_statuses`; without them a run stands under "other", and nothing says where it stands."""
    rows = demo.sql("select status, current_stage_outcome from run_statuses").fetchall()
    outcomes = {outcome for _, outcome in rows if outcome}
    assert {status for status, _ in rows} == set(words.RUN_STATUSES)
    assert [name for name in words.RUN_STATUSES if f".status.{name}::before" not in style_sheet()] == []
    assert outcomes == TITLES.keys()
    parts = environment().get_template("panels/parts.html.j2").make_module({"rows": None})
    for outcome in outcomes:
        row = {"outcome": outcome, "status": "?", "outcome_reason": None}
        row |= {"snapshot_items": 5, "items_processed": 2}
        written = str(parts.outcome(row))
        kind = re.search(r'class="status (\w*)"', written)
        assert kind, outcome
        assert kind[1] in words.RUN_STATUSES, outcome


OF_THE_HOUSE = re.compile(
    r"champion|WAPE|\d\.000000|last 1 runs|Only 0|batches_run|"
    + "|".join([*words.FINDINGS, *(method for method in words.WAYS if "_" in method)])
)
CODE = re.compile(r'<(pre|code|script|style|head)\b.*?</\1>|(?<= )data-sort=\S+|data-told="[^"]*"', re.DOTALL)


def test_pages_speak_to_customers(made: Made) -> None:
    """No page shows a name of the house, in a fold neither; only code may."""
    for file in made.folder.rglob("*.html"):
        if file not in (made.interactive_run, made.interactive_overview):
            found = OF_THE_HOUSE.findall(CODE.sub("", file.read_text(encoding="utf-8")))
            assert found == [], file.name
