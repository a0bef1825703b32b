"""Tables in the width there is: names and numbers stay whole, texts wrap, and what does not fit is left out."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

LONGEST_WORD = 40
LONGEST_FIGURE = 20


def table_of(heads: Sequence[str], rows: Sequence[Sequence[str]], are_numbers: Sequence[bool]) -> Table:
    """The texts as a table, numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head, is_number in zip(heads, are_numbers, strict=True):
        table.add_column(Text(head), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def fitting(widths: Sequence[int], most: int, spare: Sequence[int] = ()) -> list[int]:
    """Places of the columns that fit beside each other: without those of `spare` in their order, then without the
    last; the first always stays."""
    kept = list(range(len(widths)))
    for place in dict.fromkeys([*spare, *reversed(kept)]):
        if _together([widths[n] for n in kept]) <= most:
            break
        if place != 0:
            kept.remove(place)
    return kept


def narrow(table: Table, least: Sequence[int], most: int) -> None:
    """Where the table is wider than `most`: less space between columns, of which the first are the last to wrap."""
    whole = [
        max(
            (cell_len(line) for text in (column.header, *column.cells) for line in str(text).splitlines()),
            default=0,
        )
        for column in table.columns
    ]
    if _together(whole) + 2 * len(whole) - 2 <= most:
        return
    table.padding = 0
    spare = max(most - _together(least), 0)
    for column, slim, wide in zip(table.columns, least, whole, strict=True):
        column.width = min(wide, slim + spare)
        spare -= column.width - slim


def least_width(head: str, texts: Sequence[str], most: int, *, is_whole: bool) -> int:
    """The width in which no word of a column is broken, nor a number and its unit; with `is_whole` no text is.

    A word beyond 40 characters, or a text beyond `most`, is broken.
    """
    parts = [head, *(part for text in texts for part in ([text] if is_whole else _unbroken(text)))]
    return min(max(map(cell_len, parts)), most - 2 if is_whole else LONGEST_WORD)


def _unbroken(text: str) -> list[str]:
    """What is not broken of a text: its words, or all of it where it is a number, an instant or a duration."""
    is_figure = len(text) <= LONGEST_FIGURE and any(sign.isdigit() for sign in text[:2])
    return [text] if is_figure else text.split()


def _together(widths: Sequence[int]) -> int:
    """The width of columns beside each other, a space around each."""
    return sum(width + 1 for width in widths) + 1
