"""How runs, sites, commands and views are named, and what a word that names none is answered."""

from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis import AmbiguousRun, RunNotFound, SiteNotFound, Warehouse
from igny8_analysis.load import load
from igny8_analysis.reports.rows import resolve_run
from tests.cases import make_source, run, site
from tests.command import igny8

SITE, RUN, BEFORE = "mysite.com", "run_20260226_073127_manual", "run_20260225_020000_scheduled"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site 1 with runs whose names stand in each other's way; site 2 with one run; site 3 with none."""
    folder = tmp_path_factory.mktemp("named")
    days = iter(range(1, 10))

    def at(run_id: str, day: int | None = None, site_id: int = 1) -> dict[str, object]:
        day = day or next(days)
        return run(day + 10 * site_id, f"2026-02-{day:02}T08:00:00Z", 60, site_id=site_id, run_id=run_id)

    runs = [at("2"), at("run_b_1"), at("again_and_again"), at("again_and_again"), at("run_b_12345"), at("#4")]
    runs += [at("theirs_alone", 3, 2)]
    sites = [site(1, "one.example"), site(2, "two.example"), site(3, "three.example")]
    load(f"sqlite:///{make_source(folder / 'source.sqlite', sites, runs)}", folder / "data")
    return folder / "data"


@pytest.mark.parametrize(
    ("name", "source_id"),
    [
        ("run_b_12345", 15),
        ("2", 11),  # a run_id, before it is a number
        ("#2", 12),
        ("#4", 16),  # a run_id too
        ("4", 14),
        ("#06", 16),
        ("latest", 16),
        ("again_an", 14),  # both runs share the run_id: the later one
        ("run_b_12", 15),
    ],
)
def test_a_run_is_named_by_run_id_then_number_then_latest_then_prefix(
    name: str, source_id: int, named: Path
) -> None:
    with igny8_analysis.connect(named) as warehouse:
        assert warehouse.run_source_id(1, name) == source_id
        assert resolve_run(warehouse, 1, name) == source_id
        assert warehouse.run_detail("one.example", name) == warehouse.run_detail(
            1, warehouse.sql("select run_id from runs where id = ?", [source_id]).fetchall()[0][0]
        )


@pytest.mark.parametrize("name", ["again_a", "7", "#0", "-1", "theirs_alone", "LATEST", "", "##2", "9" * 23])
def test_what_names_no_run_is_not_found(name: str, named: Path) -> None:
    with igny8_analysis.connect(named) as warehouse:
        with pytest.raises(RunNotFound, match="has no run"):
            warehouse.run_detail(1, name)
        with pytest.raises(RunNotFound, match="has no run"):
            warehouse.run_detail(3, "latest")


def test_several_runs_are_listed(demo: Warehouse, demo_warehouse: Path) -> None:
    done = igny8("run", SITE, "run_2026", "--warehouse", str(demo_warehouse))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert RUN in done.stderr
    assert " more" in done.stderr
    with pytest.raises(AmbiguousRun, match="could be"):
        demo.run_detail(SITE, "run_2026")


@pytest.mark.parametrize(
    "words",
    [
        ["run", SITE, "{}"],
        ["compare", SITE, BEFORE, "{}"],
        ["compare", SITE, "{}", BEFORE],
        ["explain", SITE, "{}", "efficiency.credits_per_item"],
    ],
    ids=" ".join,
)
def test_every_command_takes_every_name(words: list[str], demo: Warehouse, demo_warehouse: Path) -> None:
    ((number,),) = demo.sql(
        "select run_number from runs where site_id = 101 and run_id = ?", [RUN]
    ).fetchall()

    def printed(name: str) -> str:
        done = igny8(
            *(word.format(name) for word in words), "--warehouse", str(demo_warehouse), "--format", "json"
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert {printed(name) for name in (str(number), f"#{number}", RUN[:-3])} == {printed(RUN)}


def test_a_number_of_any_length_is_told(demo: Warehouse, demo_warehouse: Path) -> None:
    for metric in (f"stages.{'9' * 23}.credits_used", f"insights.{'9' * 23}.message"):
        done = igny8("explain", SITE, RUN, metric, "--warehouse", str(demo_warehouse))
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "no such row" in done.stderr


def test_what_is_offered_for_a_metric_can_be_typed(demo_warehouse: Path) -> None:
    done = igny8(
        "explain", SITE, RUN, "stages.4.comparison.credit_varianc", "--warehouse", str(demo_warehouse)
    )
    assert "stages.4.comparison.credit_variance_pct" in done.stderr
    assert "<n>" not in done.stderr
    done = igny8("explain", SITE, "forecast_totals.credit", "--warehouse", str(demo_warehouse))
    assert "forecast_totals.1.credits" in done.stderr


def test_an_insight_is_the_one_at_its_place(demo: Warehouse) -> None:
    insights = demo.run_detail(SITE, RUN)["insights"]
    assert len(insights) > 1
    for place, insight in enumerate(insights, 1):
        assert demo.explain(SITE, RUN, f"insights.{place}.message").result == insight["message"]


@pytest.mark.parametrize("word", ["mysite", "mysite.con", "my-site.com", "MYSIT.COM", "www.mysite.co"])
def test_a_site_that_is_nearly_named_is_offered(word: str, demo: Warehouse) -> None:
    with pytest.raises(SiteNotFound, match=r"did you mean mysite\.com\?"):
        demo.overview_stats(word)
    with pytest.raises(SiteNotFound, match="igny8 sites lists them"):
        demo.overview_stats("qqq")


def test_commands_and_views_that_are_nearly_named_are_offered(demo_warehouse: Path) -> None:
    done = igny8("overveiw", SITE)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'overview'?" in done.stderr
    assert "Did you mean 'overview'?" in igny8("report", "overviw", SITE).stderr
    done = igny8("export", "run_summry", "--warehouse", str(demo_warehouse))
    assert (done.returncode, "did you mean run_summary" in done.stderr) == (2, True)
    done = igny8("sql", "from run_summry", "--warehouse", str(demo_warehouse))
    assert (done.returncode, 'Did you mean "run_summary"' in done.stderr) == (2, True)


def test_payloads_hold_the_runs_own_name(demo: Warehouse) -> None:
    newest = demo.history(SITE)["runs"][0]["run_id"]
    assert demo.explain(SITE, "latest", "run.status").run_id == newest
    assert demo.run_detail(SITE, "latest") == demo.run_detail(SITE, newest)
