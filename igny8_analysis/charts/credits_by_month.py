"""Credits of an account's sites together, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, values
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens


def credits_by_month(rows: Sequence[Row]) -> Chart | None:
    """Draw one bar a month, `month_credits` by `month_start`, oldest first; None where all are 0 or NULL."""
    if not any(row["month_credits"] for row in rows):
        return None
    bars: list[dict[str, Any]] = [
        {"month": f"{row['month_start']:%b %y}", "credits": row["month_credits"] or 0} for row in rows
    ]
    drawn = (
        alt.Chart(values(bars, "month", "credits"))
        .mark_bar(color=tokens.var("accent"))
        .encode(
            x=alt.X(
                "month:N",
                sort=None,
                axis=alt.Axis(title=None, grid=False, labelAngle=0, labelOverlap=True),
                scale=alt.Scale(paddingInner=0.3),
            ),
            y=alt.Y("credits:Q", title="credits"),
        )
    )
    most = max(bars, key=lambda bar: bar["credits"])
    return Chart(
        name="credits-by-month",
        title="Credits by month, all sites",
        description=f"{len(bars)} months to {bars[-1]['month']}; most in {most['month']}: "
        f"{formats.number(most['credits'])} credits.",
        spec=specify(drawn, 340, 190),
        wide=specify(drawn, 1080, 220),
        head=("Month", "Credits"),
        body=[(bar["month"], formats.number(bar["credits"])) for bar in bars],
    )
