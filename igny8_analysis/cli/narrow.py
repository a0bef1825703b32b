"""Tables on a terminal that is too narrow for them: values wrap, then columns move below; ids stay whole."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

Rows = Sequence[Sequence[Any]]

LONGEST_WORD = 36  # a UUID's


def narrow(table: Table, most: int) -> list[int]:
    """Less space between columns; long names break at underscores, values wrap, but words such as ids stay whole.

    What is left of `most` goes to the first columns that would wrap. Returns the least width of each column.
    """
    table.padding = 0
    least, whole = [], []
    for column in table.columns:
        values = max((cell_len(str(cell)) for cell in column.cells), default=0)
        if cell_len(str(column.header)) > values:
            column.header = Text(str(column.header).replace("_", "\n_"))
        names = str(column.header).splitlines()
        words = [word for text in (*names, *column.cells) for word in str(text).split()]
        least.append(min(max(map(cell_len, words), default=0), LONGEST_WORD))
        whole.append(max(values, *map(cell_len, names), least[-1]))
    spare = max(most - _together(least), 0)
    for column, slim, wide in zip(table.columns, least, whole, strict=True):
        column.width = min(wide, slim + spare)
        spare -= column.width - slim
    return least


def parts(rows: Rows, widths: Sequence[int], most: int) -> list[list[int]]:
    """Numbers of the columns that fit beside each other, in every part the first ones that tell the rows apart."""
    key = _key(rows, widths, most)
    found = [list(range(key))]
    for column in range(key, len(widths)):
        if len(found[-1]) > key and _together(widths[n] for n in (*found[-1], column)) > most:
            found.append(list(range(key)))
        found[-1].append(column)
    return found


def _key(rows: Rows, widths: Sequence[int], most: int) -> int:
    """How many of the first columns tell the rows apart; one, where these would fill over half of `most`."""
    for count in range(1, len(widths)):
        if len({str(row[:count]) for row in rows}) == len(rows):
            return count if _together(widths[:count]) <= most / 2 else 1
    return 1


def _together(widths: Iterable[int]) -> int:
    """The width of columns beside each other, a space around each."""
    return sum(width + 1 for width in widths) + 1
