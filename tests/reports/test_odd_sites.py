"""Pages of sites that are not as most are: names written from right to left, no runs, a stage that nobody says."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import igny8_analysis
from igny8_analysis.load import load
from igny8_analysis.reports.make import Options, Reports
from tests.cases import AS_OF, items, make_source, run, site
from tests.pages import notebooks_here
from tests.reports.test_browser import opened

HEBREW = "חנות-הבדיקה"
TURNED = "\u202egnidaer"  # turns what follows it, wherever it is not kept apart
LONG = "N" * 180
# Texts with a name in them that are more than the name, and do not keep it apart.
LOOSE = """names => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const loose = [];
    while (walker.nextNode()) {
        const {data, parentElement: around} = walker.currentNode;
        if (names.some(name => data.includes(name)) && !around.closest("bdi:not([dir]), pre, script, svg")
            && !names.includes(data.trim())) loose.push(data);
    }
    return loose;
}"""


@dataclass(frozen=True)
class Odd:
    index: Path
    account: Path
    agency: Path
    hebrew: Path
    failed: Path
    failed_run: Path
    cut_short: Path


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """Site 1 waits for its first run, of an account that has nothing left; site 2's only run failed somewhere."""
    folder = tmp_path_factory.mktemp("odd")
    sites = [
        site(1, f"https://{HEBREW}.example", "First", tenant_id=2),
        site(2, None, TURNED),
        site(3, "long.example", LONG, tenant_id=3),
    ]
    failed = {"status": "failed", "current_stage": 9, "error_message": "The gateway was away"}
    others = {
        "igny8_tenants": [
            {"id": 2, "name": TURNED, "credits": 0, "bonus_credits": 0},
            {"id": 3, "name": LONG, "credits": 5},
        ],
        "igny8_automation_configs": [{"id": 1, "site_id": 1, "is_enabled": 1, "max_tasks_per_run": 10}],
    }
    waiting = [
        row | {"site_id": 1, "tenant_id": 2}
        for row in items("keywords", "new", 120) + items("tasks", "queued", 30)
    ]
    runs = [
        run(1, "2026-02-27T12:00:00Z", stages={1: (5, 2, 4)}, site_id=2, **failed),
        *(run(n, f"2026-02-{n:02d}T12:00:00Z", stages={1: (10, 2, 40)}, site_id=3) for n in (2, 3, 4)),
        run(
            5,
            "2026-02-10T12:00:00Z",
            stages={1: (10, 2, 30)},
            credits=70,
            site_id=3,
            status="failed",
            current_stage=2,
        ),
    ]
    source = make_source(folder / "source.sqlite", sites, runs, waiting, others)
    load(f"sqlite:///{source}", folder / "data", AS_OF)
    with (
        notebooks_here(),
        igny8_analysis.connect(folder / "data") as warehouse,
        Reports(warehouse, folder / "data", Options(is_quiet=True)) as reports,
    ):
        reports.all(folder / "reports")
    made = folder / "reports"
    failed_site = next(made.glob("2-*"))
    return Odd(
        made / "index.html",
        next(path for path in made.glob("account-2*.html") if "statement" not in path.name),
        made / "account-1-an-agency.html",
        next(made.glob("1-*")) / "index.html",
        failed_site / "index.html",
        failed_site / "run-0001.html",
        next(made.glob("3-*")) / "run-0004.html",
    )


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("page_name", ["index", "account", "agency", "hebrew", "failed", "failed_run"])
def test_a_name_turns_nothing_around(browser: Browser, odd: Odd, page_name: str) -> None:
    with opened(browser, getattr(odd, page_name)) as page:
        assert page.evaluate(LOOSE, [f"{HEBREW}.example", TURNED]) == []
        sentences = page.locator(".attention strong > bdi, .brief p > bdi").all()
        assert {
            sentence.evaluate("found => getComputedStyle(found).direction") for sentence in sentences
        } <= {"ltr"}
        assert bool(sentences) == (page_name not in ("index", "failed_run"))


def test_long_names_leave_the_other_columns_in_sight(browser: Browser, odd: Odd) -> None:
    with opened(browser, odd.index, viewport={"width": 1280, "height": 900}) as page:
        scroll = page.locator(".scroll")
        assert scroll.evaluate("found => found.scrollWidth - found.clientWidth") <= 0
        heights = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.clientHeight)")
        assert max(heights) < 100


def test_a_balance_that_is_nothing_is_told_as_nothing(odd: Odd) -> None:
    html = read(odd.hebrew)
    assert re.search(r'name="balance"[^>]* value="0"', html)
    assert "The account's balance is <strong>0 credits</strong>: not enough for it." in html
    assert ", no more than one run costs." in html


def test_a_run_that_failed_nowhere_in_particular_says_what_to_do(odd: Odd) -> None:
    html = read(odd.failed_run)
    assert '<h2 id="outcome">This run failed</h2>' in html
    assert "4 credits had been spent by then." in html
    assert "Left waiting: 2 clusters." in html
    assert "If it fails again, look into the error above first." in html
    shown = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    assert shown.count("The gateway was away") == 1
    assert "No completed run before this one: nothing is usual yet." in html


def test_a_share_stands_beside_the_credits_that_it_is_of(odd: Odd) -> None:
    """Run 5 was charged 40 of no stage that it reached: 30 of its stages are 25 % less than 40."""
    tile = re.search(r'<dt>Credits</dt><dd class="figure-number">70</dd><dd>(.*?)</dd>', read(odd.cut_short))
    assert tile
    assert re.sub(r"<[^>]*>", "", tile[1]) == "30 at its stages ▼ −25\u202f% usual 40 up to there"


def test_sites_that_need_a_look_are_those_named_below(odd: Odd) -> None:
    """A failed run needs someone, also where nothing of the site's items is stuck."""
    assert '<dd class="note">1 needs a look</dd>' in read(odd.agency)
    assert '<dd class="note">0 need a look</dd>' in read(odd.account)
