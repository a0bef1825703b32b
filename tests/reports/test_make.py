"""Making reports: the same bytes by every way, whole files, only what changed, nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

import igny8_analysis
from igny8_analysis import RunNotFound, SiteNotFound, UsageError
from igny8_analysis.errors import ReportError
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.reports import fingerprints, make
from igny8_analysis.reports.engine import WarmKernel, execute
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.names import run_file, site_folder
from igny8_analysis.reports.publish import stamp_of
from tests.pages import notebooks_here
from tests.reports.conftest import processes_of

SITE = DemoSite.TEN_COMPLETED
ACCOUNT = "account-7-brightwater-media.html"


@contextmanager
def reports(root: Path, **options: Any) -> Iterator[Reports]:
    with igny8_analysis.connect(root) as warehouse:
        yield Reports(warehouse, root, Options(is_quiet=True, **options))


@pytest.fixture
def making(demo_warehouse: Path) -> Iterator[Reports]:
    """What makes reports, without a kernel."""
    with notebooks_here(), reports(demo_warehouse) as making, making:
        yield making


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def links(file: Path) -> list[str]:
    return re.findall(r'<a href="([^"]*)"', file.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_warm_cold_and_parallel_are_byte_identical_and_only_changed_makes_nothing(
    demo_warehouse: Path, tmp_path: Path
) -> None:
    warm, cold, parallel = (tmp_path / name for name in ("warm", "cold", "parallel"))
    for folder, options in ((warm, {}), (cold, {"is_isolated": True}), (parallel, {"jobs": 2})):
        with reports(demo_warehouse, **options) as making:
            making.site(SITE, folder, last=2)
    assert len(contents(warm)) == 3
    assert contents(warm) == contents(cold) == contents(parallel)

    with reports(demo_warehouse, only_changed=True) as again:
        again.site(SITE, warm, last=2)
    assert again.outcome.made == set()
    assert again.outcome.unchanged == set(warm.iterdir())

    run = next(warm.glob("run-*.html"))
    stamp = stamp_of(run)
    run.write_text(run.read_text(encoding="utf-8").replace(stamp, f"{stamp}0"), encoding="utf-8")
    with reports(demo_warehouse, only_changed=True) as again:
        again.site(SITE, warm, last=2)
    assert again.outcome.made == {run}
    assert contents(warm) == contents(cold)


def test_a_changed_notebook_template_chart_or_sentence_changes_the_digest(tmp_path: Path) -> None:
    package = tmp_path / "igny8_analysis"
    elsewhere = shutil.ignore_patterns(*fingerprints.ELSEWHERE, "__pycache__")
    shutil.copytree(Path(igny8_analysis.__file__).parent, package, ignore=elsewhere)
    notebook = Path(shutil.copy(make.RUN_DETAIL, tmp_path))
    sources = [notebook, *(file for file in package.rglob("*") if file.is_file() and file.suffix != ".pyc")]
    assert {file.suffix for file in sources} >= {".ipynb", ".py", ".j2", ".js", ".sql"}
    assert package / "brief.py" in sources
    seen = {fingerprints.code_digest.__wrapped__(notebook, package)}
    for file in sources:
        file.write_text(f"{file.read_text(encoding='utf-8')}\n", encoding="utf-8")
        seen.add(fingerprints.code_digest.__wrapped__(notebook, package))
    assert len(seen) == 1 + len(sources)


@pytest.mark.parametrize("name", ["altair", "jinja2", "nbconvert", "vl-convert-python"])
def test_another_version_of_what_draws_changes_the_digest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = fingerprints.code_digest.__wrapped__
    before = digest(make.RUN_DETAIL)
    installed = fingerprints.version
    monkeypatch.setattr(fingerprints, "version", lambda of: "99" if of == name else installed(of))
    assert digest(make.RUN_DETAIL) != before


def test_an_error_names_notebook_cell_and_cause_and_leaves_the_earlier_report(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "overview.ipynb"
    broken.write_text(
        make.OVERVIEW.read_text(encoding="utf-8").replace("from data_quality", "from no_such_view"),
        encoding="utf-8",
    )
    monkeypatch.setattr(make, "OVERVIEW", broken)
    target = tmp_path / "out" / "index.html"
    target.parent.mkdir()
    target.write_text("the earlier report", encoding="utf-8")
    with (
        reports(demo_warehouse) as making,
        pytest.raises(ReportError, match=r"overview\.ipynb, cell \d+ .*no_such_view"),
    ):
        making.overview(SITE, target)
    assert contents(target.parent) == {"index.html": b"the earlier report"}


def test_nothing_links_to_an_overview_that_failed(
    making: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(notebook: Path, parameters: dict[str, Any], kernel: WarmKernel) -> NotebookNode:
        if notebook == make.OVERVIEW:
            raise ReportError("no overview")
        return execute(notebook, parameters, kernel)

    ((label,),) = making._warehouse.sql(f"select label from sites where site_id = {SITE}").fetchall()
    folder, index = tmp_path / site_folder(SITE, label), tmp_path / "index.html"
    with monkeypatch.context() as patched:
        patched.setattr(make, "execute", fails)
        with pytest.raises(ReportError, match="no overview"):
            making.some({SITE: folder}, index, last=1)
    (run,) = folder.iterdir()
    assert run.name.startswith("run-")
    assert links(run) == ["../index.html"]
    assert set(links(index)) == {ACCOUNT}

    making.some({SITE: folder}, index, last=1)
    assert links(run) == ["../index.html", "index.html"]
    assert list(dict.fromkeys(links(folder / "index.html"))) == ["../index.html", f"../{ACCOUNT}", run.name]
    assert set(links(index)) == {f"{folder.name}/index.html", ACCOUNT}


def test_kernels_end_after_the_work_with_them_when_a_second_signal_comes(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `timeout` sends, and who is impatient: the first ends the wait for the work, the second that for its end."""
    done = []

    def is_signalled_twice(*given: object) -> NotebookNode:
        for _ in range(2):
            time.sleep(0.2)
            signal.pthread_kill(main, signal.SIGUSR1)
        time.sleep(0.2)
        done.append("worked")
        raise ReportError("called off")

    def close(kernel: WarmKernel) -> None:
        done.append("closed")

    main = threading.main_thread().ident or 0
    monkeypatch.setattr(make, "execute", is_signalled_twice)
    monkeypatch.setattr(WarmKernel, "close", close)
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        with reports(demo_warehouse) as making, pytest.raises(KeyboardInterrupt):
            making.overview(SITE, tmp_path / "o.html")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert done == ["worked", "closed"]


def test_what_nobody_foresaw_ends_the_work(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*given: object) -> NotebookNode:
        raise ZeroDivisionError("unforeseen")

    closed: list[WarmKernel] = []

    def close(kernel: WarmKernel) -> None:
        closed.append(kernel)

    monkeypatch.setattr(make, "execute", breaks)
    monkeypatch.setattr(WarmKernel, "close", close)
    with reports(demo_warehouse) as making, pytest.raises(ZeroDivisionError, match="unforeseen"):
        making.overview(SITE, tmp_path / "o.html")
    assert len(closed) == 1


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"sinse": "2026-01-01"}, "no parameter 'sinse'; it takes"),
        ({"since": "yesterday"}, "takes a date, not 'yesterday'"),
        ({"interactive": "maybe"}, "takes a bool"),
    ],
)
def test_parameters_are_strict(
    making: Reports, tmp_path: Path, given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        making.overview(SITE, tmp_path / "o.html", given)
    assert list(tmp_path.iterdir()) == []


def test_since_leaves_out_earlier_runs(making: Reports, tmp_path: Path) -> None:
    file = making.overview(SITE, tmp_path / "o.html", {"since": "2999-01-01"})
    assert "No runs to show" in file.read_text(encoding="utf-8")


def test_unknown_sites_and_runs_make_no_file(making: Reports, tmp_path: Path) -> None:
    with pytest.raises(SiteNotFound):
        making.overview("nowhere.example", tmp_path / "o.html")
    for unknown in ("run_20260101_000000_never", 1):
        with pytest.raises(RunNotFound):
            making.run(SITE, unknown, tmp_path / "o.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_interrupt_leaves_whole_reports_and_no_processes(small_warehouse: Path, tmp_path: Path) -> None:
    marker = f"igny8-test-{uuid.uuid4().hex}"
    words = [
        "report",
        "all",
        "--jobs",
        2,
        "--last",
        12,
        "--quiet",
        "-o",
        tmp_path,
        "--warehouse",
        small_warehouse,
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", "from igny8_analysis.cli import main; main()", *map(str, words)],
        env=os.environ | {"IGNY8_TEST_MARKER": marker},
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        wait(lambda: list(tmp_path.rglob("run-*.html")) and len(processes_of(marker)) == 3, 120)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, told = process.communicate(timeout=60)
    finally:
        for left in processes_of(marker):
            os.kill(left, signal.SIGKILL)
    assert process.returncode == 130
    assert told.splitlines() == ["igny8: interrupted; nothing was left half-done"]
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or (
            file.suffix == ".html" and file.read_text(encoding="utf-8").endswith("</html>")
        ), file
        for link in links(file) if file.is_file() else []:
            assert (file.parent / link).is_file(), link


def wait(ready: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_names_are_made_of_ids_and_slugs() -> None:
    assert run_file(42, 7, is_shared=False) == "run-0042.html"
    assert run_file(42, 7, is_shared=True) == "run-0042-7.html"
    assert site_folder(7, "Mysite.com") == "7-mysite-com"
    for label in ("../../etc", "<b>", "\u202eévil/..\\", "x" * 300, "", "\x00"):
        assert re.fullmatch(r"7-[a-z0-9-]{1,40}", site_folder(7, label))


def test_links_are_to_reports_that_exist(making: Reports, tmp_path: Path) -> None:
    (tmp_path / "run-0001.html").write_text("not a report", encoding="utf-8")
    assert links(making.overview(SITE, tmp_path / "index.html")) == []
