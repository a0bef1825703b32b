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
DEAF_SECONDS = 3.0


class Interruptible(Protocol):
    """What can be told from another thread to end what it does: connections of DuckDB, sources."""

    def interrupt(self) -> None:
        """End what runs, if anything does."""
        ...


class _Listener:
    """Reads the pipe, in a thread that a process starts once, and interrupts `running` until that is over."""

    def __init__(self) -> None:
        self.running: list[Interruptible] = []
        self.heard: int | None = None
        self.is_answered = False
        self._last_resort: Callable[[int], None] | None = None
        self._deaf_at = float("inf")
        self._lock = threading.Lock()
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        threading.Thread(target=self._listen, daemon=True).start()

    def begin(self, last_resort: Callable[[int], None] | None) -> None:
        self._forget()
        self._last_resort = last_resort
        self._before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def end(self) -> None:
        signal.set_wakeup_fd(self._before, warn_on_full_buffer=False)
        self._forget()

    def _forget(self) -> None:
        """Leave nothing of what was heard to the block that comes next."""
        with self._lock:
            self._read()
            self.running = []
            self.heard = self._last_resort = None

    def _read(self) -> bytes:
        with suppress(BlockingIOError):
            return os.read(self._reading, select.PIPE_BUF)
        return b""

    def _hear(self) -> None:
        for found in self._read():
            if found in ENDING:
                self.is_answered = False
                self.heard, self._deaf_at = found, time.monotonic() + DEAF_SECONDS

    def has_heard(self) -> bool:
        """Whether there was a signal, also where the thread has not come to it yet."""
        with self._lock:
            self._hear()
            return self.heard is not None

    def _listen(self) -> None:
        while True:
            select.select([self._reading], [], [], None if self.heard is None else POLL_SECONDS)
            with self._lock:
                self._hear()
                if self.heard is None:
                    continue
                for one in tuple(self.running):
                    with suppress(Exception):  # it has just ended
                        one.interrupt()
                if self._last_resort and not self.is_answered and time.monotonic() > self._deaf_at:
                    self._last_resort(self.heard)


_listener: _Listener | None = None  # while a block listens
_resident: _Listener | None = None


def _leave_to_parent() -> None:
    global _listener, _resident  # noqa: PLW0603 (a process has one set of signals)
    _listener = _resident = None


os.register_at_fork(after_in_child=_leave_to_parent)


@contextmanager
def listening(last_resort: Callable[[int], None] | None = None) -> Iterator[None]:
    """Listen for signals while the block runs, in the main thread; elsewhere nobody gets any.

    `last_resort` is called with the signal where neither Python nor what runs has answered it for some seconds.
    """
    global _listener, _resident  # noqa: PLW0603 (a process has one set of signals)
    if _listener or threading.current_thread() is not threading.main_thread():
        yield
        return
    _listener = _resident = _resident or _Listener()
    _listener.begin(last_resort)
    try:
        yield
    finally:
        ended, _listener = _listener, None
        if ended:  # else this is a child, forked meanwhile
            ended.end()


@contextmanager
def lent() -> Iterator[None]:
    """Leave signals to an event loop while the block runs: it takes the pipe's place, and would leave none."""
    before = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before, warn_on_full_buffer=False)


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
        under_way = listener.running
        under_way.extend(running)
        try:
            yield
        except Exception:
            if listener.has_heard():
                raise KeyboardInterrupt(listener.heard) from None
            raise
        finally:
            for one in running:
                under_way.remove(one)
            if not listener.running:
                listener.heard = None
