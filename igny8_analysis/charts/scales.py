"""What several charts share: the scale of stage colours, the axis of time, and rows as chart data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import altair as alt

from igny8_analysis.reports import formats, tokens

Row = Mapping[str, Any]
STAGE_NUMBERS = [1, 2, 3, 4, 5, 6, 7]


def values(rows: Iterable[Row], *columns: str) -> Any:
    """Return the named columns of the rows as inline chart data: floats, and instants as ISO text."""
    return alt.Data(values=[{column: _plain(row[column]) for column in columns} for row in rows])


def stage_scale(prefix: str = "stage") -> Any:
    """Return the scale that gives each stage number its colour, or with `on-stage` that of text upon it."""
    colours = [tokens.var(f"{prefix}-{number}") for number in STAGE_NUMBERS]
    return alt.Scale(domain=STAGE_NUMBERS, range=colours)


def time_axis(field: str = "started_at", count: int = 4) -> Any:
    """Return the x encoding of an instant, in UTC whatever the machine's time zone."""
    axis = alt.Axis(format="%d %b %y", tickCount=count, grid=False, title=None, labelOverlap=True)
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), axis=axis)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return formats.iso(value) if isinstance(value, datetime) else value
