"""The sample as a SQLite file."""

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from igny8_analysis.etl.demo.cast import accounts
from igny8_analysis.etl.demo.rows import demo_rows
from igny8_analysis.etl.demo.values import Row, Schema, Value
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.files import sweep, whole

SPELLINGS = (
    ("T", "Z"),
    (" ", "+00:00"),
    ("T", ""),
    (" ", ""),
    ("T", "+02:00"),
    (" ", "-03:30"),
    ("T", "+00:00"),
    (" ", "Z"),
)
"""How copies write times, in turn: what parts day and hour, and the zone."""


def write_sqlite(path: str | os.PathLike[str], schema: Schema = "documented") -> None:
    """Write the sample to `path` as a SQLite database, whole or not at all; what was there is replaced.

    Times are spelled in all the ways that copies use. Raises LoadError where the file cannot be written.
    """
    target = Path(path)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        scratch.unlink(missing_ok=True)
        with closing(sqlite3.connect(scratch)) as database:
            database.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
            for table, rows in demo_rows(schema).items():
                _insert(database, table, rows)
            database.commit()
        scratch.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise LoadError(f"cannot write the sample source to {target}: {error}") from error
    finally:
        with suppress(OSError):
            scratch.unlink()


def copy_sqlite(made: Path, target: Path) -> None:
    """Put a sample that was made elsewhere at `target`, whole or not at all, as old as it is. Raises OSError."""
    sweep(target.parent)
    with made.open("rb") as sample, whole(target) as file:
        shutil.copyfileobj(sample, file)
        file.flush()
        about = made.stat()
        os.utime(file.fileno(), ns=(about.st_atime_ns, about.st_mtime_ns))


def is_sample(path: Path) -> bool:
    """Whether a file is a sample that this package made, now or in an earlier version."""
    if not path.is_file() or path.is_symlink():
        return False
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database,
    ):
        found = database.execute(
            "select 1 from igny8_tenants where name = ?", [accounts()[0]["name"]]
        ).fetchone()
        return found is not None
    return False


def _insert(database: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    """Insert the rows. What the table has no column for becomes a generated one, which a SQLite copy may hold too."""
    plain = {name for (name,) in database.execute("select name from pragma_table_info(?)", [table])}
    columns = [column for column in rows[0] if column in plain]
    for column in (column for column in rows[0] if column not in plain):
        values = " ".join(f"when {row['id']} then {_literal(row[column])}" for row in rows)
        database.execute(
            f"alter table {table} add column {column} integer generated always as (case id {values} end) virtual"
        )
    statement = f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"
    spellings = itertools.cycle(SPELLINGS)
    database.executemany(statement, ([_stored(row[column], spellings) for column in columns] for row in rows))


def _literal(value: Value) -> str:
    if value is None:
        return "null"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else f"{value:d}"


def _stored(value: Value, spellings: Iterator[tuple[str, str]]) -> Value:
    if not isinstance(value, datetime):
        return value
    separator, zone = next(spellings)
    if zone[1:]:
        sign = -1 if zone[0] == "-" else 1
        offset = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
        value = value.astimezone(timezone(offset))
    text = value.replace(tzinfo=None).isoformat(separator)
    return (text.rstrip("0") if "." in text else text) + zone
