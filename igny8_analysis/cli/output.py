"""Rows and payloads on standard output: tables for people, JSON for programs, CSV that spreadsheets open safely."""

import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from igny8_analysis.cli.figures import exact, heading, is_id, is_name, short, written
from igny8_analysis.cli.values import plain, told_apart
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.text import counted, cut, inert, json_inert, visible

if TYPE_CHECKING:
    from rich.console import Console

    from igny8_analysis.connection import Warehouse

Rows = Iterable[Sequence[Any]]

WIDE = 10_000
TABLE_ROWS = 1_000
EMPTY_ROW = '""'  # an empty line would be no row
ASKED, SEEN = "igny8.{}", "igny8.columns_seen"
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
_SIGNS = "".join(map(re.escape, FORMULA_STARTS[:8]))
# Where a formula could begin: at a text's start, or where a spreadsheet splits it whose separator is ; or a tab.
_FORMULA = re.compile(rf'^(?=[\t\r\n])|(?:^|[;\t\r\n])["\s]*(?=[{_SIGNS}])')


def print_json(value: Any) -> None:
    """The value as JSON on standard output, such as every parser takes: no NaN, no control character as it is."""
    refuse_columns("JSON has every field")
    print(_json(value))


def refuse_columns(why: str) -> None:
    """Raise UsageError where --columns was given: it chooses nothing of what is printed."""
    if _asked("columns"):
        raise UsageError(f"--columns goes with tables and CSV; {why}")


def _json(value: Any) -> str:
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    return json_inert(json.dumps(plain(value), indent=2, ensure_ascii=not is_unicode, allow_nan=False))


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


def print_rows(
    columns: Sequence[str], rows: Rows, format_: str, title: str | None = None, *, is_exact: bool = False
) -> None:
    """The rows in the format asked for; JSON is a list of objects, a second column of a name being `name_2`."""
    if format_ == "json":
        keys = told_apart(columns)
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif format_ == "csv":
        print_csv(columns, rows)
    else:
        print_table(columns, rows, title, is_exact=is_exact)


def print_answer(warehouse: "Warehouse", query: str, format_: str) -> None:
    """Run the query and print its rows in the format asked for, as they come; a table has the first of them.

    Raises UsageError where it cannot be run, and QueryTooLarge.
    """
    answer = warehouse.stream(query)
    batches = iter(answer)
    rows = chain(next(batches, ()), chain.from_iterable(batches))  # an error at once comes before any output
    if format_ == "json":
        _print_json_rows(told_apart(answer.columns), rows)
    elif format_ == "csv":
        print_csv(answer.columns, rows)
    else:
        print_table(answer.columns, list(islice(rows, TABLE_ROWS)), is_exact=True)
        if next(rows, None) is not None:
            print_text(
                f"There are more rows: a table has the first {TABLE_ROWS:,}, --format csv or json has all."
            )


def _print_json_rows(keys: Sequence[str], rows: Rows) -> None:
    """What `print_json` prints of the list of the rows, an object each, one at a time."""
    refuse_columns("JSON has every field")
    before = "["
    for row in rows:
        text = _json(dict(zip(keys, row, strict=True))).replace("\n", "\n  ")
        sys.stdout.write(f"{before}\n  {text}")
        before = ","
    print("[]" if before == "[" else "\n]")


def print_csv(columns: Sequence[str], rows: Rows) -> None:
    """The rows as CSV: every text in quotes, control characters shown, numbers and times as they are.

    Where a spreadsheet could take a text, or what it splits off at a semicolon, tab or line end, for a formula, an
    apostrophe stands before that.
    """
    places = _chosen(columns)
    if places is None:
        return
    for row in chain((columns,), rows):
        sys.stdout.write((",".join(_cell(row[place]) for place in places) or EMPTY_ROW) + "\n")


def print_table(
    columns: Sequence[str],
    rows: Rows,
    title: str | None = None,
    *,
    spare: Sequence[str] = (),
    is_exact: bool = False,
) -> None:
    """The rows as a table, values as pages write them, or with `is_exact` as they are; control characters shown.

    Colour only on a terminal. Where that is too narrow, texts wrap between words; where that is not enough, columns are
    left out, those of `spare` first, then from the last, and a line says which. The command's --columns and --wide
    choose for themselves.
    """
    from rich.text import Text

    from igny8_analysis.cli.layout import fitting, least_width, narrow, table_of

    places = _chosen(columns)
    if places is None:
        return
    rows = [[row[place] for place in places] for row in rows]
    columns = [columns[place] for place in places]
    console = _console()
    if title:
        console.print(Text(visible(title)))
    texts = [
        [_text(value, column, is_exact) for value, column in zip(row, columns, strict=True)] for row in rows
    ]
    heads = [visible(column if is_exact else heading(column)) for column in columns]
    widths = [
        least_width(
            head, [row[n] for row in texts], console.width, is_whole=is_id(columns[n]) or is_name(columns[n])
        )
        for n, head in enumerate(heads)
    ]
    kept = fitting(widths, console.width, [columns.index(name) for name in spare if name in columns])
    table = table_of(
        [heads[n] for n in kept],
        [[row[n] for n in kept] for row in texts],
        [bool(rows) and all(isinstance(row[n], int | float | Decimal | None) for row in rows) for n in kept],
    )
    narrow(table, [widths[n] for n in kept], console.width)
    console.print(table, crop=False)
    left_out = [head for n, head in enumerate(heads) if n not in kept]
    if left_out:
        columns_do = counted(len(left_out), "column does", "columns do")
        print_text(
            f"{columns_do} not fit: {', '.join(left_out)} (--wide shows all, --columns NAMES chooses)."
        )


def print_text(text: str) -> None:
    """A sentence, on a terminal wrapped between words; control characters shown."""
    from rich.text import Text

    _console().print(Text(visible(text)))


def _console() -> "Console":
    """Standard output as rich sees it: as wide as the terminal, and where it is none or with --wide, as any table."""
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    width = None if is_terminal and not _asked("wide") else WIDE
    return Console(highlight=False, force_terminal=is_terminal, width=width)


def _text(value: Any, column: str, is_exact: bool) -> str:
    text = cut(exact(value, column) if is_exact else written(value, column))
    if isinstance(value, str) and is_name(column) and not _asked("wide"):
        text = short(text)
    return visible(text)


def _chosen(columns: Sequence[str]) -> list[int] | None:
    """Places of the columns to show: those of --columns in that order, else all; None where it names none of these."""
    asked = _asked("columns")
    if asked is None:
        return list(range(len(columns)))
    known = {
        _spelled(name): place for place, column in enumerate(columns) for name in (heading(column), column)
    }
    click.get_current_context().meta.setdefault(SEEN, {}).update(dict.fromkeys(known))
    return [known[name] for name in map(_spelled, asked) if name in known] or None


def refuse_unknown_columns(context: click.Context) -> None:
    """Raise UsageError where no table of the command had a column that --columns names."""
    seen = context.meta.get(SEEN, {})
    unknown = [name for name in context.meta.get(ASKED.format("columns")) or () if _spelled(name) not in seen]
    if seen and unknown:
        raise UsageError(f"there is no column {unknown[0]!r}; there are {', '.join(seen)}")


def _asked(option: str) -> Any:
    """What the command was asked for with --wide or --columns; None outside a command."""
    context = click.get_current_context(silent=True)
    return context.meta.get(ASKED.format(option)) if context else None


def _spelled(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


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
