"""PostgreSQL through ADBC: Arrow batches out of one repeatable-read, read-only transaction."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

from etl.errors import LoadError

STATEMENT_TIMEOUT_MINUTES = 15
APPLICATION_NAME = "igny8-analysis"

# The isolation level must come before the first query, whose start is the snapshot.
SESSION = (
    "set transaction isolation level repeatable read, read only",
    f"set application_name to '{APPLICATION_NAME}'",
    f"set local statement_timeout to '{STATEMENT_TIMEOUT_MINUTES}min'",
    "set local timezone to 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'iso_8601'",
    "set local extra_float_digits to 1",
)

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
    try:
        with dbapi.connect(url) as connection:
            yield PostgresSource(connection)
    except (Error, pa.ArrowException, OSError) as error:
        raise LoadError(f"PostgreSQL: {_without_secrets(str(error), url)}") from None


def _without_secrets(message: str, url: str) -> str:
    """The driver's message on one line, without the address or any password in it."""
    secrets = [url, *re.findall(r"://[^/@]*:([^/@]*)@", url), *re.findall(r"password=([^&]*)", url)]
    for secret in filter(None, secrets):
        message = message.replace(secret, "***")
    return " ".join(message.split())
