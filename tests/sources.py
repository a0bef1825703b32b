"""Sources for tests: the rows of the demo, or any rows like them, in a real PostgreSQL."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import pyarrow as pa

from igny8_analysis.etl.demo import Row, Value

SCHEMA = Path(__file__).with_name("data") / "source_schema.sql"

_COLUMN_TYPES = """
select attname, format_type(atttypid, atttypmod) from pg_attribute
where attrelid = $1::regclass and attnum > 0 order by attnum
"""


def load_postgres(connection_uri: str, rows: Mapping[str, Sequence[Row]]) -> None:
    """Create IGNY8's tables in an empty PostgreSQL database and fill them with `rows`, in one transaction.

    Values go over as text and are cast by PostgreSQL to each column's own type, JSON text to jsonb.
    """
    with postgresql.connect(connection_uri) as connection, connection.cursor() as cursor:
        for statement in re.sub(r"--.*", "", SCHEMA.read_text(encoding="utf-8")).split(";"):
            if statement.strip():
                cursor.execute(statement)
        for table, table_rows in rows.items():
            if table_rows:
                _insert(cursor, table, table_rows)
        connection.commit()


def _insert(cursor: postgresql.Cursor, table: str, rows: Sequence[Row]) -> None:
    cursor.execute(_COLUMN_TYPES, (table,))
    types = dict(cursor.fetchall())
    columns = list(rows[0])
    texts = {column: pa.array([_text(row[column]) for row in rows], pa.string()) for column in columns}
    cursor.adbc_ingest(f"{table}_text", pa.table(texts), mode="create", temporary=True)
    casts = ", ".join(f"{column}::{types[column]}" for column in columns)
    cursor.execute(f"insert into {table} ({', '.join(columns)}) select {casts} from {table}_text")


def _text(value: Value) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
