"""`igny8 export`: a view as a Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from igny8_analysis.cli.options import (
    complete,
    complete_sites,
    examples,
    open_warehouse,
    quiet_option,
    version_option,
    warehouse_option,
)
from igny8_analysis.cli.streams import tell
from igny8_analysis.text import counted

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_views(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of the views that begin so."""
    from igny8_analysis.export import VIEWS

    return complete(f"select table_name, null from ({VIEWS})", ctx, incomplete)


@click.command(
    "export",
    epilog=examples(
        "igny8 export run_summary",
        "igny8 export stage_comparison --site mysite.com --output comparison.parquet",
    ),
)
@click.argument("view", shell_complete=complete_views)
@click.option("--site", shell_complete=complete_sites, help="Only the rows of this site (id or domain).")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; else VIEW.parquet, or VIEW-<site_id>.parquet, here.",
)
@warehouse_option
@version_option
@quiet_option
def export_command(
    view: str, site: str | None, output: Path | None, directory: Path | None, version: str | None, quiet: bool
) -> None:
    """Write a VIEW to a Parquet file: of all sites, or of one.

    The file appears when it is complete; one that was there is replaced. `igny8 sql "show tables"` lists the views, and
    docs/dictionary.md says what each holds.
    """
    from igny8_analysis.export import export_view

    with open_warehouse(directory, version) as warehouse:
        file, rows = export_view(warehouse, view, site, output)
    if not quiet:
        tell(f"{file}: {counted(rows, 'row')} of {view}")
