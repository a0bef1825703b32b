"""Progress of long work on standard error: count, rate and time left; on a terminal as one moving line."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType


class Progress:
    """Counts finished reports; one line that moves on a terminal, one every ten seconds elsewhere."""

    def __init__(self, total: int, *, is_quiet: bool = False) -> None:
        """Start the clock; `is_quiet` tells nothing."""
        self._total = total
        self._done = 0
        self._started = self._told = time.monotonic()
        self._is_live = sys.stderr.isatty()
        self._is_silent = is_quiet
        self._lock = threading.Lock()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_silent and self._is_live and self._done:
            sys.stderr.write("\n")

    def advance(self) -> None:
        """Count one more report as finished, and tell."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            is_due = self._is_live or now - self._told >= 10 or self._done == self._total
            if self._is_silent or not is_due:
                return
            self._told = now
            sys.stderr.write(f"\r\x1b[2K{self.line(now)}" if self._is_live else f"{self.line(now)}\n")
            sys.stderr.flush()

    def line(self, now: float) -> str:
        """Return the line for an instant: `120 of 350 reports, 2.1 a second, 1 min 50 s left`."""
        from igny8_analysis.reports.formats import duration, number

        rate = self._done / max(now - self._started, 1e-9)
        left = (self._total - self._done) / rate
        counted = f"{number(self._done)} of {number(self._total)} reports, {rate:.1f} a second"
        return f"{counted}, {duration(left)} left" if left else counted
