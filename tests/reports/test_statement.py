"""An account's statement of a month: what it says, whose it is, and that it fits two sheets of paper."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.etl.demo import CANARIES, DemoSite
from igny8_analysis.load import load
from igny8_analysis.reports.formats import pictured
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.names import site_folder
from tests.cases import AS_OF, make_source, run, site
from tests.command import igny8
from tests.pages import notebooks_here
from tests.reports.test_account import text_of
from tests.reports.test_browser import assert_accessible, opened
from tests.reports.test_pages import CODE, OF_THE_HOUSE

SITES, DELETED = 60, 60  # the last of them is deleted
LONG = "a-name-that-goes-on-and-on.and-on.and-on.example-agency.example"


@dataclass(frozen=True)
class Made:
    """Statements of the demo: a usual account's, one whose balance of then is known, a hostile and an empty one."""

    folder: Path
    brightwater: Path
    reconciled: Path
    hostile: Path
    bare: Path
    quiet: Path
    running: Path
    many: Path


@pytest.fixture(scope="module")
def many_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account of 60 sites with long names, whose prices all rose in February; the last site is deleted."""
    folder = tmp_path_factory.mktemp("many")
    sites = [
        site(n, f"{n}-{LONG}", tenant_id=1, **({"is_deleted": 1} if n == DELETED else {}))
        for n in range(1, SITES + 1)
    ]
    runs = [
        run(
            n * 100 + k,
            datetime(2026, 1, 20, 8, tzinfo=UTC) + timedelta(days=1.6 * k, minutes=n),
            stages={4: (5, 5, 5 * (10 if k < 14 else 18) + n), 6: (10, 10, 20)},
            site_id=n,
        )
        for n in range(1, SITES + 1)
        for k in range(24)
    ]
    source = make_source(folder / "source.sqlite", sites, runs)
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    return folder / "data"


@pytest.fixture(scope="module")
def made(
    demo: Warehouse, demo_warehouse: Path, many_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    folder = tmp_path_factory.mktemp("statements")
    with notebooks_here(), Reports(demo, demo_warehouse, Options(is_quiet=True)) as reports:
        pages = [
            reports.statement(account, month, folder / f"{name}.html")
            for account, month, name in (
                (" brightwater MEDIA ", None, "brightwater"),
                (45, "2026-02", "reconciled"),
                (31, None, "hostile"),
                (48, None, "bare"),
                (7, "2019-01", "quiet"),
                (12, "2026-03", "running"),
            )
        ]
    with notebooks_here(), igny8_analysis.connect(many_warehouse) as warehouse:
        many = Reports(warehouse, many_warehouse, Options(is_quiet=True)).statement(
            1, None, folder / "many.html"
        )
    return Made(folder, *pages, many)


NAMES = ("brightwater", "reconciled", "hostile", "bare", "quiet", "running", "many")


def test_the_month_is_the_last_whole_one_and_its_numbers_are_the_views(made: Made, demo: Warehouse) -> None:
    text = text_of(made.brightwater)
    now, before = demo.sql(
        "select total_runs, used_credits, content_created, images_generated, article_credits, image_credits "
        "from statements where account_id = 7 and month_start in ('2026-01-01', '2026-02-01') order by month_start desc"
    ).fetchall()
    assert "Statement of February 2026 Brightwater Media" in text
    assert f"Credits used {now[1]:,.0f} by {now[0]} runs" in text
    assert f"The month before {before[1]:,.0f} credits used in January 2026" in text
    assert f"Credits used in all {now[1]:,.0f} {before[1]:,.0f} +{now[1] - before[1]:,.0f}" in text
    names = ("Articles made", "Images made", "Credits for articles", "Credits for images")
    for name, a, b in zip(names, now[2:], before[2:], strict=True):
        assert f"{name} {a:,.0f} {b:,.0f} " in text
    rows = demo.sql(
        "select label, m.total_runs, m.content_created, m.images_generated, article_credits, image_credits, "
        "m.total_credits_used from site_months as m join sites as s on s.site_id = m.site_id "
        "where account_id = 7 and month_start = '2026-02-01' order by m.total_credits_used desc"
    ).fetchall()
    lines = " ".join(f"{row[0]} " + " ".join(f"{value:,.0f}" for value in row[1:]) for row in rows)
    assert lines + " All runs " in text


def test_prices_that_changed_in_the_month_are_dated(made: Made, demo: Warehouse) -> None:
    rows = demo.sql(
        "select label, since, rate_before, rate_after from price_breaks as b join sites as s on s.site_id = b.site_id "
        "where account_id = 7 and since >= '2026-02-01' and since < '2026-03-01'"
    ).fetchall()
    assert rows
    for label, since, before, after in rows:
        line = rf"{label} \D+ {since:%Y-%m-%d} \d \D+ {before:.2f} {after:.2f} [+−]\d"
        assert re.search(line, text_of(made.brightwater))


def test_a_balance_of_then_is_told_only_where_it_is_known(made: Made, demo: Warehouse) -> None:
    ((end,),) = demo.sql(
        "select month_end_credits from statements where account_id = 45 and month_start = '2026-02-01'"
    ).fetchall()
    assert f"Balance at the end of February 2026 {end:,.0f} all transactions" in text_of(made.reconciled)
    text = text_of(made.brightwater)
    assert "Balance at the end" not in text.replace("A balance at", "")
    assert "Balance on 2026-03-01 18,250 what it was at the month's end is not known" in text


def test_work_by_hand_is_told_or_said_to_be_unknown(made: Made) -> None:
    assert "and 313 by hand" in text_of(made.reconciled)  # 312.5 in the ledger beyond the runs
    assert re.search(
        r"Credits of work by hand not known .* list of charges holds [\d,]+ credits less",
        text_of(made.hostile),
    )


def test_what_comes_next_is_the_running_months_and_the_runways(made: Made, demo: Warehouse) -> None:
    ((expected, low, high),) = demo.sql(
        "select credits_expected, p80_low, p80_high from spend_months where scope = 'account' and account_id = 7"
    ).fetchall()
    ((ends_on,),) = demo.sql("select ends_on from runways where account_id = 7").fetchall()
    text = text_of(made.brightwater)
    assert (
        f"about {expected:,.0f} are expected, in four of five cases between {low:,.0f} and {high:,.0f}"
        in text
    )
    assert f"lasts until about {ends_on}" in text


def test_a_month_without_anything_and_an_account_without_sites_have_words(made: Made) -> None:
    quiet = text_of(made.quiet)
    assert "Nothing happened in January 2019" in quiet
    assert "No price changed" in quiet
    assert "No run of this account's sites started in this month" in quiet
    bare = text_of(made.bare)
    assert "Nothing happened in February 2026" in bare
    assert "The balance is used up: it was −35" in bare


def test_the_running_month_is_marked(made: Made) -> None:
    text = text_of(made.running)
    assert "Statement of March 2026, so far" in text
    assert "Mar 2026, so far" in text


def test_thirty_sites_then_the_others_then_deleted_ones_are_all_there_is(made: Made) -> None:
    text = text_of(made.many)
    assert len(re.findall(rf"\d+-{LONG} \d", text.partition("Credits by site")[2])) == 30
    # February holds runs 8 to 23 of each site: six at 10 credits an article, ten at 18, and n and 20 for images each
    others = sum(16 * (n + 20) + 5 * (6 * 10 + 10 * 18) for n in range(1, 30))
    deleted = 16 * (DELETED + 20) + 5 * (6 * 10 + 10 * 18)
    assert re.search(rf"29 other sites 464 2,320 4,640 [\d,]+ 9,280 {others:,} ", text)
    assert re.search(rf"Deleted sites \(1\) 16 80 160 [\d,]+ 320 {deleted:,} ", text)


@pytest.mark.parametrize(
    ("name", "account"), [("brightwater", 7), ("reconciled", 45), ("hostile", 31), ("running", 12)]
)
def test_it_holds_no_other_accounts_word(made: Made, demo: Warehouse, name: str, account: int) -> None:
    own = dict(demo.sql("select site_id, label from sites where account_id = ?", [account]).fetchall())
    text = html.unescape(getattr(made, name).read_text(encoding="utf-8"))
    assert [
        word for site_id, word in CANARIES.items() if word.lower() in text.lower() and site_id not in own
    ] == []
    used = "select site_id from site_months where month_start = ? and list_contains(?, site_id)"
    month = "2026-03-01" if name == "running" else "2026-02-01"
    shown = [site_id for (site_id,) in demo.sql(used, [month, list(own)]).fetchall()]
    assert shown
    assert [own[site_id] for site_id in shown if pictured(own[site_id]) not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_prints_on_two_sheets_of_a4_at_most_and_cuts_no_panel(
    browser: Browser, made: Made, name: str
) -> None:
    with opened(browser, getattr(made, name)) as page:
        paper = page.pdf(prefer_css_page_size=True)
        page.set_viewport_size({"width": 680, "height": 1024})  # 180 × 271 mm: A4 within its margins
        page.emulate_media(media="print")
        heights = page.locator(".panel, .top").evaluate_all("all => all.map((panel) => panel.offsetHeight)")
        hidden = page.locator("tbody tr:not(:visible), tbody td:not(:visible)").count()
    sheets = re.findall(rb"/Type\s*/Page\b", paper)
    assert 1 <= len(sheets) <= 2
    assert set(re.findall(rb"/MediaBox \[0 0 (\d+)\.\d+ (\d+)\.", paper)) == {(b"594", b"841")}
    assert max(heights) <= 1024
    assert hidden == 0


@pytest.mark.parametrize("name", ["brightwater", "hostile", "bare", "many"])
def test_it_is_accessible_and_fits_a_phone_and_a_desk(browser: Browser, made: Made, name: str) -> None:
    for width in (360, 1280):
        with opened(browser, getattr(made, name), viewport={"width": width, "height": 740}) as page:
            wide = "all => all.filter((table) => table.scrollWidth > table.clientWidth).map((table) => table.ariaLabel)"
            assert page.locator(".scroll:visible").evaluate_all(wide) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
            assert_accessible(page)


@pytest.mark.parametrize("name", NAMES)
def test_it_speaks_to_customers(made: Made, name: str) -> None:
    assert OF_THE_HOUSE.findall(CODE.sub("", getattr(made, name).read_text(encoding="utf-8"))) == []


@pytest.mark.slow
def test_account_and_statements_link_to_each_other_and_the_same_twice_is_the_same(
    demo: Warehouse, demo_warehouse: Path, tmp_path: Path
) -> None:
    label = dict(demo.sql("select site_id, label from sites").fetchall())[DemoSite.NO_RUNS]
    folders = {int(DemoSite.NO_RUNS): tmp_path / site_folder(DemoSite.NO_RUNS, label)}
    name = "account-12-ostrava-digital-sohne"
    account, february, january = (
        tmp_path / f"{name}{end}.html" for end in ("", "-statement-2026-02", "-statement-2026-01")
    )
    with notebooks_here(), Reports(demo, demo_warehouse, Options(is_quiet=True)) as reports:
        reports.statement(12, "2026-01", january)
        reports.some(folders, tmp_path / "index.html", last=0, accounts=[12, 48])
    assert re.findall(r'<a href="([^"]*statement[^"]*)"', account.read_text(encoding="utf-8")) == [
        february.name,
        january.name,
    ]
    assert f'<a href="{account.name}">' in february.read_text(encoding="utf-8")
    assert (tmp_path / "account-48-overdrawn-oy-statement-2026-02.html").is_file()
    first = february.read_bytes()
    again = Reports(demo, demo_warehouse, Options(is_quiet=True, only_changed=True))
    with notebooks_here():
        again.some(folders, tmp_path / "index.html", last=0, accounts=[12, 48])
        assert february in again.outcome.unchanged
        Reports(demo, demo_warehouse, Options(is_quiet=True)).statement(12, None, february)
    assert february.read_bytes() == first


@pytest.mark.parametrize(
    ("account", "month", "code", "said"),
    [
        ("7", "2026-13", 2, "'2026-13' is no month; write it as 2026-02"),
        ("7", "february\n", 2, r"'february\n' is no month; write it as 2026-02"),
        ("7", "2026-04", 2, "2026-04 has not begun: the data end in 2026-03"),
        ("nobody", "2026-02", 3, "nobody"),
    ],
)
def test_a_bad_month_is_bad_usage_and_an_unknown_account_not_found(
    demo_warehouse: Path, tmp_path: Path, account: str, month: str, code: int, said: str
) -> None:
    target = tmp_path / "statement.html"
    done = igny8(
        "report",
        "statement",
        account,
        "--month",
        month,
        "-o",
        str(target),
        "--warehouse",
        str(demo_warehouse),
    )
    assert done.returncode == code
    assert done.stderr.startswith("igny8: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not target.exists()
