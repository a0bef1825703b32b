"""Reading of the runs that changed: the others are as the load before read them.

PostgreSQL writes the number of the transaction into every row that it writes (`xmin`). So first the keys of all runs
are read, without their JSON, then in the same snapshot those rows whose number is another than at the load before, or
is one that was given out since. What a row's number does not tell is in the table's `state`: where that is another,
and where a source has no such numbers, everything is read. The ledger's sums go by the same (`ledger.py`).
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from igny8_analysis.etl.catalogue import FoundTable
from igny8_analysis.etl.contracts import RUN_TABLES
from igny8_analysis.etl.errors import Igny8Error
from igny8_analysis.etl.lake import Version, sha256
from igny8_analysis.etl.sources.source import Source, WrittenRows
from igny8_analysis.etl.templates import identifier, parquet, quoted

RUNS = "runs"
AS_READ_ALONE = ("reason", "checks", "id_text", "credits_text", "digest")
"""Columns of a run as it is read that the lake's table lacks."""
IDS_A_QUERY = 2_000
ROW_GROUP_ROWS = 20_480  # of rows so wide, larger groups take three times as long to write
NUMBERS = 2**32  # of transactions, before they are used again
NUMBER = "cast(cast(xmin as text) as bigint)"


@dataclass(frozen=True)
class GoesOn:
    """What a load goes on from: the version before, unless `is_full`; and the folder of the version that it makes."""

    folder: Path
    previous: Version | None
    is_full: bool


def file_name(name: str) -> str:
    """The file in which a version keeps what was read of a source's table, for the next load to go on from."""
    return f"{name}_as_read.parquet"


@dataclass(frozen=True)
class Told:
    """By what the next load can tell which rows changed: the table's state, its rows' numbers.

    `as_they_were` is the file of the load before, where it holds these very rows.
    """

    state: str
    written: WrittenRows
    as_they_were: Path | None = None

    @classmethod
    def of(cls, written: WrittenRows, query: str) -> "Told":
        """What is told of rows that a query reads."""
        return cls(
            hashlib.sha256(f"{program_digest()} {written.state} {query}".encode()).hexdigest(), written
        )

    def why_all(self, goes_on: GoesOn, name: str, *tables: str) -> str | None:
        """Why what the previous version kept by a name, beside tables of its lake, is nothing to go on from.

        None: it is.
        """
        if goes_on.previous is None:
            return "there is no load before"
        if goes_on.is_full:
            return "--full"
        try:
            kept = goes_on.previous.manifest().get("as_read", {}).get(name) or {}
            reasons = {
                "the load before kept none": not kept,
                "the server, its start, the table, its columns, the map, the role or the program "
                "is another than at the load before": kept.get("state") != self.state,
                "the server's transaction numbers have come around since the load before": not (
                    0 <= self.written.next - kept.get("oldest", 0) < NUMBERS // 2
                ),
                "what the load before kept is damaged": bool(kept)
                and not (
                    sha256(goes_on.previous.path / file_name(name)) == kept["sha256"]
                    and goes_on.previous.is_as_written(*tables)
                ),
            }
        except (Igny8Error, OSError, AttributeError, KeyError, TypeError):
            return "what the load before kept cannot be read"
        return next((reason for reason, holds in reasons.items() if holds), None)

    def about(self, file: Path) -> dict[str, Any]:
        """What the manifest says of the file that was kept."""
        return {
            "state": self.state,
            "oldest": self.written.oldest,
            "sha256": sha256(file),
            "bytes": file.stat().st_size,
        }


def written_numbers(source: Source, table: FoundTable, id_column: str | None = None) -> WrittenRows | str:
    """Whether the rows of a table tell what wrote them; if not, why not."""
    return (
        source.written_rows(table.relation.path, id_column)
        if table.relation and table.is_read
        else "no table"
    )


def is_since(kept: Version, name: str, next_: int) -> str:
    """SQL for whether the number `written` was given out since the load of a version began."""
    since = kept.manifest()["as_read"][name]["oldest"]
    return f"(written - {since % NUMBERS} + {NUMBERS}) % {NUMBERS} < {next_ - since}"


@dataclass(frozen=True)
class RunsRead:
    """How the runs were read: how many rows, of how many; why all of them (None: only what changed).

    `told` is what `keep_runs` goes by; None: the source tells of no changes.
    """

    rows: int
    runs: int
    why_all: str | None
    told: Told | None

    def __str__(self) -> str:
        if self.why_all is None:
            return f"read {self.rows:,} of the runs, the others did not change"
        return f"read every run: {self.why_all}"


def read_runs(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    table: FoundTable,
    query: str,
    transform: str,
    goes_on: GoesOn,
) -> RunsRead:
    """Make the table `read_runs` of all rows of the query over `table`.

    `transform` is the SQL that makes it of the relation `batches`, row by row.
    """
    written = written_numbers(source, table, table.columns["id"])
    if isinstance(written, str):
        batches = source.read(query)
        scratch.execute(transform)
        return _read_all(scratch, written, None)
    told = Told.of(written, query)
    _read_keys(scratch, source, table)
    why_all = told.why_all(goes_on, RUNS, *RUN_TABLES, "value_findings") or _why_no_keys(scratch)
    if why_all is None and goes_on.previous:
        _find_changed(scratch, goes_on.previous, written)
        batches = _changed_rows(scratch, source, query)
        scratch.execute(transform)
        (rows,) = only_row(scratch, "select count(*) from read_runs")
        scratch.execute(
            "insert into read_runs by name select * exclude (written, site_text) from kept_runs "
            "where id in (select id from unchanged_runs)"
        )
        (runs,) = only_row(scratch, "select count(*) from read_runs")
        (runs_before,) = only_row(scratch, "select count(*) from runs_as_read")
        as_they_were = goes_on.previous.path / file_name(RUNS) if not rows and runs == runs_before else None
        return RunsRead(rows, runs, None, replace(told, as_they_were=as_they_were))
    batches = source.read(query)  # noqa: F841 (DuckDB reads it by its name)
    scratch.execute(transform)
    return _read_all(scratch, why_all or "nothing is kept", told)


def _read_all(scratch: duckdb.DuckDBPyConnection, why_all: str, told: Told | None) -> RunsRead:
    (runs,) = only_row(scratch, "select count(*) from read_runs")
    return RunsRead(runs, runs, why_all, told)


def _read_keys(scratch: duckdb.DuckDBPyConnection, source: Source, table: FoundTable) -> None:
    assert table.relation
    id_, site_id = (identifier(table.columns[name]) for name in ("id", "site_id"))
    batches = source.read(  # noqa: F841 (DuckDB reads it by its name)
        f"select cast({id_} as bigint) as id, cast({site_id} as text) as site_id, "
        f"{NUMBER} as written from {'.'.join(map(identifier, table.relation.path))}"
    )
    scratch.execute("create or replace table run_keys as from batches")


def _why_no_keys(scratch: duckdb.DuckDBPyConnection) -> str | None:
    repeated, missing = only_row(
        scratch, "select count(id) - count(distinct id), count(*) - count(id) from run_keys"
    )
    return "the ids of runs are not unique" if repeated or missing else None


def _find_changed(scratch: duckdb.DuckDBPyConnection, previous: Version, written: WrittenRows) -> None:
    """Tell the ids of runs that are as they were from those that are to be read.

    A number that was given out since the load before began belongs to a change, even if a row had it long ago.
    """
    scratch.execute(f"create or replace view runs_as_read as from {parquet(previous.path / file_name(RUNS))}")
    scratch.execute(
        f"""
        create or replace view kept_runs as
        select r.*, {", ".join(f"k.{column}" for column in (*AS_READ_ALONE, "written", "site_text"))}
        from {parquet(previous.lake / "runs.parquet")} as r
        join runs_as_read as k using (id)
        where k.reason is null
        union all by name
        from runs_as_read where reason is not null
        """
    )
    scratch.execute(
        f"""
        create or replace table unchanged_runs as
        select id
        from run_keys as k
        semi join runs_as_read as r
            on r.id = k.id and r.written = k.written and r.site_text is not distinct from k.site_id
        where not {is_since(previous, RUNS, written.next)}
        """
    )
    scratch.execute(
        "create or replace table changed_runs as select id from run_keys anti join unchanged_runs using (id)"
    )


def _changed_rows(scratch: duckdb.DuckDBPyConnection, source: Source, query: str) -> pa.RecordBatchReader:
    ids = [str(id_) for (id_,) in scratch.execute("select id from changed_runs order by id").fetchall()]
    some = [ids[start : start + IDS_A_QUERY] for start in range(0, max(1, len(ids)), IDS_A_QUERY)]
    queries = [f"{query} where automation_runs.id = any('{{{','.join(few)}}}'::bigint[])" for few in some]
    first = source.read(queries[0])

    def batches() -> Iterator[pa.RecordBatch]:
        yield from first
        for later in queries[1:]:
            yield from source.read(later)

    return pa.RecordBatchReader.from_batches(first.schema, batches())


def keep_runs(scratch: duckdb.DuckDBPyConnection, folder: Path, read: RunsRead) -> dict[str, Any] | None:
    """Write of each run what wrote it, and what the lake's table does not hold of it, for the next load to go on from.

    Gives what the manifest says of them; None where a run cannot be told by its id, or the source tells no changes.
    """
    file = folder / file_name(RUNS)
    if read.told is None:
        return None
    if read.told.as_they_were:
        shutil.copyfile(read.told.as_they_were, file)
    else:
        joined = "from read_runs as r join run_keys as k on k.id = r.id"
        (lost,) = only_row(scratch, f"select (select count(*) from read_runs) - (select count(*) {joined})")
        if lost or _why_no_keys(scratch):
            return None
        scratch.execute(
            f"""
            copy (
                from (
                    select * exclude (snapshot) from read_runs where reason is not null
                    union all by name
                    select id, {", ".join(AS_READ_ALONE)} from read_runs where reason is null
                )
                join (select id, written, site_id as site_text from run_keys) using (id)
            )
            to '{quoted(file)}' (format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})
            """
        )
    return read.told.about(file)


@cache
def program_digest() -> str:
    """Of what turns a source's rows into those of the lake: this package's files, the demo's aside, and DuckDB."""
    program = hashlib.sha256(duckdb.__version__.encode())
    etl = Path(__file__).parent
    for file in sorted(etl.rglob("*")):
        if file.suffix in (".py", ".sql") and etl / "demo" not in file.parents:
            program.update(file.read_bytes())
    return program.hexdigest()


def only_row(scratch: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The one row of a query."""
    (row,) = scratch.execute(query).fetchall()
    return tuple(row)
