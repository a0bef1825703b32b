"""Ctrl-C and SIGTERM end what runs outside Python too: a query of DuckDB or SQLite, a wait for a server.

Python sees a signal only when the call that runs returns. The interpreter writes it into a pipe at once, though: a
thread reads there and interrupts what is under way.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

ENDING = (signal.SIGINT, signal.SIGTERM)
POLL_SECONDS = 0.05
DEAF_SECONDS = 4.0
STOP = b"\0"


class Interruptible(Protocol):
    """What can be told from another thread to end what it does: connections of DuckDB, sources."""

    def interrupt(self) -> None:
        """End what runs, if anything does."""
        ...


class _Listener:
    """Reads the pipe, and interrupts `running` until that is over."""

    def __init__(self, last_resort: Callable[[int], None] | None) -> None:
        self.running: list[Interruptible] = []
        self.heard: int | None = None
        self.is_answered = False
        self._last_resort = last_resort
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        signal.set_wakeup_fd(self._before, warn_on_full_buffer=False)
        os.write(self._writing, STOP)
        self._thread.join()
        os.close(self._reading)
        os.close(self._writing)

    def _listen(self) -> None:
        deaf_at = float("inf")
        while True:
            is_waiting = self.heard is not None
            if select.select([self._reading], [], [], POLL_SECONDS if is_waiting else None)[0]:
                found = os.read(self._reading, 1)
                if found == STOP:
                    return
                if found[0] in ENDING:
                    self.is_answered = False
                    self.heard, deaf_at = found[0], time.monotonic() + DEAF_SECONDS
            if self.heard is None:
                continue
            for one in tuple(self.running):
                with suppress(Exception):  # it has just ended
                    one.interrupt()
            if self._last_resort and not self.is_answered and time.monotonic() > deaf_at:
                self._last_resort(self.heard)


_listener: _Listener | None = None


@contextmanager
def listening(last_resort: Callable[[int], None] | None = None) -> Iterator[None]:
    """Listen for signals while the block runs, in the main thread; elsewhere nobody gets any.

    `last_resort` is called with the signal where neither Python nor what runs has answered it for some seconds.
    """
    global _listener  # noqa: PLW0603 (a process has one set of signals)
    if _listener or threading.current_thread() is not threading.main_thread():
        yield
        return
    _listener = _Listener(last_resort)
    try:
        yield
    finally:
        ended, _listener = _listener, None
        ended.close()


def answer() -> None:
    """Say that Python has seen the signal: its handler runs."""
    if _listener:
        _listener.is_answered = True


@contextmanager
def interruptible(*running: Interruptible) -> Iterator[None]:
    """While the block runs, let Ctrl-C and SIGTERM interrupt these; then raise KeyboardInterrupt."""
    with listening():
        listener = _listener
        if listener is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        if not listener.running:
            listener.heard = None
        listener.running.extend(running)
        try:
            yield
        except Exception:
            if listener.heard is not None:
                raise KeyboardInterrupt(listener.heard) from None
            raise
        finally:
            for one in running:
                listener.running.remove(one)
            if not listener.running:
                listener.heard = None
