"""Reading of the ledger's sums: those of a day are read again where a row of it was written since, or is gone.

The source counts and sums up all its rows at every load, which the lake is held to: by day, where a load before can be
gone on from. What wrote a row tells whether it changed (`changes.py`); one that is gone, or of another day now, is
missed by their number.
"""

from collections.abc import Callable
from typing import Any

import duckdb

from igny8_analysis.etl.changes import GoesOn, Told, file_name, is_since
from igny8_analysis.etl.lake import Version
from igny8_analysis.etl.sources.source import Source, WrittenRows
from igny8_analysis.etl.templates import parquet, quoted

DAY = "coalesce(cast(day as text), '')"


def read_sums(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    written: WrittenRows | str,
    name: str,
    query: Callable[..., str],
    goes_on: GoesOn,
) -> dict[str, Any] | None:
    """Make `raw_<name>` of the sums of a table's rows, and `<name>_totals` of the source's own over all of them.

    `query` gives the SQL of the sums, `credit_days` and `credit_totals`. Returns what the manifest says of the sums
    kept beside the lake; None: the source tells of no changes, and none are kept.
    """
    if isinstance(written, str):
        _read_all(scratch, source, name, query)
        return None
    told = Told.of(written, query(name, day=DAY, which="true"))
    if goes_on.previous and told.why_all(goes_on, name) is None:
        is_changed = is_since(goes_on.previous, name, written.next)
        _read_changed(scratch, source, name, query, is_changed, goes_on.previous)
    else:
        _read_all(scratch, source, name, query)
    file = goes_on.folder / file_name(name)
    scratch.execute(f"copy raw_{name} to '{quoted(file)}' (format parquet, compression zstd)")
    return told.about(file)


def _read_all(
    scratch: duckdb.DuckDBPyConnection, source: Source, name: str, query: Callable[..., str]
) -> None:
    batches = source.read(query(name, day=DAY, which="true"))
    scratch.execute(f"create or replace table raw_{name} as from batches")
    batches = source.read(query("credit_totals"))  # noqa: F841 (DuckDB reads it by its name)
    scratch.execute(f"create or replace table {name}_totals as from batches")


def _read_changed(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    name: str,
    query: Callable[..., str],
    is_changed: str,
    previous: Version,
) -> None:
    kept = parquet(previous.path / file_name(name))
    batches = source.read(query("credit_days", day=DAY, is_changed=is_changed))
    scratch.execute(
        f"""
        create or replace temp table days as from batches;
        create or replace table {name}_totals as
        select sum(items) as items, sum(cast(amount as decimal(38, 6))) as amount from days;
        create or replace table raw_{name} as
        from {kept}
        where day in (
            select day
            from days
            semi join (select day, sum(items) as items from {kept} group by day) as kept
            using (day, items)
            where changed_items = 0
        )
        """
    )
    days = scratch.execute(f"select day from days anti join raw_{name} using (day)").fetchall()
    if days:
        which = ", ".join(f"'{quoted(day)}'" for (day,) in days)
        batches = source.read(query(name, day=DAY, which=f"{DAY} in ({which})"))  # noqa: F841 (DuckDB reads it by its name)
        scratch.execute(f"insert into raw_{name} by name from batches")
