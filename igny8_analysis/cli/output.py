"""Rows and payloads on standard output: tables for people, JSON for programs, CSV that spreadsheets open safely."""

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from igny8_analysis.cli.text import cut, inert, json_inert, visible

if TYPE_CHECKING:
    from rich.table import Table

    from igny8_analysis.connection import Warehouse

Rows = Iterable[Sequence[Any]]

WIDE = 10_000
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
_SIGNS = "".join(map(re.escape, FORMULA_STARTS[:8]))
# Where a formula could begin: at a text's start, or where a spreadsheet splits it whose separator is ; or a tab.
_FORMULA = re.compile(rf'^(?=[\t\r\n])|(?:^|[;\t\r\n])["\s]*(?=[{_SIGNS}])')


def print_json(value: Any) -> None:
    """The value as JSON on standard output, such as every parser takes: no NaN, no control character as it is."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(plain(value), indent=2, ensure_ascii=not is_unicode, allow_nan=False)
    print(json_inert(text))


def print_payload(payload: dict[str, Any], format_: str) -> None:
    """The payload as JSON, or as CSV of its leaves."""
    if format_ == "json":
        print_json(payload)
    else:
        print_csv(("field", "value"), list(flat(payload).items()))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of a payload by its path, e.g. `stages.4.credits_used`; rows go by their place, from 1."""
    if isinstance(value, dict) and value:
        pairs = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and value:
        pairs = [(str(n), inner) for n, inner in enumerate(value, 1)]
    else:
        return {path: value}
    leaves: dict[str, Any] = {}
    for key, inner in pairs:
        leaves |= flat(inner, f"{path}.{key}" if path else key)
    return leaves


def print_rows(columns: Sequence[str], rows: Rows, format_: str, title: str | None = None) -> None:
    """The rows in the format asked for; JSON is a list of objects, a second column of a name being `name_2`."""
    if format_ == "json":
        keys = told_apart(columns)
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif format_ == "csv":
        print_csv(columns, rows)
    else:
        print_table(columns, rows, title)


def print_answer(warehouse: "Warehouse", query: str, format_: str) -> None:
    """Run the query and print its rows in the format asked for. Raises UsageError where it cannot be run."""
    from igny8_analysis.answers import sql_errors

    answer = warehouse.sql(query)
    with sql_errors():
        rows = answer.fetchall()
    print_rows(answer.columns, rows, format_)


def print_csv(columns: Sequence[str], rows: Rows) -> None:
    """The rows as CSV: every text in quotes, control characters shown, numbers and times as they are.

    Where a spreadsheet could take a text, or what it splits off at a semicolon, tab or line end, for a formula, an
    apostrophe stands before that.
    """
    for row in (columns, *rows):
        sys.stdout.write((",".join(map(_cell, row)) or '""') + "\n")  # an empty line would be no row


def told_apart(names: Sequence[str]) -> list[str]:
    """The names, one that was there already with its number: `a`, `a_2`, `a_3`."""
    found: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        told = name if seen[name] == 1 else f"{name}_{seen[name]}"
        while told in found or (seen[name] > 1 and told in names):
            seen[name] += 1
            told = f"{name}_{seen[name]}"
        found[told] = None
    return list(found)


def print_table(columns: Sequence[str], rows: Rows, title: str | None = None) -> None:
    """The rows as a table; colour only on a terminal, control characters shown.

    Where the terminal is too narrow, values wrap; where that is not enough, the columns that do not fit follow in
    further tables, each beside the first columns again.
    """
    from rich.console import Console
    from rich.text import Text

    from igny8_analysis.cli.narrow import narrow, parts

    is_terminal = sys.stdout.isatty()
    console = Console(highlight=False, force_terminal=is_terminal, width=None if is_terminal else WIDE)
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
            *(Text(visible(cut(_show(value, column)))) for column, value in zip(columns, row, strict=True))
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
        case list() | tuple() | dict():
            return json.dumps(plain(value), ensure_ascii=False)
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _cell(value: Any) -> str:  # noqa: PLR0911 (one return a type)
    match value:
        case None:
            return ""
        case bool() | int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case Decimal():
            return f"{value:f}"
        case date():
            return str(plain(value))
        case list() | tuple() | dict():
            return _quoted(json.dumps(plain(value), ensure_ascii=False))
        case bytes():
            return _quoted(value.hex())
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    safe = _FORMULA.sub(lambda found: f"{found[0]}'", inert(text))
    return '"{}"'.format(safe.replace('"', '""'))


def plain(value: Any) -> Any:  # noqa: PLR0911 (one return a type)
    """The value as JSON has it: null for NaN and infinity, ISO 8601 for times, hexadecimal for bytes, keys as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case dict():
            keys = told_apart([key if isinstance(key, str) else str(plain(key)) for key in value])
            return {key: plain(inner) for key, inner in zip(keys, value.values(), strict=True)}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return str(value)
