"""`igny8 sql`: ad hoc queries against the views."""

import sys
from pathlib import Path
from typing import TextIO

import click

from igny8_analysis.cli.options import examples, open_warehouse, reading_options


@click.command(
    "sql",
    epilog=examples(
        'igny8 sql "select * from run_statistics"',
        "igny8 sql --file question.sql --format csv > answer.csv",
        'echo "describe runs" | igny8 sql',
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
    """Run one SELECT, EXPLAIN, DESCRIBE or SHOW over the views; the QUERY, a file, or standard input."""
    from igny8_analysis.cli.output import print_rows
    from igny8_analysis.connection import sql_errors

    if query is not None and file is not None:
        raise click.UsageError("give the query or a file, not both")
    text = query if query is not None else (file or sys.stdin).read()
    with open_warehouse(directory, version) as warehouse:
        answer = warehouse.sql(text)
        with sql_errors():
            rows = answer.fetchall()
        print_rows(answer.columns, rows, format_)
