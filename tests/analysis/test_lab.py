"""`igny8 lab`: the right folder, kernel and warehouse; and notebooks in JupyterLab itself, in a browser."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from playwright.sync_api import Browser, Page, Route, sync_playwright

from igny8_analysis import Warehouse, lab
from igny8_analysis.completion import Dictionary
from igny8_analysis.reports import tokens
from tests.command import igny8

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
MILLISECONDS = 120_000  # that anything in the browser may take


def test_an_installed_package_copies_the_notebooks_once(tmp_path: Path) -> None:
    folder = lab.notebooks_folder(tmp_path / "mine")
    copy = folder / "explore" / "first_look.ipynb"
    assert copy.is_file()
    copy.write_text("changed by its owner", encoding="utf-8")
    assert lab.notebooks_folder(tmp_path / "mine") == folder
    assert copy.read_text(encoding="utf-8") == "changed by its owner"


def test_a_checkout_works_on_its_own_notebooks() -> None:
    assert lab.notebooks_folder() == lab.NOTEBOOKS.resolve()


def test_the_kernel_is_ours_whatever_else_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    found = lab.environment(tmp_path / "data")
    assert found["IGNY8_WAREHOUSE"] == str(tmp_path / "data")
    assert found["JUPYTER_PATH"].endswith(os.pathsep + str(tmp_path))
    assert str(lab.JUPYTER) in found["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    monkeypatch.setenv("JUPYTER_PATH", found["JUPYTER_PATH"])
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert "--ext=igny8_analysis.lab" in spec.argv


def test_lab_without_a_warehouse_is_told(tmp_path: Path) -> None:
    done = igny8("lab", "--warehouse", str(tmp_path / "none"))
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def server(demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a JupyterLab that `igny8 lab` started on copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "igny8_analysis", "lab", "--notebooks", str(folder / "notebooks")]
    settings = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--ServerApp.token=",
        "--ServerApp.ip=127.0.0.1",
    ]
    own = {
        name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    log = (folder / "log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [*command, "--warehouse", str(demo_warehouse), "--", *settings],
        env=os.environ | own | {"IPYTHONDIR": str(folder)},
        stdout=log,
        stderr=log,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/api", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def wait_for(url: str, process: "subprocess.Popen[bytes]", seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "JupyterLab ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert "version" in json.load(answer)
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("JupyterLab did not answer")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A page that reaches the server and nothing else; fails if it tried to."""
    elsewhere: list[str] = []

    def refuse(route: Route) -> None:
        elsewhere.append(route.request.url)
        route.abort()

    made = browser.new_page(viewport={"width": 1280, "height": 1600})
    made.set_default_timeout(MILLISECONDS)
    made.route(lambda url: not url.startswith((server, "data:", "blob:")), refuse)
    yield made
    made.close()
    assert elsewhere == []


def run_all(page: Page, server: str, notebook: str) -> None:
    """Open a notebook alone in a fresh workspace, run all its cells, and see each of them end well."""
    page.goto(f"{server}/lab/tree/{notebook}?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("Python 3 (igny8) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)')];
            const failed = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
            return failed || prompts.length && prompts.every((prompt) => /\\[\\d+\\]/.test(prompt.textContent));
        }"""
    )
    assert page.locator("[data-mime-type^='application/vnd.jupyter.']").all_text_contents() == []
    if target := os.environ.get("IGNY8_SCREENSHOTS"):
        page.screenshot(path=f"{target}/lab-{Path(notebook).stem}.png")


def drawn_widths(page: Page, selector: str) -> list[float]:
    """Widths in pixels of what the selector finds; an image that did not load has none."""
    return page.eval_on_selector_all(
        selector,
        "all => all.map((found) => (found.naturalWidth ?? 1) && found.getBoundingClientRect().width)",
    )


@pytest.mark.slow
def test_a_first_look_in_jupyterlab(page: Page, server: str, demo: Warehouse) -> None:
    """Panels without Lab's own style, a list that draws what is picked, and cells of SQL: one session for all."""
    run_all(page, server, "explore/first_look.ipynb")
    assert len(drawn_widths(page, ".jp-RenderedHTMLCommon .igny8 svg[role='img']")) >= 3
    assert page.get_by_text("Jupyter news").count() == 0
    reached = page.eval_on_selector_all(
        ".jp-RenderedHTMLCommon .igny8 :is(table, tbody tr, td, dt, ul):not(.what-if table)",
        """all => all.map((found) => [found.tagName, getComputedStyle(found)]).filter(([, style]) =>
            style.float != 'none' || style.tableLayout != 'auto' || style.backgroundColor != 'rgba(0, 0, 0, 0)'
        ).map(([name]) => name)""",
    )
    assert reached == [], "JupyterLab's style reaches into panels"

    page.locator(".widget-dropdown option").nth(5).wait_for(state="attached")
    names = page.locator(".widget-dropdown option").all_text_contents()
    (other,) = [number for number, name in enumerate(names) if name.split()[-1] == "102"]
    sentence = demo.brief(site=102)["sentences"][0]["text"]
    assert page.get_by_text(sentence).count() == 0
    page.locator(".widget-dropdown select").select_option(index=other)
    page.get_by_text(sentence).wait_for()

    asked = [cell for cell in notebook_cells("first_look") if cell.startswith("%%sql")]
    coloured = page.locator(".jp-CodeCell .cm-content[data-language='sql']")
    assert coloured.count() == len(asked)
    assert page.locator(".jp-CodeCell .cm-content[data-language='python']").count() > 0

    page.locator(".jp-Notebook .jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("%%sql\nselect * from attention_it")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item[data-value='attention_items']").wait_for()
    grain = Dictionary(demo).grains["attention_items"]
    page.locator(".jp-Completer-docpanel").get_by_text(grain).wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("select * from attention_items").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type('wh.site("')
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item[data-value$='mysite.com']").wait_for(state="attached")


def notebook_cells(name: str) -> list[str]:
    file = lab.NOTEBOOKS / "explore" / f"{name}.ipynb"
    return ["".join(cell["source"]) for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]]


@pytest.mark.slow
def test_own_charts_are_as_wide_as_the_page_and_follow_the_theme(page: Page, server: str) -> None:
    run_all(page, server, "explore/forecast_accuracy.ipynb")
    widths = drawn_widths(page, ".igny8-chart svg")
    assert len(widths) == 2
    output = drawn_widths(page, ".jp-OutputArea-output:has(.igny8-chart)")
    assert [round(width) for width in widths] == pytest.approx(output, abs=30)
    ink = "all => all.map((found) => getComputedStyle(found).fill)"
    (light, *_) = page.eval_on_selector_all(".igny8-chart svg text", ink)
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).click()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    (dark, *_) = page.eval_on_selector_all(".igny8-chart svg text", ink)
    assert (light, dark) == tuple(rgb(shade) for shade in tokens.COLOURS["ink-soft"])


def rgb(colour: str) -> str:
    """A colour as a browser says it."""
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour[1:]))
