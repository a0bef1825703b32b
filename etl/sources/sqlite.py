"""SQLite copies of a source, read through the standard library: its types are loose, so all comes as text."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from igny8_analysis.etl.errors import LoadError

BATCH_ROWS = 10_000


class SqliteSource:
    """A SQLite file inside one read transaction; `as_of` is the clock when it began."""

    kind = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose read transaction has begun."""
        self._connection = connection
        self.as_of = datetime.now(UTC)

    def columns(self, table: str) -> frozenset[str]:
        """Names of the table's columns, in lower case (SQLite takes any); empty where there is no such table."""
        rows = self._connection.execute("select lower(name) from pragma_table_info(?)", [table])
        return frozenset(name for (name,) in rows)

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches: whole numbers as int64 for counts, all else as text."""
        cursor = self._connection.execute(query)
        schema = pa.schema(
            [
                (name, pa.int64() if name in ("is_pending", "items") else pa.string())
                for name, *_ in cursor.description
            ]
        )

        def batches() -> Iterator[pa.RecordBatch]:
            while rows := cursor.fetchmany(BATCH_ROWS):
                columns = zip(*rows, strict=True)
                yield pa.record_batch(
                    [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
                )

        return pa.RecordBatchReader.from_batches(schema, batches())


@contextmanager
def open_sqlite(path: str) -> Iterator[SqliteSource]:
    """Open an existing file read-only, in one transaction. Raises LoadError; never creates a file."""
    file = Path(path)
    if not file.is_file():
        raise LoadError(
            f"there is no SQLite file {path}; check the path (sqlite:////path for an absolute one)"
        )
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro"
        with closing(
            sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        ) as connection:
            connection.text_factory = lambda text: text.decode(errors="replace")
            connection.execute("begin")
            connection.execute("select count(*) from sqlite_schema").fetchone()
            yield SqliteSource(connection)
    except sqlite3.Error as error:
        raise LoadError(f"the SQLite file {path} cannot be read: {error}") from error
