"""Why a run cost more or less than its baseline: volume and rate, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row
from igny8_analysis.charts.theme import (
    HALF_PANEL,
    TITLED_AXIS,
    Chart,
    Margins,
    label_overhang,
    labels_width,
    specify,
    text_width,
)
from igny8_analysis.reports import formats, tokens

PARTS = {"volume_credits": "volume", "rate_credits": "rate"}


def volume_and_rate(rows: Sequence[Row], other: str = "usual") -> Chart | None:
    """Draw two bars a stage, credits more (right) or fewer (left) than the other by volume and by rate.

    Rows are those of `credit_variance`, one a stage; None where nothing differs.
    """
    bars: list[dict[str, Any]] = [
        {
            "stage": f"{row['stage_number']} {row['stage_name']}",
            "part": part,
            "credits": float(row[column] or 0),
        }
        for row in rows
        for column, part in PARTS.items()
        if row["stage_number"] is not None and (row["volume_credits"] or row["rate_credits"])
    ]
    if not bars:
        return None
    stages = list(dict.fromkeys(bar["stage"] for bar in bars))
    parts = list(PARTS.values())
    colours = alt.Scale(domain=parts, range=[tokens.var("accent"), tokens.var("warn")])
    title = f"credits against {other}"
    x = alt.X("credits:Q", title=title)
    base = alt.Chart(alt.Data(values=tuple(bars))).encode(
        x=x,
        y=alt.Y("stage:N", sort=stages, axis=alt.Axis(title=None, grid=False)),
        yOffset=alt.YOffset("part:N", sort=parts),
    )
    drawn = base.mark_bar(height=9).encode(color=alt.Color("part:N", scale=colours, legend=None))
    zero = (
        alt.Chart(alt.Data(values=[{"zero": 0}]))
        .mark_rule(color=tokens.var("line-strong"))
        .encode(x=alt.X("zero:Q"))
    )
    height, left = 34 * len(stages) + 44, labels_width(stages)
    largest = max(bars, key=lambda bar: abs(bar["credits"]))
    right = label_overhang(largest["credits"])
    is_roomy = text_width(title) < 340 - left - right
    margins = Margins(left, right, 2, TITLED_AXIS) if is_roomy else None
    return Chart(
        name="volume-and-rate",
        title=f"Credits against {other}, by volume and by rate",
        description=f"The largest part is {formats.signed(largest['credits'])} credits by {largest['part']} in stage "
        f"{largest['stage']}.",
        spec=specify(drawn + zero, 340, height, margins),
        wide=specify(drawn + zero, HALF_PANEL, height, margins),
        head=("Stage", "Volume", "Rate"),
        body=[
            (
                f"{row['stage_number']} {row['stage_name']}"
                if row["stage_number"] is not None
                else row["stage_name"],
                formats.signed(row["volume_credits"]),
                formats.signed(row["rate_credits"]),
            )
            for row in rows
        ],
    )
