"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from igny8_analysis.connection import Warehouse

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "json", "csv")


def complete_sites(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Domains and ids of sites that begin so, each with the site's name; nothing where there is no warehouse."""
    from click.shell_completion import CompletionItem

    from igny8_analysis.cli.text import one_line
    from igny8_analysis.connection import connect
    from igny8_analysis.etl.errors import Igny8Error

    try:
        with connect(ctx.params.get("directory"), ctx.params.get("version")) as warehouse:
            sites = warehouse.sql(
                "select coalesce(domain, site_id::varchar), name from sites order by 1"
            ).fetchall()
    except Igny8Error:
        return []
    return [CompletionItem(site, help=one_line(name)) for site, name in sites if site.startswith(incomplete)]


site_argument = click.argument("site", shell_complete=complete_sites)
warehouse_option = click.option(
    "--warehouse",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Warehouse directory; else IGNY8_WAREHOUSE, else ./data.",
)
version_option = click.option("--version", metavar="ID", help="Read this version, not the current one.")
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print: for people, for programs, for spreadsheets.",
)
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


def reading_options(command: F) -> F:
    """--warehouse, --version and --format."""
    for option in (format_option, version_option, warehouse_option):
        command = option(command)
    return command


def open_warehouse(directory: Path | None, version: str | None) -> "Warehouse":
    """The warehouse that the options name."""
    from igny8_analysis.connection import connect

    return connect(directory, version)


def examples(*lines: str) -> str:
    """An epilog that shows the lines as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
