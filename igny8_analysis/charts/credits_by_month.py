"""Credits of an account's sites together, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, values
from igny8_analysis.charts.theme import PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens


def credits_by_month(rows: Sequence[Row]) -> Chart | None:
    """Draw one bar a month, `month_credits` by `month_start`, oldest first; None where all are 0 or NULL.

    The last month is the running one: its bar is pale and says *so far*.
    """
    if not any(row["month_credits"] for row in rows):
        return None
    bars: list[dict[str, Any]] = [
        {"month": f"{row['month_start']:%b %y}", "credits": row["month_credits"] or 0, "note": "", "fill": 1}
        for row in rows
    ]
    bars[-1] |= {"note": "so far", "fill": 0.4}
    base = alt.Chart(values(bars, *bars[0])).encode(
        x=alt.X(
            "month:N",
            sort=None,
            axis=alt.Axis(title=None, grid=False, labelAngle=0, labelOverlap=True),
            scale=alt.Scale(paddingInner=0.3),
        ),
        y=alt.Y("credits:Q", title="credits"),
    )
    drawn = base.mark_bar(color=tokens.var("accent"), stroke=tokens.var("accent")).encode(
        fillOpacity=alt.FillOpacity("fill:Q", scale=None)
    ) + base.mark_text(baseline="bottom", dy=-4).encode(text="note:N")
    most = max(bars, key=lambda bar: bar["credits"])
    return Chart(
        name="credits-by-month",
        title="Credits by month, all sites",
        description=f"{len(bars)} months to {bars[-1]['month']}, which goes on; most in {most['month']}: "
        f"{formats.number(most['credits'])} credits.",
        spec=specify(drawn, 340, 190),
        wide=specify(drawn, PANEL, 220),
        head=("Month", "Credits"),
        body=[(f"{bar['month']} {bar['note']}".strip(), formats.number(bar["credits"])) for bar in bars],
    )
