"""Reading of the ledger's sums: those of a month are read again where the source tells another digest of them.

The source sums all its rows at every load, as it must, and first sends a digest a month alone. Sums of months whose
digest is that of what the load before read come from there; of a source that tells no digests, none.
"""

from collections.abc import Callable
from contextlib import suppress

import duckdb

from igny8_analysis.etl.changes import GoesOn, program_digest
from igny8_analysis.etl.sources.source import Source
from igny8_analysis.etl.templates import filled, quoted

DIGEST = "cast('0x' || left(sha256({{ text }}), 15) as bigint)"  # as `Source.digest`, in DuckDB
Query = Callable[[str], str]


def read_sums(
    scratch: duckdb.DuckDBPyConnection, source: Source, name: str, day: str, query: Query, goes_on: GoesOn
) -> None:
    """Make the table `raw_<name>` of the rows that `query` gives where a condition holds, and keep it beside the lake.

    `day` is the column of their date.
    """
    month = f"coalesce(left(cast({day} as text), 7), '')"
    kept, months = f"kept_{name}", None
    if source.digest and _is_kept(scratch, name, goes_on):
        months = _months(scratch, source, source.digest, kept, month, query("true"))
    same = [told for told, is_same in (months or {}).items() if is_same]
    changed = [told for told, is_same in (months or {}).items() if not is_same]
    if months is None or changed:
        which = "true" if months is None else f"{month} in ({_texts(changed)})"
        batches = source.read(query(which))  # noqa: F841 (DuckDB reads it by its name)
        scratch.execute(f"create table raw_{name} as from batches")
    else:
        scratch.execute(f"create table raw_{name} as from {kept} limit 0")
    if same:
        scratch.execute(f"insert into raw_{name} by name from {kept} where {month} in ({_texts(same)})")
    if source.digest:
        scratch.execute(
            f"drop table if exists {kept}; copy raw_{name} to '{quoted(goes_on.folder / _file(name))}' "
            f"(format parquet, compression zstd, kv_metadata {{program: '{program_digest()}'}})"
        )


def _is_kept(scratch: duckdb.DuckDBPyConnection, name: str, goes_on: GoesOn) -> bool:
    """Whether the load before kept these sums, read by this program; then they are the table `kept_<name>`."""
    if goes_on.previous is None or goes_on.is_full:
        return False
    file = quoted(goes_on.previous.path / _file(name))
    program = "select decode(value) from parquet_kv_metadata('{}') where decode(key) = 'program'"
    with suppress(duckdb.Error):
        if scratch.execute(program.format(file)).fetchall() == [(program_digest(),)]:
            scratch.execute(f"create table kept_{name} as from read_parquet('{file}')")
            return True
    return False


def _months(
    scratch: duckdb.DuckDBPyConnection, source: Source, digest: str, kept: str, month: str, query: str
) -> dict[str, bool]:
    """The months of the source's sums, and whether those kept have the same `digest`."""
    columns = scratch.table(kept).columns
    values = (f"coalesce('=' || cast({column} as text), '')" for column in columns)
    text = f"concat_ws(chr(31), {', '.join(values)})"

    def digests(digest: str, sums: str) -> str:
        row = filled(digest, {"text": text})
        return f"select {month} as month, cast(sum({row}) as text) as digest from {sums} as sums group by {month}"

    batches = source.read(digests(digest, f"({query})"))  # noqa: F841 (DuckDB reads it by its name)
    scratch.execute("create or replace temp table told as from batches")
    rows = scratch.execute(
        "select t.month, k.month is not null from told as t left join "
        f"({digests(DIGEST, kept)}) as k on k.month = t.month and k.digest = t.digest"
    ).fetchall()
    return dict(rows)


def _file(name: str) -> str:
    return f"{name}_as_read.parquet"


def _texts(values: list[str]) -> str:
    return ", ".join(f"'{quoted(value)}'" for value in values)
