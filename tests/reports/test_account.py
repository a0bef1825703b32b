"""The reports of an account and of two runs side by side: numbers, links, whose they are, and how they read."""

import html
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import igny8_analysis
from igny8_analysis import AccountNotFound, RunNotFound, Warehouse
from igny8_analysis.etl.demo import CANARIES, DemoSite
from igny8_analysis.load import load
from igny8_analysis.reports import formats
from igny8_analysis.reports.formats import pictured
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.names import site_folder
from igny8_analysis.reports.panels import cost
from igny8_analysis.reports.publish import stamp_of
from igny8_analysis.reports.rows import Rows
from igny8_analysis.stages import stage_label
from tests.cases import AS_OF, items, make_source, run, site
from tests.command import igny8
from tests.lakes import computed
from tests.pages import notebooks_here
from tests.reports.test_browser import assert_accessible, opened


@dataclass(frozen=True)
class Made:
    """Reports of three accounts of the demo, of one with nothing, and of pairs of runs."""

    folder: Path
    brightwater: Path
    ostrava: Path
    hostile: Path
    bare: Path
    pair: Path
    hostile_pair: Path
    same: Path


@pytest.fixture(scope="module")
def bare_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of accounts 1 and 2, both called An agency; 2 has no sites, 1 has one with a run."""
    folder = tmp_path_factory.mktemp("bare")
    source = make_source(folder / "source.sqlite", [site(1, "one.example")], [run(1, "2026-02-01T08:00:00Z")])
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("insert into igny8_tenants (id, name) values (2, ' an AGENCY ')")
    load(f"sqlite:///{source}", folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def unsaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whether site 1 is active the source does not say; its runs 2 and 3 go on, and a keyword waits."""
    folder = tmp_path_factory.mktemp("unsaid")
    begun = {"minutes": None, "current_stage": 2, "initial_snapshot": '{"stage_2_initial": 4}'}
    runs = [
        *(run(n, f"2026-01-{n:02d}T08:00:00Z", stages={1: (5, 5, 5)}) for n in (1, 11, 12)),
        run(2, "2026-02-02T08:00:00Z", stages={1: (5, 5, 5)}, status="running", **begun),
        run(3, "2026-02-03T08:00:00Z", stages={1: (5, 5, 5)}, status="paused", **begun),
    ]
    sites = [site(1, "one.example", is_active=None), site(2, "two.example", is_active=0)]
    source = make_source(folder / "source.sqlite", sites, runs, items("keywords", "new"))
    load(f"sqlite:///{source}", folder / "data", AS_OF)
    return folder / "data"


@pytest.fixture(scope="module")
def made(
    demo: Warehouse, demo_warehouse: Path, bare_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    folder = tmp_path_factory.mktemp("accounts")
    labels = dict(demo.sql("select site_id, label from sites").fetchall())
    empty = folder / site_folder(DemoSite.NO_RUNS, labels[DemoSite.NO_RUNS])
    busiest = folder / site_folder(DemoSite.BUSIEST, labels[DemoSite.BUSIEST])
    runs = dict(demo.sql("select run_number, run_id from runs where site_id = 101").fetchall())
    (hostile_a,), (hostile_b,) = demo.sql(
        "select id from runs where site_id = 114 order by length(error_message) desc nulls last, id limit 2"
    ).fetchall()
    with notebooks_here(), Reports(demo, demo_warehouse, Options(is_quiet=True)) as reports:
        reports.some({int(DemoSite.NO_RUNS): empty}, folder / "index.html", last=0)
        accounts = [
            reports.account(account, folder / f"account-{account}.html")
            for account in (" brightwater MEDIA ", 12, 31)
        ]
        reports.run(101, runs[297], busiest / "run-0297.html")
        pair = reports.compare(101, runs[297], runs[298], busiest / "pair.html")
        hostile = reports.compare(114, hostile_a, hostile_b, folder / "hostile.html")
        same = reports.compare(101, runs[297], runs[297], folder / "same.html")
    with notebooks_here(), igny8_analysis.connect(bare_warehouse) as bare:
        nothing = Reports(bare, bare_warehouse, Options(is_quiet=True)).account(2, folder / "bare.html")
    return Made(folder, *accounts, nothing, pair, hostile, same)


def text_of(file: Path) -> str:
    """The text of a page without its style, scripts and tags, in single spaces."""
    plain = re.sub(
        r"<(style|script)\b.*?</\1>|<[^>]*>", " ", file.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return " ".join(html.unescape(plain).split())


def test_an_account_shows_its_figures(made: Made, demo: Warehouse) -> None:
    ((next_runs, queue, credits),) = demo.sql(
        "select sum(s.next_run_credits), any_value(a.total_estimated_credits), any_value(a.total_credits_last_30_days) "
        "from account_figures as a join account_sites as s using (account_id) where account_id = 7"
    ).fetchall()
    text = text_of(made.brightwater)
    assert f"Credits, last 30 days {credits:,.0f}" in text
    assert f"Next runs {next_runs:,.0f} credits" in text
    assert f"Whole queue {queue:,} credits" in text
    ((label, change),) = demo.sql(
        "select label, cost_change_pct from account_article_costs where account_id = 7 and has_cost_risen"
    ).fetchall()
    assert re.search(rf"{label} 10 [\d.]+ 10 [\d.]+ ◆ risen \+{change:.0f}\s%", text)


def test_an_account_counts_next_runs_of_sites_that_will_run(made: Made, demo: Warehouse) -> None:
    """As its brief does; of the sites one is switched off."""
    ((credits,),) = demo.sql(
        "select credits from brief_next where scope = 'account' and account_id = 31"
    ).fetchall()
    text = text_of(made.hostile)
    assert f"Next runs {credits:,.0f} credits, one run of each site that will run" in text
    assert f"One run of each site that will run will cost about {credits:,.0f} credits" in text
    assert "A site without a next run is switched off" in text
    assert re.search(rf"All sites {credits:,.0f} ", text)


def test_the_index_tells_next_runs_as_accounts_do(made: Made) -> None:
    """An inactive site has none, though what a run would cost is known; nor one that never ran and has no settings."""
    text = text_of(made.folder / "index.html")
    assert "111 · inactive · Gorsehaven Fishing – 2025-09-30" in text
    assert "106 · Ospreyholt Sailing – –" in text
    assert "A site without a next run is switched off" in text
    assert re.search(r"101 · Quillmere Magazine 1,\d{3} 2026", text)


def test_a_site_at_rest_is_told_what_a_run_would_cost(
    demo: Warehouse, demo_warehouse: Path, tmp_path: Path
) -> None:
    with notebooks_here(), Reports(demo, demo_warehouse, Options(is_quiet=True)) as reports:
        text = text_of(reports.overview(int(DemoSite.INACTIVE), tmp_path / "inactive.html"))
        deleted = text_of(reports.overview(int(DemoSite.DELETED), tmp_path / "deleted.html"))
        gone = text_of(reports.account(47, tmp_path / "gone.html"))
    assert "This site is inactive: a run would cost about " in text
    assert "A run, by stage" in text
    assert "Site id 118 (deleted)" in deleted
    assert "This site is deleted: a run would cost about " in deleted
    assert "The next run will cost" not in deleted
    assert "This account is deleted: its sites are not told of here" in gone
    assert not re.search("will cost about|next run, by stage", text)


def test_an_account_dates_the_prices_that_changed_site_by_site(made: Made) -> None:
    assert (
        "Image Generation cost more for each item: at vossbrim-coffee.example since 2026-01-11 , "
        "at thornvale-garden.example since 2026-01-11 , at mysite.com since 2026-01-12 ."
    ) in text_of(made.brightwater)


def test_a_price_is_dated_only_by_a_change_that_can_be_why() -> None:
    """Of the days compared, and of the direction told; of many sites the first three are named."""

    def told(prices: list[dict[str, Any]] | None, scope: str = "account") -> str:
        step = {
            "scope": scope, "kind": "price", "step_number": 1, "stage_number": 4, "stage_name": "Writing",
            "credits": Decimal(9), "starts_at_credits": 10, "ends_at_credits": 19, "credits_before": 10,
            "credits_after": 19, "prices": prices,
        }  # fmt: skip
        page = cost.what_changed(Rows([step], "")).html
        found = re.search(r'<ul class="changes causes">(.*?)</ul>', page, re.DOTALL)
        return " ".join(re.sub("<[^>]*>", "", found[1]).split()) if found else ""

    day = datetime(2026, 1, 11, tzinfo=UTC)
    sites = [{"label": f"{n}.example", "since": day} for n in range(5)]
    assert told(None) == "+9 Writing cost more for each item."
    assert told(sites[:1], "site") == "+9 Writing cost more for each item, since 2026-01-11."
    assert told(sites).endswith("at 2.example since 2026-01-11, and at 2 more sites.")

    effects = [
        {"site_id": 1, "stage_number": 4, "since": AS_OF - timedelta(days=days), "rate_before": 2.0, "rate_after": to}
        for days, to in ((10, 3.0), (20, 4.0), (30, 1.0), (61, 1.5))
    ]  # fmt: skip
    causes = computed("price_causes", price_effects=effects, current_load=[{"as_of": AS_OF}])
    assert {(row["is_dearer"], (AS_OF - row["since"]).days) for row in causes} == {(True, 10), (False, 30)}


def test_twelve_months_end_with_the_data_and_add_up(made: Made, demo: Warehouse) -> None:
    text = text_of(made.brightwater)
    ((total,),) = demo.sql(
        "select sum(total_credits_used) from account_months where account_id = 7 and month_start >= '2025-04-01'"
    ).fetchall()
    assert "Site 12 months Apr 25 May 25" in text
    assert re.search(rf"Mar 26 .* All sites {total:,.0f} [\d, ]+ How this is computed", text)


@pytest.mark.parametrize(("name", "account"), [("brightwater", 7), ("ostrava", 12), ("hostile", 31)])
def test_an_account_shows_its_sites_and_no_others(
    made: Made, demo: Warehouse, name: str, account: int
) -> None:
    own = dict(demo.sql("select site_id, label from sites where account_id = ?", [account]).fetchall())
    text = html.unescape(getattr(made, name).read_text(encoding="utf-8"))
    assert [label for label in own.values() if pictured(label) not in text] == []
    assert [word for site, word in CANARIES.items() if word.lower() in text.lower() and site not in own] == []


def test_an_account_links_to_the_pages_that_exist(made: Made) -> None:
    empty = "106-ospreyholt-example/index.html"
    assert set(re.findall(r'<a href="([^#"]+)"', made.ostrava.read_text(encoding="utf-8"))) == {
        "index.html",
        empty,
    }
    assert set(re.findall(r'<a href="([^#"]+)"', made.brightwater.read_text(encoding="utf-8"))) == {
        "index.html"
    }


def test_index_and_overview_link_to_the_account(made: Made) -> None:
    file = "account-12-ostrava-digital-sohne.html"
    assert (made.folder / file).is_file()
    assert f'<a href="{file}">' in (made.folder / "index.html").read_text(encoding="utf-8")
    (overview,) = made.folder.glob("106-*/index.html")
    assert f'<a href="../{file}">' in overview.read_text(encoding="utf-8")


def test_an_account_without_sites_says_so(made: Made) -> None:
    text = text_of(made.bare)
    for words in (
        "has no sites yet",
        "No run of this account",
        "nothing to compare with",
        "Nothing waits at any site",
    ):
        assert words in text
    assert "Sites that need a look" not in text


def test_a_pair_shows_what_the_payload_says(made: Made, demo: Warehouse) -> None:
    runs = dict(demo.sql("select run_number, run_id from runs where site_id = 101").fetchall())
    payload = demo.compare_runs(101, runs[297], runs[298])
    text = text_of(made.pair)
    totals = {name: formats.signed(value) for name, value in payload["totals"].items()}
    assert f"#298 cost {totals['credits_difference'].lstrip('+')} credits more than #297: " in text
    assert f"{totals['volume_credits'].lstrip('+')} for more items" in text
    assert f"{totals['rate_credits'].lstrip('+')} for " in text
    for stage in payload["stages"][:7]:
        numbers = (stage["credits_used_a"], stage["credits_used_b"])
        row = " ".join([stage_label(stage["stage_name"]), *map(formats.number, numbers)])
        assert f"{row} {formats.signed(stage['credits_difference'], 1)}" in text


def test_a_pair_links_to_the_runs_that_have_a_report(made: Made) -> None:
    assert re.findall(r'<a href="(run[^"]+)"', made.pair.read_text(encoding="utf-8")) == ["run-0297.html"]


def test_a_run_beside_itself_differs_in_nothing(made: Made) -> None:
    text = text_of(made.same)
    assert "one run beside itself" in text
    assert "B cost as much as A: " in text


@pytest.mark.parametrize("name", ["brightwater", "hostile", "bare", "pair", "hostile_pair"])
def test_pages_are_accessible_and_fit_a_phone(browser: Browser, made: Made, name: str) -> None:
    with opened(browser, getattr(made, name), viewport={"width": 360, "height": 740}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("h1").count() == 1
        panels, folds = page.locator("section.panel"), page.locator("section.panel > details.how")
        assert folds.count() == panels.count() >= 4
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert_accessible(page)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = false")
        page.set_viewport_size({"width": 718, "height": 1000})
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 718, "wider than a sheet of paper"


def test_charts_are_at_least_three(made: Made) -> None:
    for file in (made.brightwater, made.ostrava, made.pair):
        names = set(
            re.findall(
                r'role="img" aria-labelledby="([a-z-]+?)(?:-wide)?-t ', file.read_text(encoding="utf-8")
            )
        )
        assert len(names) >= 3, file.name


def test_what_is_unknown_is_told_and_nothing_written(
    demo: Warehouse, demo_warehouse: Path, bare_warehouse: Path, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    with igny8_analysis.connect(bare_warehouse) as bare:
        reports = Reports(bare, bare_warehouse)
        with pytest.raises(AccountNotFound, match=r"several accounts are called 'An Agency': .* \(1, 2\)"):
            reports.account("An Agency", target)
        with pytest.raises(RunNotFound):
            reports.compare(1, "run_1", "run_9", target)
    at = ("-o", str(target), "--warehouse", str(demo_warehouse))
    told = [
        igny8("report", "account", "nobody", *at),
        igny8("report", "compare", "101", "nope", "nope", *at),
        igny8("report", "compare", "999", "nope", "nope", *at),
    ]
    assert [done.returncode for done in told] == [3, 3, 3]
    assert all(done.stderr.startswith("igny8: ") and done.stderr.count("\n") == 1 for done in told)
    assert not target.exists()


def test_every_account_has_its_page_and_statement(bare_warehouse: Path, tmp_path: Path) -> None:
    with notebooks_here(), igny8_analysis.connect(bare_warehouse) as bare:
        Reports(bare, bare_warehouse, Options(is_quiet=True)).all(tmp_path, last=0)
    stamps = {"-".join(stamp_of(file).split("-")[:2]) for file in tmp_path.glob("account-*.html")}
    assert stamps == {"account-1", "account-2", "statement-1", "statement-2"}


def test_inactive_is_what_the_source_says_is(unsaid: Path, tmp_path: Path) -> None:
    with notebooks_here(), igny8_analysis.connect(unsaid) as warehouse:
        Reports(warehouse, unsaid, Options(is_quiet=True)).all(tmp_path, last=0)
    for page in (tmp_path / "index.html", tmp_path / "account-1-an-agency.html"):
        assert text_of(page).count("inactive") == 1, page
    inactive = [page.parent.name for page in tmp_path.glob("*/index.html") if "(inactive)" in text_of(page)]
    assert inactive == ["2-two-example"]


@pytest.mark.parametrize(("number", "outcome"), [(2, "in progress"), (3, "paused here")])
def test_a_run_that_goes_on_is_compared(unsaid: Path, tmp_path: Path, number: int, outcome: str) -> None:
    with notebooks_here(), igny8_analysis.connect(unsaid) as warehouse:
        reports = Reports(warehouse, unsaid, Options(is_quiet=True))
        told = text_of(reports.compare(1, "run_1", f"run_{number}", tmp_path / "pair.html"))
    assert outcome in told
    assert f"{outcome}, 0 of" not in told


def test_one_credit_of_the_queue_is_one(unsaid: Path) -> None:
    told = igny8("overview", "1", "--warehouse", unsaid).stdout
    assert "about 1 credit for " in told
