"""What a load may use of its machine: processors and memory."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import duckdb

T = TypeVar("T")

MEGABYTES = 370
MEGABYTES_A_FURTHER_THREAD = 160
UNSOUND = (duckdb.TransactionException, duckdb.FatalException)
"""Errors of a database in which something ran out of memory before: deletions half undone, a checkpoint half made."""


@dataclass(frozen=True)
class Resources:
    """How many threads work at once, and the memory of each step in megabytes, beyond which it spills to disk.

    `threads` None: every processor that this process may use. `megabytes` None: by the threads, at most half of the
    machine's. No number depends on them.
    """

    threads: int | None = None
    megabytes: int | None = None

    def settings(self) -> str:
        """The same as DuckDB's settings."""
        return f"set threads = {self.thread_count}; set memory_limit = '{self.memory}MB'"

    @property
    def thread_count(self) -> int:
        """The threads, counted where they were not given."""
        return self.threads or _processors()

    @property
    def memory(self) -> int:
        """The megabytes, reckoned where they were not given."""
        by_threads = MEGABYTES + MEGABYTES_A_FURTHER_THREAD * max(0, self.thread_count - 2)
        return self.megabytes or max(MEGABYTES, min(by_threads, half_of_memory()))

    def doubled(self) -> "Resources | None":
        """The same with twice the memory; None where that is more than half of the machine's."""
        more = replace(self, megabytes=2 * self.memory)
        return more if more.memory <= half_of_memory() else None


class Steps:
    """The steps in which something is made or read, in the memory they may use; what needs more has twice as much."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, resources: Resources, resume: str = "", relief: str = ""
    ) -> None:
        """Take steps on a connection with the resources' settings.

        `resume`: SQL that is run before a step begins again; `relief`: SQL that gives memory back.
        """
        self.connection = connection
        self.resources = resources
        self._resume = resume
        self._relief = relief

    def take(self, step: Callable[[], T]) -> T:
        """What a step gives, which may be begun again: relieved, and with more memory, up to half of the machine's.

        Raises what ran out of memory, too, where the database cannot be gone on with after that.
        """
        short: duckdb.Error | None = None
        while True:
            try:
                if short:
                    self.relieve()
                    self.connection.execute(self._resume)
                return step()
            except duckdb.Error as error:
                if not is_out_of_memory(error):
                    if short and isinstance(error, UNSOUND):
                        raise short from error
                    raise
                more = self.resources if self._relief and not short else self.resources.doubled()
                if more is None:
                    raise
                self.resources, short = more, error
            with suppress(duckdb.TransactionException):
                self.connection.rollback()

    def relieve(self) -> None:
        """Give memory back, for which there may be twice as much."""
        more = self.resources.doubled() or self.resources
        self.connection.execute(f"{more.settings()}; {self._relief}; {self.resources.settings()}")


def is_out_of_memory(error: Exception) -> bool:
    """Whether DuckDB found no room; where that is as it commits, or writes a checkpoint, only its text says so."""
    text = str(error)
    return isinstance(error, duckdb.OutOfMemoryException) or (
        isinstance(error, duckdb.TransactionException | duckdb.IOException)
        and ("Failed to commit" in text or "Checkpoint failed" in text)
        and ("allocate" in text or "pin block" in text)
    )


def half_of_memory() -> int:
    """Half of the machine's memory, in megabytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**21


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


MACHINE = Resources()
"""All processors, and memory by their number."""
