"""Credits by stage: bars, or a donut where they are two slices of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isclose
from typing import Any

import altair as alt

from igny8_analysis.charts.credits_donut import credits_donut
from igny8_analysis.charts.scales import Row, stage_scale
from igny8_analysis.charts.theme import (
    NARROW_ROOM,
    PANEL,
    ROOM,
    TITLED_AXIS,
    Chart,
    Margins,
    label_overhang,
    labels_width,
    specify,
    text_width,
)
from igny8_analysis.reports import formats


def stage_credits(
    rows: Sequence[Row], column: str, total: Decimal | float | None, title: str, name: str, width: int = PANEL
) -> Chart | None:
    """Draw `column` (credits, at least 0) of one row a stage; None where all are 0.

    Where two stages have any and all of `total`, it is a donut with that in the middle; else a bar a stage, `width` px
    on wide screens.
    """
    spent = [row for row in rows if row[column]]
    if len(spent) == 2 and isclose(sum(row[column] for row in spent), total or 0):
        return credits_donut(rows, column, total, title, name)
    if not spent:
        return None
    most = max(spent, key=lambda row: row[column])
    left = labels_width(f"{row['stage_number']} {row['stage_name']}" for row in spent)
    right = label_overhang(float(most[column]))
    margins = Margins(left, right, bottom=TITLED_AXIS)

    def drawn(width: int, room: float) -> dict[str, Any]:
        is_roomy = (width - left - right) * (1 - 1 / room) > text_width(formats.number(most[column])) + 5
        bars = stage_bars(spent, column, "credits", room)
        return specify(bars, width, 26 * len(spent) + 44, margins if is_roomy else None)

    return Chart(
        name=name,
        title=title,
        description=f"{formats.number(total)} credits in all, the most in stage {most['stage_number']}, "
        f"{most['stage_name']}: {formats.number(most[column])}.",
        spec=drawn(340, NARROW_ROOM),
        wide=drawn(width, ROOM),
        head=("Stage", "Credits"),
        body=[(f"{r['stage_number']} {r['stage_name']}", formats.number(r[column])) for r in rows],
    )


def stage_bars(rows: Sequence[Row], column: str, unit: str, room: float = ROOM) -> Any:
    """Return one bar a stage, as long as `column` and labelled with it; the largest has to be above 0.

    The axis is `room` times as long as the longest bar.
    """
    bars = [
        {
            "stage_number": row["stage_number"],
            "label": f"{row['stage_number']} {row['stage_name']}",
            "amount": float(row[column]),
            "text": formats.number(row[column]),
        }
        for row in rows
    ]
    scale = alt.Scale(domain=[0, max(bar["amount"] for bar in bars) * room], nice=False)
    base = alt.Chart(alt.Data(values=tuple(bars))).encode(
        x=alt.X("amount:Q", title=unit, scale=scale),
        y=alt.Y("label:N", sort=None, axis=alt.Axis(title=None, grid=False)),
    )
    drawn = base.mark_bar(height=15).encode(
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None)
    )
    return drawn + base.mark_text(align="left", dx=5).encode(text="text:N")
