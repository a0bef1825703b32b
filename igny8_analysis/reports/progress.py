"""Progress of long work on standard error: count, rate and time left; on a terminal as a bar that moves."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress


class Progress:
    """Counts finished reports; a bar on a terminal, one line every ten seconds elsewhere."""

    def __init__(self, total: int, *, is_quiet: bool = False) -> None:
        """Start the clock; `is_quiet` tells nothing."""
        self._total = total
        self._done = 0
        self._started = self._told = time.monotonic()
        self._is_silent = is_quiet
        self._lock = threading.Lock()
        self._shown = ExitStack()
        self._bar = None if is_quiet or not sys.stderr.isatty() else _bar()

    def __enter__(self) -> Progress:
        if self._bar:
            self._shown.enter_context(self._bar)
            self._bar.add_task("", total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.close()

    def advance(self) -> None:
        """Count one more report as finished, and tell."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if self._bar:
                for task in self._bar.task_ids:
                    self._bar.update(task, completed=self._done, description=self.line(now))
                return
            is_due = now - self._told >= 10 or self._done == self._total
            if self._is_silent or not is_due:
                return
            self._told = now
            sys.stderr.write(f"{self.line(now)}\n")
            sys.stderr.flush()

    def line(self, now: float) -> str:
        """Return the line for an instant: `120 of 350 reports, 2.1 a second, 1 min 50 s left`."""
        from igny8_analysis.reports.formats import duration, number

        rate = self._done / max(now - self._started, 1e-9)
        left = (self._total - self._done) / rate
        counted = f"{number(self._done)} of {number(self._total)} reports, {rate:.1f} a second"
        return f"{counted}, {duration(left)} left" if left else counted


def _bar() -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        BarColumn(20), TextColumn("{task.description}", markup=False), console=Console(stderr=True)
    )
