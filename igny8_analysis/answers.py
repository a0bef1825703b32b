"""The answer to a query, in bounds: Ctrl-C ends it, a time may be set for it, and a limit that is hit is told."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from igny8_analysis.errors import QueryTooLarge, SqlError, of_another_program
from igny8_analysis.etl.errors import DAMAGED, UsageError, WarehouseNotFound, is_damage
from igny8_analysis.etl.interrupts import interruptible

AGAIN_SECONDS = 0.1
BATCH_ROWS = 1_000
LACKING = re.compile(r"Table with name (\w+) does not exist")
SQL_FILES = Path(__file__).parent / "warehouse"
SQL_HINTS = ("Did you mean", "Candidate bindings")


@dataclass(frozen=True)
class Limits:
    """What a query may take: memory and room on disk as DuckDB spells sizes (`2GB`), and seconds (None: any)."""

    memory: str = "2GB"
    spill: str = "10GB"
    seconds: float | None = None


class Answer:
    """The rows of a query, with all methods of DuckDB's relation: `.fetchall()`, `.pl()`, `.columns` …"""

    def __init__(
        self, relation: duckdb.DuckDBPyRelation, cursor: duckdb.DuckDBPyConnection, limits: Limits
    ) -> None:
        """Hold the relation, which runs on the cursor when its rows are asked for."""
        self._relation = relation
        self._cursor = cursor
        self._limits = limits

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._relation.columns)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        with self.in_bounds():
            return self._relation.fetchall()

    def __repr__(self) -> str:
        with self.in_bounds():
            return repr(self._relation)

    def __len__(self) -> int:
        with self.in_bounds():
            return len(self._relation)

    def __getitem__(self, name: str) -> Any:
        return self._wrapped(self._relation[name])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        with self.in_bounds():  # some, like `shape`, run the query
            found = getattr(self._relation, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self.in_bounds():
                return self._wrapped(found(*arguments, **named))

        return call

    @contextmanager
    def in_bounds(self) -> Iterator[None]:
        """Where rows are asked for. Raises QueryTooLarge where a limit is hit."""
        with bounded(self._cursor, self._limits):
            yield

    def _wrapped(self, found: Any) -> Any:
        is_relation = isinstance(found, duckdb.DuckDBPyRelation)
        return Answer(found, self._cursor, self._limits) if is_relation else found


class Stream:
    """The rows of a query in batches, as they come: no more than one is held. What their reader takes is not timed."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, query: str, params: object, limits: Limits) -> None:
        """Begin the query. Raises QueryTooLarge where a limit is hit."""
        self._cursor = cursor
        self._limits = limits
        self._seconds = 0.0
        with self._timed():
            cursor.execute(query, params)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [name for name, *_ in self._cursor.description or ()]

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        while batch := self._next():
            yield batch

    def _next(self) -> list[tuple[Any, ...]]:
        with self._timed():
            return self._cursor.fetchmany(BATCH_ROWS)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.monotonic()
        with sql_errors(), bounded(self._cursor, self._limits, self._seconds):
            yield
        self._seconds += time.monotonic() - began


@contextmanager
def bounded(cursor: duckdb.DuckDBPyConnection, limits: Limits, seconds_taken: float = 0) -> Iterator[None]:
    """Interrupt the cursor's query on Ctrl-C and when its time is over. Raises QueryTooLarge where a limit is hit."""
    is_over = threading.Event()
    is_late = threading.Event()

    def watch(seconds: float) -> None:
        if not is_over.wait(max(0, min(seconds - seconds_taken, threading.TIMEOUT_MAX))):
            is_late.set()
            while not is_over.wait(AGAIN_SECONDS):
                cursor.interrupt()

    watching = None
    if limits.seconds is not None:
        watching = threading.Thread(target=watch, args=(limits.seconds,), daemon=True)
    try:
        with interruptible(cursor):
            if watching:
                watching.start()
            yield
    except duckdb.OutOfMemoryException as error:
        raise QueryTooLarge(_room(error, limits)) from None
    except (duckdb.InterruptException, RuntimeError):
        if not is_late.is_set():
            raise
        raise QueryTooLarge(
            f"the query was stopped after {limits.seconds:g} s: ask for less, or allow it more (--max-seconds)"
        ) from None
    finally:
        is_over.set()
        if watching and watching.ident:
            watching.join()


def _room(error: Exception, limits: Limits) -> str:
    """Which of the two ran out."""
    if "max_temp_directory_size" in str(error) and "failed to offload" in str(error):
        return (
            f"the query needs more than {limits.spill} on disk: ask for less, or allow it more (--max-spill)"
        )
    return (
        f"the query needs more than {limits.memory} of memory: ask for less, or allow it more (--max-memory)"
    )


@contextmanager
def sql_errors() -> Iterator[None]:
    """Tell DuckDB's error about a query, also one that shows only as rows are fetched, as a UsageError."""
    try:
        yield
    except OverflowError:
        raise UsageError("a value of the answer is too large to show; cast it to varchar") from None
    except duckdb.Error as error:
        first, *others = str(error).splitlines()
        if is_damage(error):
            raise WarehouseNotFound(f"{DAMAGED} ({first})") from None
        lacking = LACKING.search(first)
        if lacking and any(SQL_FILES.rglob(f"{lacking[1]}.sql")):
            raise of_another_program(f"it has no {lacking[1]}") from None
        hints = [line for line in others if line.startswith(SQL_HINTS)]
        raise SqlError(" ".join([f"the SQL is wrong: {first}", *hints])) from None
