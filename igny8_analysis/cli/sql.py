"""`igny8 sql`: ad hoc queries against the views."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

import click

from igny8_analysis.cli.options import NumberRange, examples, open_warehouse, reading_options

LONGEST_QUERY = 10_000_000
SIZE = r"[0-9]+(\.[0-9]+)? ?([KMGT]i?B)"


class Size(click.ParamType[str]):
    """A number of bytes with its unit, as DuckDB writes them."""

    name = "size"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text."""
        import re

        if not re.fullmatch(SIZE, value, re.IGNORECASE):
            self.fail(f"{value!r} is no size; write it like 500MB or 2GB", param, ctx)
        return value


@click.command(
    "sql",
    epilog=examples(
        'igny8 sql "select * from run_statistics"',
        "igny8 sql --file question.sql --format csv > answer.csv",
        'igny8 sql --max-seconds 60 --max-spill 50GB "select * from run_stages order by all"',
        'echo "describe runs" | igny8 sql',
        "igny8 sql",
    ),
)
@click.argument("query", required=False)
@click.option("--file", type=click.File("rb"), help="Read the query from this file, in UTF-8.")
@click.option("--max-seconds", type=NumberRange(min=0, min_open=True), help="Stop a query that takes longer.")
@click.option(
    "--max-memory", type=Size(), metavar="SIZE", default="2GB", show_default=True, help="Memory of a query."
)
@click.option(
    "--max-spill",
    type=Size(),
    metavar="SIZE",
    default="10GB",
    show_default=True,
    help="Disk that a query may use beyond its memory, in TMPDIR or /var/tmp.",
)
@reading_options
def sql_command(
    query: str | None,
    file: BinaryIO | None,
    max_seconds: float | None,
    max_memory: str,
    max_spill: str,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """Run one SELECT, EXPLAIN, DESCRIBE or SHOW over the views: the QUERY, a file, or standard input.

    Without any, on a terminal, a prompt opens: Tab completes views and columns, and its history stays in
    ~/.local/state/igny8/sql_history (or under XDG_STATE_HOME). Ctrl-C ends a query.
    """
    from igny8_analysis.answers import Limits
    from igny8_analysis.cli.output import print_answer

    if query is not None and file is not None:
        raise click.UsageError("give the query or a file, not both")
    with open_warehouse(directory, version, Limits(max_memory, max_spill, max_seconds)) as warehouse:
        if query is None and file is None and sys.stdin.isatty():
            from igny8_analysis.cli.prompt import run_prompt

            run_prompt(warehouse, format_, _history_file())
        elif query is not None:
            print_answer(warehouse, query, format_)
        else:
            print_answer(warehouse, _read(file or sys.stdin.buffer), format_)


def _read(file: BinaryIO) -> str:
    """The text of a file in UTF-8, with or without a mark at its start."""
    name = "standard input" if file is sys.stdin.buffer else file.name
    text = file.read(LONGEST_QUERY + 1)
    if len(text) > LONGEST_QUERY:
        raise click.UsageError(f"{name} has more than {LONGEST_QUERY:,} bytes: that is no query")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"{name} is not UTF-8 (its byte {error.start + 1} is 0x{error.object[error.start]:02x}): save it as UTF-8"
        ) from None


def _history_file() -> Path | None:
    state = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(state) if state else Path.home() / ".local" / "state") / "igny8" / "sql_history"
    except RuntimeError:  # nobody knows where this user's home is
        return None
