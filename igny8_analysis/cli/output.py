"""Rows and payloads on standard output: tables for people, JSON for programs, CSV that spreadsheets open safely."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from igny8_analysis.cli.text import visible

if TYPE_CHECKING:
    from rich.table import Table

Rows = Iterable[Sequence[Any]]

WIDE = 10_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def print_json(value: Any) -> None:
    """The value as JSON on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_rows(columns: Sequence[str], rows: Rows, format_: str, title: str | None = None) -> None:
    """The rows in the format asked for; JSON is a list of objects."""
    if format_ == "json":
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif format_ == "csv":
        print_csv(columns, rows)
    else:
        print_table(columns, rows, title)


def print_csv(columns: Sequence[str], rows: Rows) -> None:
    """The rows as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    for row in (columns, *rows):
        sys.stdout.write(_csv_line(row))


def _csv_line(row: Sequence[Any]) -> str:
    """The row as a line of CSV; written with CRLF, which makes the writer quote a lone carriage return too."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(map(_cell, row))
    return line.getvalue().removesuffix("\r\n") + "\n"


def print_table(columns: Sequence[str], rows: Rows, title: str | None = None) -> None:
    """The rows as a table; colour only on a terminal, control characters shown.

    Where the terminal is too narrow, values wrap; where that is not enough, the columns that do not fit follow in
    further tables, each beside the first columns again.
    """
    from rich.console import Console
    from rich.text import Text

    from igny8_analysis.cli.narrow import narrow, parts

    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    if title:
        console.print(Text(visible(title)))
    rows = list(rows)
    table = _table(columns, rows)
    if console.measure(table, options=console.options.update_width(WIDE)).maximum <= console.width:
        console.print(table)
        return
    for part in parts(rows, narrow(table, console.width), console.width):
        table = _table([columns[n] for n in part], [[row[n] for n in part] for row in rows])
        narrow(table, console.width)
        console.print(table, crop=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        numbers = all(isinstance(row[position], int | float | Decimal | None) for row in rows)
        table.add_column(
            Text(visible(column)), justify="right" if rows and numbers else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(
            *(Text(visible(_show(value, column))) for column, value in zip(columns, row, strict=True))
        )
    return table


def _show(value: Any, column: str) -> str:  # noqa: PLR0911 (one return a type)
    match value:
        case int() if column == "id" or column.endswith("_id"):
            return str(value)
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() | Decimal():
            return f"{value:,.4f}".rstrip("0").rstrip(".")
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=_plain)
        case _:
            return str(value)


def _cell(value: Any) -> Any:
    match value:
        case str():
            return f"'{value}" if value.startswith(FORMULA_STARTS) else value
        case datetime():
            return _plain(value)
        case list() | dict():
            return _cell(json.dumps(value, ensure_ascii=False, default=_plain))
        case _:
            return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
