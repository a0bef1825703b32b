"""The reports in a real browser: accessible, inert, still, and usable by keyboard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from igny8_analysis import Warehouse
from igny8_analysis.reports.words import ALERTS_IN_SHORT
from tests.reports.conftest import Made

PAGES = ("index", "overview", "run", "hostile_overview", "empty_overview")
INTERACTIVE = ("interactive_overview", "interactive_run")


@contextmanager
def opened(browser: Browser, file: Path, **context: Any) -> Iterator[Page]:
    """A page with the network off; fails on a request, a dialog, a script error or a message of the policy."""
    made = browser.new_context(offline=True, **context)
    page = made.new_page()
    troubles: list[str] = []
    page.on("request", lambda request: troubles.append(request.url) if request.url != file.as_uri() else None)
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(file.as_uri())
    yield page
    made.close()
    assert [trouble for trouble in troubles if not trouble.startswith("data:,")] == []


@pytest.mark.parametrize("name", PAGES + INTERACTIVE)
def test_axe_finds_nothing(browser: Browser, made: Made, name: str) -> None:
    with opened(browser, getattr(made, name)) as page:
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert_accessible(page)


def assert_accessible(page: Page) -> None:
    """axe finds nothing, neither by day nor by night."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        told = [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]
        assert told == [], scheme


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, made: Made, name: str) -> None:
    with opened(browser, getattr(made, name), viewport={"width": 360, "height": 740}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", PAGES)
def test_no_table_scrolls_sideways_on_a_desk(browser: Browser, made: Made, name: str) -> None:
    with opened(browser, getattr(made, name), viewport={"width": 1280, "height": 900}) as page:
        wide = "all => all.filter((table) => table.scrollWidth > table.clientWidth).map((table) => table.ariaLabel)"
        assert page.locator(".scroll:visible").evaluate_all(wide) == []


@pytest.mark.parametrize("name", ["overview", "run", "empty_overview", "hostile_overview"])
def test_charts_fill_their_panel(browser: Browser, made: Made, name: str) -> None:
    """What is drawn for wide screens is as wide as its figure, and not blown up by much."""
    with opened(browser, getattr(made, name), viewport={"width": 1280, "height": 900}) as page:
        drawn = page.locator(".figure .wide-only:visible").evaluate_all(
            "all => all.map((svg) => [svg.querySelector('title').textContent, svg.getBoundingClientRect().width,"
            " svg.closest('.figure').getBoundingClientRect().width, Number(svg.getAttribute('width'))])"
        )
        for title, width, room, own in drawn:
            assert width == pytest.approx(room, abs=1), title
            assert 0.9 < width / own < 1.2, title


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["overview", "run", "hostile_overview"])
def test_no_text_of_a_chart_is_cut(browser: Browser, made: Made, name: str, width: int) -> None:
    beyond = """all => all.flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter((text) => {
            const box = text.getBoundingClientRect();
            return frame.width && box.width && (box.right > frame.right + 3 || box.left < frame.left - 3);
        }).map((text) => text.textContent);
    })"""
    with opened(browser, getattr(made, name), viewport={"width": width, "height": 740}) as page:
        assert page.locator("svg.chart").evaluate_all(beyond) == []


def test_a_name_breaks_between_its_words_on_a_phone(browser: Browser, made: Made) -> None:
    """Names that a phone has room for stand in one line; longer ones break after a hyphen first."""
    lines = """all => all.map((name) => {
        const range = document.createRange();
        range.selectNodeContents(name);
        return [name.textContent, range.getClientRects().length];
    })"""
    with opened(browser, made.index, viewport={"width": 360, "height": 740}) as page:
        told = dict(page.locator(".sites tbody th > a > bdi, .sites tbody th > bdi").evaluate_all(lines))
    assert len(told) > 10
    for name, count in told.items():
        parts = name.replace("-", "- ").split()
        if max(map(len, parts)) <= len("dunmorrow.example"):
            assert count <= len(parts), name


def test_the_index_says_what_a_site_needs(browser: Browser, made: Made, demo: Warehouse) -> None:
    told = demo.sql(
        "select distinct s.label, a.alert, a.severity from alerts as a join sites as s on s.site_id = a.site_id "
        "where a.severity <> 'info' and s.label in (select label from sites group by label having count(*) = 1)"
    ).fetchall()
    assert {alert for _, alert, _ in told} <= set(ALERTS_IN_SHORT)
    with opened(browser, made.index) as page:
        for label, alert, severity in told:
            row = page.locator(".sites tbody tr").filter(has=page.get_by_text(label, exact=True))
            needs = " ".join(row.locator(f".needs .{severity}").all_inner_texts())
            assert ALERTS_IN_SHORT[alert] in needs, label


def test_every_link_leads_to_a_file(made: Made) -> None:
    for file in made.folder.rglob("*.html"):
        for link in re.findall(r'<a (?:class="skip" )?href="([^"]*)"', file.read_text(encoding="utf-8")):
            assert link == "#content" or (file.parent / link).resolve().is_file(), f"{file.name}: {link}"


def test_titles_link_both_ways(browser: Browser, made: Made) -> None:
    with opened(browser, made.run) as page:
        crumbs = page.locator("nav a").evaluate_all("all => all.map((link) => link.getAttribute('href'))")
        assert crumbs == ["../index.html", "index.html"]
    with opened(browser, made.overview) as page:
        assert page.locator(f'table.history a[href="{made.run.name}"]').text_content() == "mysite.com #298"


def test_the_history_works_by_keyboard(browser: Browser, made: Made) -> None:
    with opened(browser, made.overview) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        rows = page.locator("table.history tbody tr:visible")
        assert rows.count() == 20

        page.locator("[data-filter=text]").focus()
        page.keyboard.type("#29")
        assert page.locator("[data-count]").text_content() == "11 of 300"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.filter") == "status"
        page.locator("[data-filter=text]").fill("")

        page.locator("thead button", has_text="Credits").focus()
        page.keyboard.press("Enter")
        credits = [
            int(text.replace(",", ""))
            for text in page.locator("table.history tbody tr:visible td:nth-child(5)").evaluate_all(
                r"all => all.map((cell) => cell.textContent.match(/[\d,]+/)[0])"
            )
        ]
        assert credits == sorted(credits, reverse=True)
        assert page.locator("th[aria-sort=descending]").text_content() == "Credits"

        page.locator(".pager button", has_text="Next").focus()
        page.keyboard.press("Enter")
        assert "Page 2 of 15" in (page.locator(".pager").text_content() or "")


@pytest.mark.parametrize("sought", ["101", "mysite.com", "quillmere", "brightwater"])
def test_the_index_finds_a_site_by_id_domain_name_and_account(
    browser: Browser, made: Made, sought: str
) -> None:
    for width in (360, 1280):
        with opened(browser, made.index, viewport={"width": width, "height": 900}) as page:
            page.locator("[data-filter=text]").fill(sought)
            assert "mysite.com" in page.locator("tbody tr:visible th").all_text_contents()[0]
            assert page.locator("tbody tr:visible").count() < page.locator("tbody tr").count()


def test_every_stop_of_the_keyboard_is_seen(browser: Browser, made: Made) -> None:
    with opened(browser, made.run) as page:
        stops = 0
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            stops += 1
            width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert width == "2px", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert stops > 20


def test_a_fold_opens_by_keyboard_and_holds_the_query(browser: Browser, made: Made) -> None:
    with opened(browser, made.run) as page:
        fold = page.locator("section[aria-labelledby=flow] details.how")
        fold.locator("summary").focus()
        page.keyboard.press("Enter")
        query = fold.locator("code").last.text_content() or ""
    assert query.startswith("select s.stage_number")
    assert "site_id = 101" in query


def test_every_panel_says_how_it_is_computed(browser: Browser, made: Made) -> None:
    for file in (made.overview, made.run, made.empty_overview):
        with opened(browser, file) as page:
            panels, folds = page.locator("section.panel"), page.locator("section.panel > details.how")
            assert folds.count() == panels.count() > 5


def test_charts_have_names_descriptions_and_data(browser: Browser, made: Made) -> None:
    for file in (made.overview, made.run):
        with opened(browser, file) as page:
            charts = page.locator("svg[role=img]")
            assert charts.count() >= 3
            for chart in charts.all():
                assert chart.locator("title").text_content()
                assert chart.locator("desc").text_content()
            assert page.locator("figure").count() == page.locator("figure details.data table").count()


def test_themes_differ_and_print_is_light(browser: Browser, made: Made) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor"))

    with opened(browser, made.run, color_scheme="dark") as page:
        dark = background(page)
        page.emulate_media(media="print")
        assert background(page) == "rgb(255, 255, 255)" != dark
        assert page.locator(".how:visible").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_sheet_of_paper(browser: Browser, made: Made, name: str) -> None:
    """A4 less its margins is 718 px wide."""
    with opened(browser, getattr(made, name), viewport={"width": 718, "height": 1000}) as page:
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 718
        broken = """all => all.filter((number) => {
            const range = document.createRange();
            range.selectNodeContents(number.lastChild);
            return range.getClientRects().length > 1;
        }).map((number) => number.textContent)"""
        assert page.locator(".runs tbody th > a, .runs tbody th:not(:has(a))").evaluate_all(broken) == []


@pytest.mark.parametrize("name", ["overview", "run"])
def test_paper_shows_charts_and_insights_to_be_read(browser: Browser, made: Made, name: str) -> None:
    """Texts of a chart are about as large as on a screen, but of the one drawing of 120 runs; no insight is cut."""
    with opened(browser, getattr(made, name), viewport={"width": 718, "height": 1000}) as page:
        page.emulate_media(media="print")
        sizes = page.locator(".figure svg.chart:visible").evaluate_all(
            "all => all.map((svg) => [svg.querySelector('title').id, svg.getBoundingClientRect().width,"
            " Number(svg.getAttribute('width'))])"
        )
        assert len(sizes) >= 3
        for chart, shown, own in sizes:
            assert 0.98 < shown / own < 1.4 or chart == "credits-per-run-wide-t", chart
        cut = "all => all.filter((text) => text.scrollHeight > text.clientHeight + 1).map((text) => text.textContent)"
        assert page.locator(".insight bdi").evaluate_all(cut) == []


def test_interactive_charts_have_the_key_of_the_still_ones(browser: Browser, made: Made) -> None:
    with opened(browser, made.overview) as page:
        still = page.locator("section[aria-labelledby=trends] figcaption .key").first.inner_text()
    with opened(browser, made.interactive_overview) as page:
        page.wait_for_selector("html[data-interactive=ready]", state="attached")
        assert page.locator("section[aria-labelledby=trends] .key:visible").all_inner_texts() == [still]
    assert "lowest to highest" in still


def test_interactive_charts_work_offline(browser: Browser, made: Made) -> None:
    for name in INTERACTIVE:
        file = getattr(made, name)
        with opened(browser, file) as page:
            page.wait_for_selector("html[data-interactive=ready]", state="attached")
            assert page.locator(".linked svg").count() == 1
            assert page.locator(".linked ~ .figure figcaption:visible").count() == 0, "a title is there twice"
            frame = page.locator(".linked").bounding_box() or {}
            drawn = page.locator(".linked svg text").evaluate_all(
                "all => all.map((text) => text.getBoundingClientRect()).map((box) => [box.left, box.right])"
            )
            assert min(left for left, _ in drawn) >= frame["x"] - 1
            assert max(right for _, right in drawn) <= frame["x"] + frame["width"] + 1
    assert made.interactive_run.stat().st_size < 600_000


@pytest.mark.parametrize(("media", "width"), [("screen", 360), ("print", 718)])
def test_a_phone_and_paper_have_the_still_drawings(
    browser: Browser, made: Made, media: Any, width: int
) -> None:
    """The linked charts are as wide as a desk: beyond its edge, paper shows nothing, and a phone hides the most."""
    for name in INTERACTIVE:
        with opened(browser, getattr(made, name), viewport={"width": width, "height": 1000}) as page:
            page.emulate_media(media=media)
            page.wait_for_selector("html[data-interactive=ready]", state="attached")
            drawings = page.locator(".linked ~ .figure .drawing")
            assert [drawing.is_visible() for drawing in drawings.all()] == [True] * drawings.count() != []
            assert page.locator(".linked:visible, .linked-only:visible").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= width
