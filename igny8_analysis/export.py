"""Views to Parquet files."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.etl.files import sweep, whole
from igny8_analysis.etl.lake import refuse_own_file

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

ROWS_PER_BATCH = 100_000
OTHER_FORMATS = (".csv", ".json", ".xlsx")
VIEWS = """
select table_name, bool_or(column_name = 'site_id') from duckdb_columns()
where schema_name = 'main' and not internal
group by table_name order by table_name
"""


def export_view(
    warehouse: "Warehouse", view: str, site: int | str | None = None, file: Path | None = None
) -> tuple[Path, int]:
    """Write a view, or its rows of one site, to `file` (zstd Parquet); return the file and its rows.

    Without `file` it is `<view>.parquet` or `<view>-<site_id>.parquet` in the working directory. The file is seen
    complete or not at all. Raises UsageError for an unknown view, or `site` for a view that is not of sites;
    SiteNotFound and AmbiguousSite; LoadError where the file cannot be written; UsageError for a file name of another
    format.
    """
    if file and file.suffix.lower() in OTHER_FORMATS:
        raise UsageError(
            f'{file} would hold Parquet: name it .parquet; for CSV: igny8 sql "from {view}" --format csv'
        )
    has_site_id = _find(warehouse, view)
    query, parameters, name = f"select * from {view}", None, view
    if site is not None:
        if not has_site_id:
            raise UsageError(f"the view {view} is not of sites: export it without a site")
        parameters = {"site_id": warehouse.resolve_site(site)}
        query, name = f"{query} where site_id = $site_id", f"{view}-{parameters['site_id']}"
    target = file or Path(f"{name}.parquet")
    refuse_own_file(target)
    try:
        return target, _write(warehouse, query, parameters, target)
    except OSError as error:
        raise LoadError(f"{target} cannot be written, it is as it was: {error.strerror or error}") from error


def view_names(warehouse: "Warehouse") -> dict[str, bool]:
    """Names of the views, each with whether it has a site_id."""
    return dict(warehouse.sql(VIEWS).fetchall())


def _find(warehouse: "Warehouse", view: str) -> bool:
    """Whether the view has a site_id. Raises UsageError where there is no such view."""
    views = view_names(warehouse)
    if view not in views:
        near = difflib.get_close_matches(view, views)
        help_ = f"did you mean {' or '.join(near)}?" if near else 'igny8 sql "show tables" lists them'
        raise UsageError(f"there is no view {view!r}; {help_}")
    return views[view]


def _write(warehouse: "Warehouse", query: str, parameters: dict[str, int] | None, target: Path) -> int:
    import pyarrow.parquet as pq

    answer = warehouse.sql(query, parameters)
    rows = 0
    sweep(target.parent)
    with answer.in_bounds(), whole(target) as file:
        reader = answer.to_arrow_reader(ROWS_PER_BATCH)
        with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows
