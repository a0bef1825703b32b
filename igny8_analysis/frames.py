"""Data frames as people read them in a notebook: grouped numbers, bare texts, up to a hundred rows."""

from collections.abc import Callable
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from igny8_analysis.text import counted, inert, shortened, visible

if TYPE_CHECKING:
    import polars as pl

ROWS = 100
COLUMNS = 100
LONGEST_TEXT = 300
STYLE = (
    ".igny8-frame{overflow-x:auto}"
    ".igny8-frame.igny8-frame table{font-variant-numeric:tabular-nums;margin:0}"
    ".igny8-frame.igny8-frame :is(th,td){text-align:left;vertical-align:top;max-width:32em;overflow-wrap:break-word}"
    ".igny8-frame.igny8-frame :is(th,td).n{text-align:right;white-space:nowrap}"
    ".igny8-frame.igny8-frame :is(th,.t){white-space:nowrap}"
    ".igny8-frame p,.igny8-frame i{opacity:.7}"
)


def frame_html(frame: "pl.DataFrame") -> str:
    """Return the frame as an HTML table: numbers as `197,260`, texts without quotes, no row of types.

    Rows beyond the first 100 and columns beyond the first 100 are counted below it.
    """
    columns = frame.columns[:COLUMNS]
    shown = frame.select(columns).head(ROWS)
    writers = [_writer(series) for series in shown]
    classes = [
        ' class="n"' if dtype.is_numeric() else ' class="t"' if dtype.is_temporal() else ""
        for dtype in shown.dtypes
    ]
    head = "".join(
        f"<th{kind}>{escape(visible(name))}</th>" for name, kind in zip(columns, classes, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{'<i>null</i>' if value is None else escape(write(value))}</td>"
            for value, write, kind in zip(row, writers, classes, strict=True)
        )
        + "</tr>"
        for row in shown.rows()
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if columns else ""
    return f'<style>{STYLE}</style><div class="igny8-frame">{table}<p>{_size(frame)}</p></div>'


def frame_text(frame: "pl.DataFrame") -> str:
    """Return the frame as text of no active characters, for a terminal: its first 100 rows, no row of types."""
    import polars as pl

    with pl.Config(tbl_rows=ROWS, tbl_hide_column_data_types=True, thousands_separator=","):
        return inert(repr(frame))


def _size(frame: "pl.DataFrame") -> str:
    rows = counted(frame.height, "row")
    parts = [f"{rows}, the first {ROWS} are shown" if frame.height > ROWS else rows]
    if frame.width > COLUMNS:
        parts.append(f"{frame.width:,} columns, the first {COLUMNS} are shown")
    return "; ".join(parts)


def _writer(series: "pl.Series") -> Callable[[Any], str]:
    """Return what writes a column's values: all its numbers with the same decimals, ids without separators."""
    name = series.name.lower()
    if series.dtype.is_integer():
        return str if name in ("id", "year") or name.endswith("_id") else _grouped(0)
    if series.dtype.is_numeric():
        return _grouped(_places([abs(value) for value in series.cast(float).to_list() if value is not None]))
    return _text


def _places(sizes: list[float]) -> int:
    """How many decimals a column needs: none for whole numbers, two for numbers from one up, else four."""
    finite = [size for size in sizes if size < float("inf")]
    if all(size == int(size) for size in finite):
        return 0
    return 2 if max(finite) >= 1 else 4


def _grouped(places: int) -> Callable[[Any], str]:
    return lambda value: f"{value:,.{places}f}"


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        is_whole = value.second == value.microsecond == 0
        return value.replace(tzinfo=None).isoformat(" ", "minutes" if is_whole else "seconds")
    if isinstance(value, bool):
        return str(value).lower()
    text = value.hex() if isinstance(value, bytes) else str(value)
    if isinstance(value, date):
        return text
    return visible(shortened(text, LONGEST_TEXT))
