"""Tenants stay apart, and hostile text is inert: everything a command gives for a site of the demo."""

import csv
import io
import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from igny8_analysis import RunNotFound, SiteNotFound, Warehouse
from igny8_analysis.cli.options import FORMATS
from igny8_analysis.cli.output import FORMULA_STARTS
from igny8_analysis.etl.demo import CANARIES, CASES, HOSTILE_TEXTS, DemoSite
from igny8_analysis.export import view_names
from tests.command import igny8
from tests.trust.processes import assert_told

FAILED = [f"hostile_text_{number}" for number in range(1, len(HOSTILE_TEXTS) + 1)]


def payloads(warehouse: Warehouse, site: int) -> list[dict[str, Any]]:
    """The overview, all pages of the history and every run of a site."""
    pages = [warehouse.history(site, page, 100) for page in range(1, 5)]
    runs = {run["run_id"] for page in pages for run in page["runs"]}
    few = sorted(runs)[:40]
    return [warehouse.overview_stats(site), *pages, *(warehouse.run_detail(site, run) for run in few)]


@pytest.mark.parametrize("site", list(DemoSite), ids=lambda site: site.name.lower())
def test_payloads_hold_no_other_sites_word(demo: Warehouse, site: DemoSite) -> None:
    text = json.dumps(payloads(demo, int(site)), ensure_ascii=False)
    assert CANARIES[site] in text or CANARIES[site].lower() in text
    assert [word for other, word in CANARIES.items() if other != site and word.lower() in text.lower()] == []


def words_in(text: str) -> set[int]:
    """The sites whose words are in the text."""
    return {int(site) for site, word in CANARIES.items() if word.lower() in text.lower()}


@pytest.mark.parametrize("site", list(DemoSite), ids=lambda site: site.name.lower())
def test_commands_show_no_other_sites_word(
    demo: Warehouse, demo_warehouse: Path, tmp_path: Path, site: DemoSite
) -> None:
    """Each command that takes a site, in turn as table, JSON and CSV."""
    runs = [run["run_id"] for run in demo.history(int(site), page_size=100)["runs"]]
    runs = [run for run in runs if not run.startswith("-")]
    commands = [
        ["overview"],
        ["history", "--page-size", "100"],
        ["quality"],
        ["forecast"],
        ["backtest"],
        ["brief"],
        ["alerts"],
        ["settings"],
        ["explain", "predictive_analysis.totals.total_estimated_credits"],
        *(["run", run] for run in runs[-2:]),
        *(["explain", run, "stages.1.comparison.historical_avg_credits"] for run in runs[:1]),
        *(["compare", *pair] for pair in itertools.pairwise(runs[:2])),
    ]
    for number, (command, *more) in enumerate(commands, int(site)):
        options = ["--format", FORMATS[number % 3], "--warehouse", str(demo_warehouse)]
        done = igny8(command, str(site.value), *more, *options)
        assert done.returncode == 0, done.stderr
        assert words_in(done.stdout + done.stderr) <= {int(site)}, command

    file = str(tmp_path / "runs.parquet")
    export = ["export", "runs", "--site", str(site.value), "-o", file, "--warehouse", str(demo_warehouse)]
    assert igny8(*export).returncode == 0
    assert words_in(str(pq.read_table(file).to_pylist())) <= {int(site)}


def test_views_hold_a_sites_word_in_its_own_rows_alone(demo: Warehouse) -> None:
    views = [view for view, has_site_id in view_names(demo).items() if has_site_id]
    assert len(views) > 25
    for view in views:
        for site, row in demo.sql(f"select site_id, cast(v as varchar) from {view} as v").fetchall():
            assert words_in(row) <= {site}, view


def test_a_missing_site_never_means_all(demo: Warehouse, demo_warehouse: Path) -> None:
    for nothing in ("", " ", "0", "-1", "%", "*", "null", "none", "1 or 1=1", "101,102"):
        with pytest.raises(SiteNotFound):
            demo.overview_stats(nothing)
        with pytest.raises(SiteNotFound):
            demo.history(nothing)
    assert_told(igny8("overview", "", "--warehouse", demo_warehouse), 3)
    assert_told(igny8("quality", "", "--warehouse", demo_warehouse), 3)
    assert_told(igny8("history", "--warehouse", demo_warehouse), 2, "SITE")


def test_a_run_of_another_site_is_not_found_in_the_same_words(demo: Warehouse) -> None:
    theirs = demo.history(int(DemoSite.STEADY))["runs"][0]["run_id"]
    mine = {run["run_id"] for page in (1, 2, 3) for run in demo.history(101, page, 100)["runs"]}
    assert theirs not in mine
    words = []
    for run_id in (theirs, "run_19990101_000000_manual"):
        with pytest.raises(RunNotFound) as unknown:
            demo.run_detail(101, run_id)
        words.append(str(unknown.value).replace(run_id, "RUN"))
    assert words[0] == words[1]


# Hostile text


def test_hostile_text_is_data_from_source_to_payload(demo: Warehouse) -> None:
    """Character by character, blank ends and control characters too."""
    for case, text in zip(FAILED, HOSTILE_TEXTS, strict=True):
        ((run_id,),) = demo.sql("select run_id from runs where id = ?", [CASES[case]]).fetchall()
        detail = demo.run_detail(int(DemoSite.HOSTILE), run_id)
        assert detail["run"]["error_message"] == text
        assert any(text in insight["message"] for insight in detail["insights"]) or not text.strip()


def test_a_terminal_gets_no_control_character(demo: Warehouse, demo_warehouse: Path) -> None:
    site = int(DemoSite.HOSTILE)
    runs = [run["run_id"] for run in demo.history(site, page_size=100)["runs"]]
    esc = next(case for case, text in zip(FAILED, HOSTILE_TEXTS, strict=True) if "\x1b" in text)
    ((with_escape,),) = demo.sql("select run_id from runs where id = ?", [CASES[esc]]).fetchall()
    done = [
        igny8("run", site, with_escape, "--warehouse", demo_warehouse),
        igny8("history", site, "--page-size", 100, "--warehouse", demo_warehouse),
        igny8("quality", site, "--warehouse", demo_warehouse),
        igny8("run", site, "\x1b[31mno such\x07\u202e run", "--warehouse", demo_warehouse),
        igny8("sql", 'select "\x1b[31m" from sites', "--warehouse", demo_warehouse),
    ]
    assert [one.returncode for one in done] == [0, 0, 0, 3, 2]
    for one in done:
        bad = {c for c in one.stdout + one.stderr if not c.isprintable() and c != "\n"}
        assert bad == set(), one.args
    assert "\\x1b[31mred" in done[0].stdout
    assert len(runs) > len(HOSTILE_TEXTS)


def test_a_spreadsheet_gets_no_formula(demo_warehouse: Path) -> None:
    text = igny8(
        "sql", "from runs where site_id = 114 order by id", "--format", "csv", "--warehouse", demo_warehouse
    )
    rows = list(csv.reader(io.StringIO(text.stdout)))
    assert len(rows) > len(HOSTILE_TEXTS)
    assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)] == []
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


def test_hostile_names_of_sites_and_paths_are_only_names(demo: Warehouse, demo_warehouse: Path) -> None:
    before = {str(path) for path in demo_warehouse.rglob("*")}
    for run in demo.history(int(DemoSite.HOSTILE), page_size=100)["runs"]:
        assert demo.run_detail(int(DemoSite.HOSTILE), run["run_id"])["run"]["run_id"] == run["run_id"]
    for text in (*HOSTILE_TEXTS, "../../etc/passwd", "a\x00b"):
        with pytest.raises(SiteNotFound):
            demo.overview_stats(text)
        with pytest.raises(RunNotFound):
            demo.run_detail(int(DemoSite.BUSIEST), text)
    domain = '"><img src=x onerror=alert(1)>.example'
    assert demo.overview_stats(domain)["site"]["site_id"] == int(DemoSite.HOSTILE)
    assert {str(path) for path in demo_warehouse.rglob("*")} == before
