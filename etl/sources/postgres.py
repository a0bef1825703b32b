"""PostgreSQL through ADBC: Arrow batches out of one repeatable-read, read-only transaction."""

import os
import queue
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pyarrow as pa
from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.secrets import without_passwords

CONNECT_TIMEOUT_SECONDS = "15"
CONNECT_POLL_SECONDS = 0.02
STATEMENT_TIMEOUT_MINUTES = 15
APPLICATION_NAME = "igny8-analysis"

# The isolation level must come before the first query, whose start is the snapshot.
SESSION = (
    "set transaction isolation level repeatable read, read only",
    f"set application_name to '{APPLICATION_NAME}'",
    f"set local statement_timeout to '{STATEMENT_TIMEOUT_MINUTES}min'",
    "set local row_security to off",  # rows that a policy hides are an error, not a smaller source
    "set client_encoding to 'UTF8'",  # whatever PGCLIENTENCODING or the role says
    "set local timezone to 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'iso_8601'",
    "set local extra_float_digits to 1",
)

LIBPQ = "[libpq]"
CANCELLED = "canceling statement due to user request"
HINTS = {
    "row-level security": "let the reading role see every row (alter role … bypassrls), or read as the table's owner",
    "permission denied": "grant SELECT on it to the reading role",
    "statement timeout": f"one query took over {STATEMENT_TIMEOUT_MINUTES} minutes: load when the source is less busy",
}

COLUMNS = """
select attname
from pg_catalog.pg_attribute
where attrelid = to_regclass('{table}') and attnum > 0 and not attisdropped
"""


class PostgresSource:
    """A PostgreSQL database at one snapshot; `as_of` is the server's clock at its first query."""

    kind = "postgresql"

    def __init__(self, connection: dbapi.Connection) -> None:
        """Begin the read-only transaction on a fresh connection and fix its instant."""
        self._connection = connection
        self._reading = connection.cursor()
        with connection.cursor() as cursor:
            for statement in SESSION:
                cursor.execute(statement)
            cursor.execute("select statement_timestamp()")
            row = cursor.fetchone()
        assert row is not None
        self.as_of: datetime = row[0]

    def columns(self, table: str) -> frozenset[str]:
        """Names of the table's columns; empty where there is no such table."""
        with self._connection.cursor() as cursor:
            cursor.execute(COLUMNS.format(table=table))
            return frozenset(name for (name,) in cursor.fetchall())

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches; the next query ends the stream."""
        self._reading.close()
        self._reading = self._connection.cursor()
        self._reading.execute(query)
        reader: pa.RecordBatchReader = self._reading.fetch_record_batch()
        return reader


@contextmanager
def open_postgres(url: str) -> Iterator[PostgresSource]:
    """Connect (password from the URL, PGPASSWORD or ~/.pgpass) and hold one snapshot. Raises LoadError."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT_SECONDS)
    try:
        connection = _connect(url)
    except Error as error:
        raise LoadError(
            f"cannot connect to PostgreSQL: {_message(error, url)}; check the address, the user, the password "
            "(from the URL, PGPASSWORD or ~/.pgpass) and that the server runs"
        ) from None
    try:
        with connection:
            yield PostgresSource(connection)
    except (Error, pa.ArrowException, OSError, duckdb.Error) as error:
        if CANCELLED in str(error):  # what becomes of Ctrl-C while the driver waits for the server
            raise KeyboardInterrupt from None
        if not isinstance(error, Error) and LIBPQ not in str(error):
            raise  # of a file of ours, not of the source
        message = _message(error, url)
        hint = next((hint for sign, hint in HINTS.items() if sign in message), "load again")
        raise LoadError(f"reading from PostgreSQL failed: {message}; nothing was loaded, {hint}") from None


def _connect(url: str) -> dbapi.Connection:
    """Connect in a thread, for libpq does not hear Ctrl-C while a server does not answer."""
    answers: queue.SimpleQueue[dbapi.Connection | Exception] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answers.put(dbapi.connect(url))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=connect, daemon=True).start()
    while answers.empty():  # waiting without end is not interrupted either: the driver sets a signal handler
        time.sleep(CONNECT_POLL_SECONDS)
    answer = answers.get()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _message(error: Exception, url: str) -> str:
    """What libpq or the server says, on one line, without the query, and without a password in it."""
    message = re.split("Query was:|LINE [0-9]+:|SQLSTATE", without_passwords(str(error), url))[0]
    message = " ".join(message.rpartition(LIBPQ)[2].split())
    message = re.sub(r"^([A-Z_]+: )?(Failed to [a-z ]+: |Execution error \[\w+\]: )?", "", message)
    return message.rstrip(" .")
