"""What runs out of memory is begun again, and gives what it would have, or says that memory is what it lacked."""

from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl.resources import MACHINE, Resources, Steps, is_out_of_memory

RELIEF = "checkpoint warehouse"
ROWS = 2_000_000


def many(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"attach '{folder}/new.duckdb' as warehouse (recovery_mode 'no_wal_writes'); use warehouse; "
        f"set temp_directory = '{folder}/spill'; set max_vacuum_tasks = 0; "
        f"create table many as select i, i / 7 as x, cast(i as varchar) as t from range({ROWS}) as t(i); {RELIEF}"
    )
    return connection


def test_what_is_held_until_a_checkpoint_is_written_before_more_memory_is_taken(tmp_path: Path) -> None:
    """A row deleted of every 2,048 holds memory for all of them."""
    with closing(many(tmp_path)) as connection:
        connection.execute("delete from many where i % 2048 = 7")
        less = "set memory_limit = '8MB'"
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(less)
        steps = Steps(connection, MACHINE, "use warehouse", RELIEF)
        steps.take(lambda: connection.execute(less))
        assert steps.resources == MACHINE


@pytest.mark.parametrize("megabytes", [14, 24])
def test_little_memory_gives_the_same_rows_or_is_told(tmp_path: Path, megabytes: int) -> None:
    """A deletion that finds no room is not all undone: to begin again would find a conflict, which tells nobody why."""
    little = Resources(threads=1, megabytes=megabytes)
    with closing(many(tmp_path)) as connection:
        connection.execute(little.settings())
        steps = Steps(connection, little, "use warehouse", RELIEF)
        try:
            for number in range(3):
                steps.take(partial(connection.execute, f"delete from many where i % 2048 = {number}"))
        except duckdb.OutOfMemoryException:
            assert megabytes < 20
        else:
            connection.execute(MACHINE.settings())
            left = sum(number % 2048 > 2 for number in range(ROWS))
            assert connection.execute("select count(*) from many").fetchall() == [(left,)]


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (duckdb.OutOfMemoryException("failed to allocate data of size 2.0 MiB"), True),
        (duckdb.TransactionException("Failed to commit: failed to pin block of size 256.0 KiB"), True),
        (duckdb.TransactionException("Failed to commit: could not allocate block of size 256.0 KiB"), True),
        (duckdb.TransactionException("Failed to commit: PRIMARY KEY or UNIQUE constraint violation"), False),
        (
            duckdb.IOException(
                'Checkpoint failed for database "warehouse". … failed to allocate data of size 8 KiB'
            ),
            True,
        ),
        (duckdb.IOException('Checkpoint failed for database "warehouse". … No space left on device'), False),
        (duckdb.TransactionException("Conflict on tuple deletion!"), False),
        (duckdb.InterruptException("Interrupted!"), False),
        (ValueError("failed to allocate"), False),
    ],
)
def test_no_room_is_known_by_its_class_or_as_a_commit_tells_it(error: Exception, is_it: bool) -> None:
    assert is_out_of_memory(error) == is_it
