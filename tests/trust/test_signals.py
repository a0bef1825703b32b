"""Ctrl-C and SIGTERM in what reads: reports, exports, posts, the prompt. Heard soon, and nothing is left half-done."""

import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from igny8_analysis.etl.scratch import KERNEL, SPILL, sweep
from tests.analysis.test_prompt import read_until
from tests.conftest import sampled
from tests.trust.processes import IGNY8, Done, assert_told, start, wait_for
from tests.trust.test_stalls import (
    HEARD_SECONDS,
    QUERIES,
    assert_ends,
    processor_seconds,
    signals,
    wait_until_it_works,
)


def kernels_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that this one has started, kernels of reports."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for file in children for pid in file.read_text(encoding="utf-8").split()]


@pytest.mark.parametrize(
    "words", sampled([("overview", "101"), ("all", "--jobs", "2", "--last", "1")], 1), ids=["one", "all"]
)
@signals
def test_a_signal_in_reports(
    demo_warehouse: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    number: signal.Signals,
    status: int,
    word: str,
) -> None:
    """No kernel goes on, the next command clears away what scratch is left, and each page that is there is whole."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    target = tmp_path / ("pages" if words[0] == "all" else "page.html")
    making = start("report", *words, "--quiet", "-o", target, "--warehouse", demo_warehouse)
    kernels = wait_for(lambda: kernels_of(making), 60)
    time.sleep(1.5)
    kernels = kernels_of(making) or kernels
    making.send_signal(number)
    out, err = making.communicate(timeout=6 * HEARD_SECONDS)  # kernels end too, on a busy machine
    assert_told(Done(making.args, making.returncode, out, err), status, word)
    wait_for(lambda: not any(Path(f"/proc/{kernel}").exists() for kernel in kernels), HEARD_SECONDS)
    for prefix in (KERNEL, SPILL):
        sweep(prefix)  # as the next command does
    assert list((tmp_path / "scratch").glob("igny8-*")) == []
    left = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert all(file.read_text(encoding="utf-8").rstrip().endswith("</html>") for file in left), left


@signals
def test_a_signal_in_an_export(
    demo_warehouse: Path, tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    """What the file held before stays."""
    (tmp_path / "out.parquet").write_bytes(b"before")
    code = (
        "import sys; import igny8_analysis.export as export; from igny8_analysis.cli import main;"
        f"export.view_names = lambda warehouse: {{'endless': False}}; find = export._write;"
        f"export._write = lambda w, query, *more: find(w, {QUERIES['count']!r}, *more); main()"
    )
    exporting = subprocess.Popen(
        [sys.executable, "-c", code, "export", "endless", "-o", str(tmp_path / "out.parquet"),
         "--warehouse", str(demo_warehouse)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    wait_until_it_works(exporting)
    assert_ends(exporting, number, status, word)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("out.parquet", b"before")]


@signals
def test_a_signal_while_nobody_answers_a_post(
    demo_warehouse: Path, number: signal.Signals, status: int, word: str
) -> None:
    """Nothing is noted as delivered."""
    before = {file.name for file in demo_warehouse.iterdir()}
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/hook"
        posting = start("alerts", "--post", address, "--format", "csv", "--warehouse", demo_warehouse)
        connection, _ = silent.accept()
        with connection:
            sent = time.monotonic()
            posting.send_signal(number)
            _, told = posting.communicate(timeout=2 * HEARD_SECONDS)
    assert time.monotonic() - sent < HEARD_SECONDS
    assert (posting.returncode, told) == (status, f"igny8: {word}; nothing was left half-done\n")
    assert {file.name for file in demo_warehouse.iterdir()} == before


@contextmanager
def prompt(warehouse: Path, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The prompt of `igny8 sql`, ready, and its terminal."""
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        [*IGNY8, "sql", "--warehouse", str(warehouse)], stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"TERM": "xterm", "XDG_STATE_HOME": str(home), "PROMPT_TOOLKIT_NO_CPR": "1"},
    )  # fmt: skip
    os.close(theirs)
    try:
        read_until(ours, "igny8>", 60)
        yield asking, ours
    finally:
        asking.kill()
        asking.wait()
        os.close(ours)


def test_sigterm_ends_the_prompt(demo_warehouse: Path, tmp_path: Path) -> None:
    with prompt(demo_warehouse, tmp_path) as (asking, _):
        asking.send_signal(signal.SIGTERM)
        assert asking.wait(4 * HEARD_SECONDS) == 143


def test_control_c_ends_a_query_of_the_prompt_and_not_the_prompt(
    demo_warehouse: Path, tmp_path: Path
) -> None:
    with prompt(demo_warehouse, tmp_path) as (asking, terminal):

        def ask() -> None:
            """Until the query has worked for a while: the prompt itself needs far less."""
            before = processor_seconds(asking)
            os.write(terminal, f"{QUERIES['count']};\r".encode())
            wait_for(lambda: processor_seconds(asking) > before + 1, 120)

        for _ in range(2):
            ask()
            asking.send_signal(signal.SIGINT)
            told = read_until(terminal, "igny8: stopped", 4 * HEARD_SECONDS)
            if "igny8>" not in told.partition("stopped")[2]:
                read_until(terminal, "igny8>", 60)
        ask()
        asking.send_signal(signal.SIGTERM)
        assert asking.wait(4 * HEARD_SECONDS) == 143
