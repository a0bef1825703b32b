"""`igny8 sql`: ad hoc queries against the views."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from igny8_analysis.cli.options import examples, open_warehouse, reading_options

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse


@click.command(
    "sql",
    epilog=examples(
        'igny8 sql "select * from run_statistics"',
        "igny8 sql --file question.sql --format csv > answer.csv",
        'echo "describe runs" | igny8 sql',
        "igny8 sql",
    ),
)
@click.argument("query", required=False)
@click.option("--file", type=click.File(), help="Read the query from this file.")
@reading_options
def sql_command(
    query: str | None,
    file: TextIO | None,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """Run one SELECT, EXPLAIN, DESCRIBE or SHOW over the views: the QUERY, a file, or standard input.

    Without any, on a terminal, a prompt opens: Tab completes views and columns, and its history stays in
    ~/.local/state/igny8/sql_history (or under XDG_STATE_HOME).
    """
    if query is not None and file is not None:
        raise click.UsageError("give the query or a file, not both")
    with open_warehouse(directory, version) as warehouse:
        if query is None and file is None and sys.stdin.isatty():
            from igny8_analysis.cli.prompt import run_prompt

            run_prompt(warehouse, format_, _history_file())
        else:
            print_answer(warehouse, query if query is not None else (file or sys.stdin).read(), format_)


def print_answer(warehouse: "Warehouse", query: str, format_: str) -> None:
    """Run the query and print its rows in the format asked for. Raises UsageError where it cannot be run."""
    from igny8_analysis.cli.output import print_rows
    from igny8_analysis.connection import sql_errors

    answer = warehouse.sql(query)
    with sql_errors():
        rows = answer.fetchall()
    print_rows(answer.columns, rows, format_)


def _history_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "igny8" / "sql_history"
