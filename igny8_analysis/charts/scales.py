"""What several charts share: the scale of stage colours, the axis of time, and rows as chart data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import altair as alt

from igny8_analysis.reports import formats, tokens

Row = Mapping[str, Any]
STAGE_NUMBERS = list(range(1, len(tokens.STAGES) + 1))


_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_LABEL = """datum.value >= 3600 ? format(datum.value / 3600, '.3~') + ' h'
  : datum.value >= 60 ? format(datum.value / 60, '.3~') + ' min' : datum.value + ' s'"""


def values(rows: Iterable[Row], *columns: str) -> Any:
    """Return the named columns of the rows as inline chart data: floats, and instants as ISO text.

    In a tuple: Altair copies lists, row by row, with every step in which a chart is made.
    """
    return alt.Data(values=tuple({column: _plain(row[column]) for column in columns} for row in rows))


def stage_scale(prefix: str = "stage") -> Any:
    """Return the scale that gives each stage number its colour, or with `on-stage` that of text upon it."""
    colours = [tokens.var(f"{prefix}-{number}") for number in STAGE_NUMBERS]
    return alt.Scale(domain=STAGE_NUMBERS, range=colours)


def time_axis(field: str = "started_at", count: int = 4) -> Any:
    """Return the x encoding of an instant, in UTC whatever the machine's time zone."""
    axis = alt.Axis(format="%d %b %y", tickCount=count, grid=False, title=None, labelOverlap=True)
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), axis=axis)


def site_names(rows: Iterable[Row]) -> dict[int, str]:
    """Return the label of each site by its id; where sites share one, with the id behind it."""
    labels = {row["site_id"]: formats.pictured(row["label"]) for row in rows}
    count = Counter(labels.values())
    return {id_: label if count[label] == 1 else f"{label} ({id_})" for id_, label in labels.items()}


def site_axis(width: int) -> Any:
    """Return the y encoding of `name`, a site's, in the order of the rows, cut to `width` px."""
    return alt.Y("name:N", sort=None, axis=alt.Axis(title=None, grid=False, labelLimit=width))


def duration_axis(longest: float, count: int, **options: Any) -> Any:
    """Return an axis of seconds from 0 to `longest`, about `count` labels on whole seconds, minutes or hours."""
    step = next(
        (step for step in _STEPS if longest / step <= count), 86400 * (int(longest / 86400 / count) + 1)
    )
    ticks = [float(step * n) for n in range(int(longest / step) + 1)]
    return alt.Axis(labelExpr=_LABEL, values=ticks, **options)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return formats.iso(value) if isinstance(value, datetime) else value
