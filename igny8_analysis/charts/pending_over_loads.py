"""Pending items by stage, load after load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, stage_scale, time_axis, values
from igny8_analysis.charts.stage_credits import stage_bars
from igny8_analysis.charts.theme import NARROW_ROOM, PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens
from igny8_analysis.text import counted


def pending_over_loads(rows: Sequence[Row]) -> Chart | None:
    """Draw what waits from rows of `pending_history`: a layer a stage over loads, of a single load a bar a stage.

    None where nothing was pending.
    """
    if not any(row["pending_items"] for row in rows):
        return None
    loads = sorted({row["load_number"] for row in rows})
    latest = [row for row in rows if row["load_number"] == loads[-1]]
    most = max(latest, key=lambda row: row["pending_items"])
    if len(loads) == 1:
        spec = specify(
            stage_bars(rows, "pending_items", "items waiting", NARROW_ROOM), 340, 26 * len(rows) + 44
        )
        wide = specify(stage_bars(rows, "pending_items", "items waiting"), PANEL, 26 * len(rows) + 44)
    else:
        spec, wide = specify(_layers(rows, 3), 340, 190), specify(_layers(rows, 8), PANEL, 220)
    return Chart(
        name="pending-over-loads",
        title="Waiting items by stage",
        description=f"{counted(len(loads), 'load')}; at the latest, most wait in stage "
        f"{most['stage_number']}, {most['stage_name']}: {formats.number(most['pending_items'])}.",
        spec=spec,
        wide=wide,
        head=("As of (UTC)", "Stage", "Waiting items"),
        body=[
            (
                formats.instant(row["as_of"]),
                f"{row['stage_number']} {row['stage_name']}",
                formats.number(row["pending_items"]),
            )
            for row in rows
        ],
    )


def _layers(rows: Sequence[Row], ticks: int) -> Any:
    data = values(rows, "as_of", "load_number", "stage_number", "pending_items")
    return (
        alt.Chart(data)
        .mark_area(stroke=tokens.var("surface"), strokeWidth=1)
        .encode(
            x=time_axis("as_of", ticks),
            y=alt.Y("sum(pending_items):Q", title="items waiting"),
            color=alt.Color("stage_number:O", scale=stage_scale(), legend=None),
            order=alt.Order("stage_number:O"),
        )
    )
