"""SQLite copies of a source, read through the standard library: its types are loose, so all comes as text.

Nothing is written beside the file: what SQLite could only read by making files there is read elsewhere.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.scratch import COPY, Scratch
from igny8_analysis.etl.sources.source import Relation, trimmed
from igny8_analysis.etl.sources.sqlite_functions import add_functions

BATCH_ROWS = 10_000
BUSY_SECONDS = 2
STATEMENT_MINUTES = 15
STEPS_BETWEEN_LOOKS = 100_000

COLUMNS = (
    "select lower(name) from pragma_table_xinfo(?) where hidden <> 1"  # 1: no column that one can select
)
COMPANIONS = ("-wal", "-shm", "-journal")
WAL_VERSIONS = b"\x02\x02"  # of writing and reading, in the header
TABLES = "select name from sqlite_schema where type in ('table', 'view') order by name"


class SqliteSource:
    """A SQLite file inside one read transaction; `as_of` is the clock when it began."""

    kind = "sqlite"
    total = "total_amount"
    exact = "collate binary"

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose read transaction has begun."""
        self._connection = connection
        self._deadline = float("inf")
        self.failure: sqlite3.Error | None = None
        add_functions(connection)
        self.as_of = datetime.now(UTC)
        connection.set_progress_handler(self.is_late, STEPS_BETWEEN_LOOKS)

    def relations(self, also: Sequence[str]) -> list[Relation]:
        """Every table and view named `igny8_…`, and those named in `also`; names of columns in lower case."""
        named = {name.lower().removeprefix("main.") for name in also}
        found = []
        for (table,) in self._connection.execute(TABLES).fetchall():
            if table.lower().startswith("igny8_") or table.lower() in named:
                with suppress(sqlite3.OperationalError):  # a view of what is gone
                    columns = [name for (name,) in self._connection.execute(COLUMNS, [table])]
                    found.append(Relation(table, ("main", table), dict.fromkeys(columns, True)))
        return found

    def written_rows(self, path: tuple[str, ...], id_column: str | None) -> str:
        """SQLite's rows do not."""
        return "SQLite does not tell which rows changed"

    def key(self, column: str, type_: str | None) -> str:
        """SQL for a column as text, whatever its type."""
        return f"cast({column} as text)"

    def utc_date(self, column: str, type_: str | None) -> str:
        """SQL for the date in UTC of a column, whatever its type."""
        text = trimmed(column)
        return f"case when {_consists_of('-+.:0-9TZ ', text)} then utc_date({text}) end"

    def amount(self, column: str, type_: str | None, places: int) -> str:
        """SQL for the number that a column holds, whatever its type."""
        text = trimmed(column)
        return f"case when {_consists_of('-+.0-9eE', text)} then amount({text}, {places}) end"

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches: whole numbers as int64 for counts, all else as text."""
        self._deadline = time.monotonic() + STATEMENT_MINUTES * 60
        cursor = self._connection.execute(query)
        schema = pa.schema(
            [
                (name, pa.int64() if name == "is_pending" or name.endswith("items") else pa.string())
                for name, *_ in cursor.description
            ]
        )

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                while rows := cursor.fetchmany(BATCH_ROWS):
                    columns = zip(*rows, strict=True)
                    yield pa.record_batch(
                        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
                    )
            except sqlite3.Error as error:
                self.failure = error  # the reader of the batches makes an error of its own of it
                raise

        return pa.RecordBatchReader.from_batches(schema, batches())

    def replaced(self) -> list[str]:
        """None: the snapshot holds for all of the file."""
        return []

    def interrupt(self) -> None:
        """End the statement that runs, from another thread."""
        with suppress(sqlite3.Error):
            self._connection.interrupt()

    def is_late(self) -> bool:
        """Whether the statement that runs takes too long."""
        return time.monotonic() > self._deadline


def _consists_of(characters: str, text: str) -> str:
    """Whether a text has no others, in SQL: it may be no text at all, which Python functions do not take.

    `glob` looks no further than to a NUL.
    """
    return f"{text} not glob '*[^{characters}]*' and instr({text}, char(0)) = 0"


@contextmanager
def open_sqlite(path: str) -> Iterator[SqliteSource]:
    """Open an existing file read-only, in one transaction. Raises LoadError; never writes beside the file."""
    given = Path(path)
    if not given.is_file():
        raise LoadError(
            f"there is no SQLite file {path}; check the path (sqlite:////path for an absolute one)"
        )
    source = None
    try:
        with ExitStack() as stack:
            file = given.resolve()
            before = _state(file)
            address = _address(file, stack)
            connection = stack.enter_context(
                closing(
                    sqlite3.connect(
                        address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
                    )
                )
            )
            connection.text_factory = lambda text: text.decode(errors="replace")
            connection.execute("begin")
            connection.execute("select count(*) from sqlite_schema").fetchone()
            source = SqliteSource(connection)
            yield source
            if "immutable" in address and _state(file) != before:
                raise LoadError(f"the SQLite file {path} was written while it was read; load again")
    except (sqlite3.Error, duckdb.Error, pa.ArrowException, OSError) as error:
        failure = source.failure if source and source.failure else error
        if isinstance(failure, sqlite3.Error):
            raise LoadError(_explain(given, failure, source)) from error
        if source is None:
            raise LoadError(f"the SQLite file {path} cannot be read: {error}") from error
        raise


def _address(file: Path, stack: ExitStack) -> str:
    """How SQLite reads the file without writing beside it, as a URI.

    A write-ahead log is read together with its shared memory, which SQLite makes where it is missing: then from a
    private copy of both files, which is gone when `stack` closes. Without a log the file is all there is.
    """
    for suffix in COMPANIONS:  # SQLite would wait for a FIFO without end
        beside = file.with_name(file.name + suffix)
        if beside.exists() and not beside.is_file():
            raise LoadError(
                f"{beside} is no regular file: move it away from beside the SQLite file, and load again"
            )
    with file.open("rb") as opened:
        header = opened.read(20)
    wal, memory = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
    has_log = header[18:] == WAL_VERSIONS or wal.exists()
    if not has_log or (wal.exists() and memory.exists()):
        return f"{file.as_uri()}?mode=ro"
    if not wal.exists() or wal.stat().st_size == 0:
        return f"{file.as_uri()}?mode=ro&immutable=1"
    folder = Path(stack.enter_context(Scratch(COPY)))
    before = _state(file), _state(wal)
    for part in (file, wal):
        shutil.copyfile(part, folder / part.name)
    if (_state(file), _state(wal)) != before:
        raise LoadError(f"the SQLite file {file} was written while it was read; load again")
    return f"{(folder / file.name).as_uri()}?mode=ro"


def _state(file: Path) -> tuple[int, int, int]:
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _explain(file: Path, error: sqlite3.Error, source: SqliteSource | None) -> str:
    """What SQLite's error means and what helps, on one line."""
    journal = file.with_name(f"{file.name}-journal")
    name = getattr(error, "sqlite_errorname", "")
    if source and source.is_late():
        return (
            f"reading the SQLite file {file} failed: one query took over {STATEMENT_MINUTES} minutes; "
            "nothing was loaded, load from a smaller copy"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return (
            f"the SQLite file {file} is locked: another program holds it open for writing; "
            "let that end its transaction or close the file, and load again"
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) and journal.exists():
        return (
            f"the SQLite file {file} was left in the middle of a write, and {journal.name} beside it undoes that; "
            f"let SQLite do so (sqlite3 {file} 'pragma quick_check'), or copy both and do it there, and load again"
        )
    return f"the SQLite file {file} cannot be read: {error}"
