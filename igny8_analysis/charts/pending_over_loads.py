"""Pending items by stage, load after load."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import Row, stage_scale, time_axis, values
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens


def pending_over_loads(rows: Sequence[Row]) -> Chart | None:
    """Draw one stack a load, a layer a stage, from rows of `pending_history`; None where nothing was pending."""
    if not any(row["pending_items"] for row in rows):
        return None
    loads = sorted({row["load_number"] for row in rows})
    data = values(rows, "as_of", "load_number", "stage_number", "pending_items")
    base = alt.Chart(data).encode(
        y=alt.Y("sum(pending_items):Q", title="items pending"),
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None),
        order=alt.Order("stage_number:O"),
    )
    if len(loads) > 1:
        layers = base.mark_area(stroke=tokens.var("surface"), strokeWidth=1).encode(x=time_axis("as_of", 3))
    else:
        axis = alt.Axis(labelAngle=0, grid=False, title="stage")
        layers = base.mark_bar().encode(x=alt.X("stage_number:O", axis=axis))
    latest = [row for row in rows if row["load_number"] == loads[-1]]
    most = max(latest, key=lambda row: row["pending_items"])
    return Chart(
        name="pending-over-loads",
        title="Pending items by stage",
        description=f"{len(loads)} {'load' if len(loads) == 1 else 'loads'}; at the latest, most wait in stage "
        f"{most['stage_number']}, {most['stage_name']}: {formats.number(most['pending_items'])}.",
        spec=specify(layers, 340, 190),
        head=("As of (UTC)", "Stage", "Pending items"),
        body=[
            (
                formats.instant(row["as_of"]),
                f"{row['stage_number']} {row['stage_name']}",
                formats.number(row["pending_items"]),
            )
            for row in rows
        ],
    )
