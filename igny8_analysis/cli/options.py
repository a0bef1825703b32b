"""Options that many commands share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from igny8_analysis.answers import Limits
    from igny8_analysis.connection import Warehouse

MOST_THREADS = 1_024
MOST_MEGABYTES = 10**9

F = TypeVar("F", bound=Callable[..., Any])


class Names(click.ParamType[list[str]]):
    """Names with commas between."""

    name = "names"

    def convert(
        self, value: str | list[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        """Read the text."""
        names = value if isinstance(value, list) else [name.strip() for name in value.split(",")]
        return [name for name in names if name] or self.fail(f"{value!r} names no column", param, ctx)


FORMATS = ("table", "json", "csv")


def complete_sites(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Sites that begin so, by domain or id, each with its name."""
    from igny8_analysis.completion import SITE_WORDS

    return complete(SITE_WORDS, ctx, incomplete)


def complete_accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Accounts that begin so, by name or id."""
    from igny8_analysis.completion import ACCOUNT_WORDS

    return complete(ACCOUNT_WORDS, ctx, incomplete)


def complete(words: str, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
    """Words of a query that begin so, each with what it means; nothing where there is no warehouse."""
    from click.shell_completion import CompletionItem

    from igny8_analysis.connection import connect

    try:
        with connect(ctx.params.get("directory"), ctx.params.get("version")) as warehouse:
            found = warehouse.sql(words).fetchall()
    except Exception:  # whatever it is: nobody reads it who presses Tab
        return []
    return [CompletionItem(word, help=name) for word, name in found if word.startswith(incomplete)]


site_argument = click.argument("site", shell_complete=complete_sites)
account_argument = click.argument("account", shell_complete=complete_accounts)
warehouse_option = click.option(
    "--warehouse",
    "directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Warehouse directory; else IGNY8_WAREHOUSE, else ./data.",
)
version_option = click.option("--version", metavar="ID", help="Read this version, not the current one.")
_format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print: for people, for programs, for spreadsheets.",
)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep what tables are asked for where `print_table` finds it."""
    ctx.meta[f"igny8.{param.name}"] = value


_wide_option = click.option(
    "--wide",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Tables with every column and whole names, in lines as long as they need.",
)
_columns_option = click.option(
    "--columns",
    type=Names(),
    metavar="NAMES",
    expose_value=False,
    callback=_remember,
    help="Only these columns of tables and CSV: their names, with commas between.",
)
source_option = click.option(
    "--source", required=True, metavar="URL", help="postgresql://… or sqlite:///path."
)
source_map_option = click.option(
    "--source-map",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="IGNY8_SOURCE_MAP",
    help="Other names of the source's tables and columns (TOML); else IGNY8_SOURCE_MAP.",
)
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


class NumberRange(click.FloatRange):
    """A range of numbers; `nan`, which is in every one for click, is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number", param, ctx)
        return number


def format_option(command: F) -> F:
    """--format, and how wide tables are and what columns they have."""
    for option in (_columns_option, _wide_option, _format_option):
        command = option(command)
    return command


def resources_options(command: F) -> F:
    """--threads and --memory."""
    for option in (
        click.option(
            "--memory",
            type=click.IntRange(100, MOST_MEGABYTES),
            metavar="MB",
            help="Memory of each step, beyond which it spills to disk; by the threads where it is left out.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1, MOST_THREADS),
            metavar="N",
            help="Threads that work at once; as many as there are processors where it is left out.",
        ),
    ):
        command = option(command)
    return command


def reading_options(command: F) -> F:
    """--warehouse, --version and --format."""
    for option in (format_option, version_option, warehouse_option):
        command = option(command)
    return command


def open_warehouse(
    directory: Path | None, version: str | None, limits: "Limits | None" = None
) -> "Warehouse":
    """The warehouse that the options name."""
    from igny8_analysis.connection import connect

    return connect(directory, version, limits)


def examples(*lines: str) -> str:
    """An epilog that shows the lines as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
