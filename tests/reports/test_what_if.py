"""The what-if form of an overview, in a browser: what it says is what `igny8 forecast` says."""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.reports import formats
from igny8_analysis.reports.make import Options, Reports
from tests.command import igny8
from tests.conftest import sampled
from tests.pages import notebooks_here
from tests.reports.test_browser import opened

SITES = (
    DemoSite.BUSIEST,  # learned limits
    DemoSite.SWITCHED_OFF,  # a stage off, a credit limit
    DemoSite.CAPPED,  # another way than flow was closer
    DemoSite.LIMITED,  # limits at six stages
    DemoSite.NO_RUNS,  # hardly anything known
    DemoSite.BONUS_ONLY,  # no range, the account's only site
)
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"limits": {4: 10}},
    {"limits": {4: 100_000}},
    {"limits": {4: 0}},
    {"off": [4]},
    {"off": [1, 2, 3, 4, 5, 6, 7]},
    {"balance": 0},
    {"balance": 480},
    {"balance": 1_200},
    {"balance": 1_000_000},
    {"limits": {4: 30}, "off": [1, 6], "balance": 333},
]


@pytest.fixture(scope="module")
def overview(
    demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Path]]:
    """A site's overview, made once."""
    folder = tmp_path_factory.mktemp("what-if")
    with (
        notebooks_here(),
        igny8_analysis.connect(demo_warehouse) as warehouse,
        Reports(warehouse, demo_warehouse, Options(is_quiet=True)) as reports,
    ):
        yield cache(lambda site: reports.overview(site, folder / f"{site}.html"))


@pytest.fixture
def page_of(browser: Browser, overview: Callable[[int], Path]) -> Iterator[Any]:
    """Opens a site's overview; what the page asks of the network or complains of fails the test."""
    entered = []

    def open_page(site: int, **context: Any) -> Page:
        entered.append(opened(browser, overview(site), **context))
        return entered[-1].__enter__()

    yield open_page
    for context in entered:
        context.__exit__(None, None, None)


def ask(page: Page, limits: Any = None, off: Any = (), balance: Any = None, on: Any = ()) -> None:
    form = page.locator(".what-if form")
    form.evaluate("(form) => form.reset()")
    for stage in [*off, *on]:
        form.locator("tbody input").nth(stage - 1).set_checked(stage in on)
    form.locator("[name=balance]").fill("" if balance is None else str(balance))
    form.locator("[name=articles]").fill(str(limits[4]) if limits else "")
    form.dispatch_event("input")


def expected_words(answer: dict[str, Any]) -> str:
    """The page's answer, made of the command's figures."""
    totals, without, balance = answer["totals"], answer["without"], answer["balance"]
    number = formats.number
    low, high = totals["p80_low"], totals["p80_high"]
    is_unsure = low is not None and high > 10 * low
    told = [f"Such a run would cost about {number(totals['credits'])} credits."]
    if low is not None and totals["credits"]:
        told.append(
            f"Between almost nothing and {number(high)}: too little is known yet."
            if is_unsure
            else f"In four of five cases between {number(low)} and {number(high)}."
        )
    if totals["budget_90"] is not None and not is_unsure:
        ready = math.ceil(round(totals["budget_90"], 9))
        told.append(f"Have {number(ready)} ready: enough in nine of ten cases.")
    if balance is not None:
        of = f"balance of {number(balance['credits'])} is"
        if balance["covers_80"] is None:
            told.append(f"Whether a {of} enough cannot be said yet: too few runs.")
        elif balance["covers_90"]:
            told.append(f"A {of} enough in nine of ten cases.")
        elif balance["covers_80"]:
            told.append(f"A {of} enough in four of five cases.")
        else:
            most = {
                0: "does not cover a run of even one article",
                1: "covers a run of at most one article",
            }.get(
                balance["most_articles"],
                f"covers a run of at most {number(balance['most_articles'])} articles",
            )
            told.append(f"A {of} not enough: it {most}.")
    if totals["credits"] != pytest.approx(without["credits"], abs=1e-9):
        told.append(f"As things stand it would cost about {number(without['credits'])}.")
    return " ".join(told)


@pytest.mark.parametrize("site", sampled(SITES))
def test_the_form_answers_as_the_command(demo: Warehouse, page_of: Any, site: int) -> None:
    page = page_of(site)
    panel = page.locator(".what-if")
    for question in QUESTIONS:
        ask(page, **question)
        answer = demo.what_if(site, **question)
        cells = panel.locator("tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.cells].slice(1, 3).map((cell) => cell.textContent))"
        )
        assert cells == [
            [formats.number(stage["expected_items"]), formats.number(stage["credits"])]
            for stage in answer["stages"]
        ], question
        assert panel.locator("output").text_content() == expected_words(answer), question
        held = {None: "", "off": "switched off", "limit": "its limit", "credit limit": "the run's credit limit",
                "learned limit": "where its runs usually stop"}  # fmt: skip
        assert panel.locator("tbody td:last-child").all_text_contents() == [
            held[stage["bound_by"]] for stage in answer["stages"]
        ], question


def test_a_stage_that_is_off_can_be_switched_on(demo: Warehouse, page_of: Any) -> None:
    page = page_of(DemoSite.SWITCHED_OFF)
    assert not page.locator(".what-if tbody input").nth(5).is_checked()
    ask(page, on=[6], balance=150)
    answer = demo.what_if(DemoSite.SWITCHED_OFF, on=[6], balance=150)
    assert page.locator(".what-if output").text_content() == expected_words(answer)


def test_the_command_line_says_the_same(demo_warehouse: Path, page_of: Any) -> None:
    page = page_of(DemoSite.BUSIEST)
    ask(page, limits={4: 10}, off=[6], balance=120)
    asked = ("--limit", "4=10", "--off", "Image Generation", "--balance", "120")
    done = igny8("forecast", "101", *asked, "--format", "json", "--warehouse", str(demo_warehouse))
    answer = json.loads(done.stdout)
    assert answer["balance"]["most_articles"] is not None
    assert page.locator(".what-if output").text_content() == expected_words(answer)


def test_the_balance_stands_where_it_may_alone(demo: Warehouse, page_of: Any) -> None:
    """The account of the first has one live site, that of the second has more: its reader fills it in."""
    query = "select available_credits from account_balances join sites using (account_id) where site_id = 117"
    ((credits,),) = demo.sql(query).fetchall()
    assert page_of(DemoSite.BONUS_ONLY).locator("[name=balance]").input_value() == str(round(credits))
    assert page_of(DemoSite.BUSIEST).locator("[name=balance]").input_value() == ""


@pytest.mark.parametrize(("field", "text"), [("articles", "-1"), ("articles", "2.5"), ("balance", "-3")])
def test_what_is_no_such_number_is_told(page_of: Any, field: str, text: str) -> None:
    page = page_of(DemoSite.BUSIEST)
    page.locator(f".what-if [name={field}]").fill(text)
    assert page.locator(".what-if output").text_content() == (
        "Articles take a whole number from 0 on, the balance any number from 0 on."
    )


def test_it_works_by_keyboard_and_sends_nothing(page_of: Any) -> None:
    page = page_of(DemoSite.BUSIEST)
    page.get_by_label("Articles in the next run, at most").focus()
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("500")
    page.get_by_role("checkbox", name="Image Generation").focus()
    page.keyboard.press("Space")
    assert page.locator(".what-if tbody td:last-child").nth(5).text_content() == "switched off"
    assert "As things stand" in (page.locator(".what-if output").text_content() or "")


@pytest.mark.parametrize("site", [DemoSite.BUSIEST, DemoSite.LIMITED])
def test_it_says_what_no_articles_mean(page_of: Any, site: int) -> None:
    assert "; 0 means no limit." in page_of(site).locator(".what-if #articles-now").text_content()


def test_without_a_script_and_on_paper_it_is_not_there(page_of: Any) -> None:
    assert not page_of(DemoSite.BUSIEST, java_script_enabled=False).locator(".what-if").is_visible()
    page = page_of(DemoSite.BUSIEST)
    assert page.locator(".what-if").is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".what-if").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_accessible_and_fits(page_of: Any, scheme: str, width: int) -> None:
    page = page_of(DemoSite.SWITCHED_OFF, color_scheme=scheme, viewport={"width": width, "height": 800})
    ask(page, limits={4: 3}, balance=30)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, ".what-if").response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_its_script_is_small_and_in_no_other_page(overview: Callable[[int], Path]) -> None:
    scripts = re.findall("<script>(.*?)</script>", overview(101).read_text(encoding="utf-8"), re.DOTALL)
    assert [len(text) <= 4_000 for text in scripts if "forecast_flow" in text] == [True]
