"""The tables that grow from load to load: of a version's Parquet where that is whole, else of its database."""

import duckdb

from igny8_analysis.etl.errors import Igny8Error, LoadError
from igny8_analysis.etl.lake import Version, crc32, sha256
from igny8_analysis.etl.resources import is_out_of_memory
from igny8_analysis.etl.templates import parquet, quoted


def growing_rows(connection: duckdb.DuckDBPyConnection, version: Version, table: str) -> str:
    """A relation, in SQL, of the version's rows of a growing table; its database may be attached as `previous`.

    Raises LoadError where neither its Parquet nor its database is whole, WarehouseNotFound where a file is none.
    """
    version.refuse_what_is_no_file()
    rows = parquet(version.lake / f"{table}.parquet")
    if _is_parquet_as_written(version, table) and _can_be_read(connection, rows):
        return rows
    if _is_database_as_written(version):
        try:
            connection.execute(f"attach if not exists '{quoted(version.database)}' as previous (read_only)")
        except duckdb.Error as error:
            if _says_nothing_of_what_is_read(error):
                raise
        else:
            if _can_be_read(connection, f"previous.lake.{table}"):
                return f"previous.lake.{table}"
    raise LoadError(
        f"the history of version {version.id} is damaged: {table} can be read neither from its lake nor from its "
        "warehouse.duckdb; restore the version from a backup, or go on from another: igny8 versions --use ID"
    )


def holds_table(version: Version, table: str) -> bool:
    """Whether the version was written with such a table: one of an earlier program may be without."""
    try:
        return table in version.manifest()["tables"]
    except Igny8Error:
        return True


def alert_keys(connection: duckdb.DuckDBPyConnection, version: Version) -> list[str]:
    """The keys of the version's alerts; none where its database cannot be read, or was made before there were any."""
    try:
        connection.execute(f"attach if not exists '{quoted(version.database)}' as previous (read_only)")
        found = connection.execute("select distinct alert_key from previous.alerts order by 1").fetchall()
    except duckdb.Error as error:
        if _says_nothing_of_what_is_read(error):
            raise
        return []
    return [key for (key,) in found]


def load_numbers(version: Version) -> set[int]:
    """Numbers of the loads whose counts the version holds. Raises LoadError where it is damaged."""
    with duckdb.connect() as connection:
        rows = growing_rows(connection, version, "loads")
        return {number for (number,) in connection.execute(f"select load_number from {rows}").fetchall()}


def _is_parquet_as_written(version: Version, table: str) -> bool:
    path = version.lake / f"{table}.parquet"
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    try:
        return bool(version.manifest()["tables"][table]["sha256"] == sha256(*files))
    except (KeyError, TypeError, Igny8Error):  # the manifest does not tell
        return True
    except OSError:
        return False


def _is_database_as_written(version: Version) -> bool:
    try:
        return bool(version.manifest()["database_crc32"] == crc32(version.database))
    except (KeyError, TypeError, Igny8Error):
        return True
    except OSError:
        return False


def _can_be_read(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    try:
        connection.execute(f"select bit_xor(hash(r)) from {relation} as r").fetchall()
    except duckdb.Error as error:
        if _says_nothing_of_what_is_read(error):
            raise
        return False
    return True


def _says_nothing_of_what_is_read(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.InterruptException) or is_out_of_memory(error)
