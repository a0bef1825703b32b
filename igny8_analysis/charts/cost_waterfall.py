"""What changed a cost: a waterfall from the period before to this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, values
from igny8_analysis.charts.theme import NARROW_ROOM, PANEL, ROOM, Chart, specify
from igny8_analysis.reports import formats, tokens

COLOURS = {"total": tokens.var("ink-soft"), "more": tokens.var("warn"), "less": tokens.var("accent")}


def cost_waterfall(rows: Sequence[Row], before: str, after: str) -> Chart | None:
    """Draw the credits before, each step of `cost_steps` up or down, and the credits after; None without a step.

    `before` and `after` name the two periods; each row has a `label`.
    """
    if not rows:
        return None
    first, last = float(rows[0]["credits_before"]), float(rows[0]["credits_after"])
    bars = [
        {"label": before, "from": 0, "to": first, "kind": "total", "text": formats.number(first)},
        *(
            {
                "label": row["label"],
                "from": float(row["starts_at_credits"]),
                "to": float(row["ends_at_credits"]),
                "kind": "more" if row["credits"] > 0 else "less",
                "text": formats.signed(row["credits"]),
            }
            for row in rows
        ),
        {"label": after, "from": 0, "to": last, "kind": "total", "text": formats.number(last)},
    ]
    labels = [bar["label"] for bar in bars]
    colours = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    base = alt.Chart(values(bars, *bars[0])).encode(
        y=alt.Y("label:N", sort=labels, axis=alt.Axis(title=None, grid=False, labelLimit=190)),
    )
    most = max(max(bar["from"], bar["to"]) for bar in bars)
    texts = (
        base.transform_calculate(end="max(datum.from, datum.to)")
        .mark_text(align="left", dx=5)
        .encode(x=alt.X("end:Q"), text="text:N")
    )

    def drawn(room: float) -> Any:
        scale = alt.Scale(domain=[0, most * room], nice=False)
        bars = base.mark_bar(height=15).encode(
            x=alt.X("from:Q", title="credits", scale=scale),
            x2="to:Q",
            color=alt.Color("kind:N", scale=colours, legend=None),
        )
        return bars + texts

    return Chart(
        name="cost-waterfall",
        title="Credits, from one period to the next",
        description=f"{before} {formats.number(first)} credits; "
        + "; ".join(f"{row['label']} {formats.signed(row['credits'])}" for row in rows)
        + f"; {after} {formats.number(last)}.",
        spec=specify(drawn(NARROW_ROOM), 340, 26 * len(bars) + 44),
        wide=specify(drawn(ROOM), PANEL, 26 * len(bars) + 44),
        head=("Step", "Credits"),
        body=[(bar["label"], bar["text"]) for bar in bars],
    )
