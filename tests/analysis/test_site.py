"""Sites in a notebook: sheets show the report's panels and convert to plain values."""

from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis import RunNotFound, SiteNotFound, Warehouse
from igny8_analysis.etl.demo import HOSTILE_TEXTS

RUN = "run_20260226_073127_manual"


def test_sheets_hold_the_payloads(demo: Warehouse) -> None:
    site = demo.site("mysite.com")
    assert site.overview().to_dict() == demo.overview_stats(101)
    assert site.history(page=2, page_size=5).to_dict() == demo.history(101, 2, 5)
    assert site.run(RUN).to_dict() == demo.run_detail(101, RUN)
    assert site.forecast().to_dict() == demo.forecast(101)
    assert site.overview()["run_statistics"]["total_runs"] == 300
    assert "run_statistics" in site.overview()._ipython_key_completions_()


def test_sheets_become_frames(demo: Warehouse) -> None:
    site = demo.site(101)
    stages = site.overview().pl()
    assert stages["stage_number"].to_list() == list(range(1, 8))
    assert {"estimated_credits", "avg_credits"} < set(stages.columns)
    runs = site.history(page_size=10).pl()
    assert runs.height == 10
    assert runs["run_id"][0] == demo.history(101)["runs"][0]["run_id"]
    of_run = site.run(RUN).pl()
    assert of_run["credits_used"].sum() == 1416
    methods = site.forecast().pl()
    assert methods["is_champion"].sum() == 1


def test_two_runs_side_by_side(demo: Warehouse) -> None:
    before = "run_20260225_020000_scheduled"
    pair = demo.site(101).compare(before, RUN)
    assert pair.to_dict() == demo.compare_runs(101, before, RUN)
    stages = pair.pl()
    assert stages["stage_number"].to_list() == [*range(1, 8), None]
    assert stages["credits_difference"].sum() == pytest.approx(pair["totals"]["credits_difference"])
    shown = pair._repr_html_()
    assert "mysite.com #297" in shown
    assert "<script" not in shown


def test_history_says_how_much_of_it_is_there(demo: Warehouse) -> None:
    assert repr(demo.site(101).history()).startswith("<100 of the 300 runs of mysite.com: ")


def test_sheets_show_the_panels_of_the_report(demo: Warehouse) -> None:
    site = demo.site("mysite.com")
    shown = site.run(RUN)._repr_html_()
    assert "mysite.com #298" in shown
    assert shown.count('role="img"') >= 3
    assert "<script" not in shown
    forecast = site.forecast()._repr_html_()
    assert "forecast" in forecast.lower()
    assert "mysite.com #298" not in forecast, "only the panel that was asked for"


def test_a_sheet_of_hostile_names_is_inert(demo: Warehouse) -> None:
    for (site_id,) in demo.sql("select site_id from sites where label like '%<%'").fetchall():
        shown = demo.site(site_id).history()._repr_html_()
        assert "<img" not in shown
        assert all(text not in shown for text in HOSTILE_TEXTS if "<" in text)


def test_what_is_not_there_is_told_as_everywhere(demo: Warehouse) -> None:
    with pytest.raises(SiteNotFound):
        demo.site("nowhere.example")
    with pytest.raises(RunNotFound):
        demo.site(101).run("nope")
    with pytest.raises(RunNotFound):
        demo.site(101).compare(RUN, "nope")


def test_an_older_version_is_shown_as_it_was(demo_warehouse: Path) -> None:
    with igny8_analysis.connect(demo_warehouse) as warehouse:
        site = igny8_analysis.connect(demo_warehouse, warehouse.version).site(101)
        assert warehouse.version in site.overview()._repr_html_()
