"""Loads and reports that are killed, at a step of their own or after a time.

The steps are what a load reports as progress and every change of a file that Python makes, which the
interpreter's audit events tell: they come from the code that runs, so a new step is tested as soon as it is there.

`python -m tests.trust.faults` is the server behind `Loads`: it has imported all there is to import, and read the views,
and forks a process for each line of its input.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from igny8_analysis import connect
from igny8_analysis.load import load
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.warehouse.build import load_views
from tests.pages import notebooks_here

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}


class Loads:
    """Starts loads and reports in processes of their own, for them to be killed.

    What they spill is in a folder of theirs alone: to clear away what the one before left takes steps, and nobody else
    does it.
    """

    def __enter__(self) -> "Loads":
        self._scratch = tempfile.TemporaryDirectory()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.faults"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=Path(__file__).parents[2],
            env=os.environ | {"TMPDIR": self._scratch.name},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()
        self._scratch.cleanup()

    def run(
        self,
        source: Path | str,
        root: Path,
        *,
        keep: int = 2,
        step: int | str | None = None,
        seconds: float | None = None,
        as_of: datetime | None = None,
        is_full: bool = False,
    ) -> tuple[int, list[str]]:
        """Load a SQLite file or a URL, and be killed at the first step of a number (from 0) or name, or after seconds.

        Gives the exit status (-9 for killed) and the steps that were begun.
        """
        order = {
            "source": source if isinstance(source, str) else f"sqlite:///{source}",
            "root": str(root),
            "keep": keep,
            "as_of": as_of and as_of.isoformat(),
            "is_full": is_full,
            "step": step,
            "seconds": seconds,
        }
        return self._order(order)

    def report(self, root: Path, target: Path, *, step: int | None = None) -> tuple[int, list[str]]:
        """Make the overview of the site 1, and be killed at the step of that number."""
        return self._order({"root": str(root), "target": str(target), "step": step, "seconds": None})

    def _order(self, order: dict[str, Any]) -> tuple[int, list[str]]:
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(order), file=self._server.stdin, flush=True)
        status, steps = json.loads(self._server.stdout.readline())
        return status, steps


def serve() -> None:
    load_views()
    for line in sys.stdin:
        order = json.loads(line)
        log = Path(order["root"]).with_suffix(".steps")
        log.write_text("", encoding="utf-8")
        child = os.fork()
        if child == 0:
            work(order, log)
        if order["seconds"] is not None:
            time.sleep(order["seconds"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(
            json.dumps([os.waitstatus_to_exitcode(status), log.read_text(encoding="utf-8").splitlines()]),
            flush=True,
        )


def work(order: dict[str, Any], log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    done = 0

    def step(name: str) -> None:
        nonlocal done
        os.write(descriptor, f"{name}\n".encode())
        if order["step"] in (done, name):
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and is_for_writing(arguments[2])):
            step(f"{event} {Path(str(arguments[0])).name}")

    status = 1
    try:
        sys.addaudithook(watch)
        if "target" in order:
            make_report(order)
        else:
            as_of = datetime.fromisoformat(order["as_of"]) if order["as_of"] else None
            load(order["source"], Path(order["root"]), as_of, order["keep"], step, is_full=order["is_full"])
        status = 0
    finally:
        os._exit(status)


def make_report(order: dict[str, Any]) -> None:
    root = Path(order["root"])
    with notebooks_here(), connect(root) as warehouse:
        Reports(warehouse, root, Options(is_quiet=True)).overview(1, Path(order["target"]))


def is_for_writing(flags: int) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


if __name__ == "__main__":
    serve()
