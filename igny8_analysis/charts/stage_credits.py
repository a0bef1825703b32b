"""Credits by stage: bars, or a donut where they are two slices of a whole."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.credits_donut import credits_donut
from igny8_analysis.charts.scales import Row, stage_scale
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats


def stage_credits(rows: Sequence[Row], column: str, total: object, title: str, name: str) -> Chart | None:
    """Draw `column` (credits, at least 0) of one row a stage; None where all are 0.

    Where two stages have any, it is a donut with `total` in the middle; else a bar a stage.
    """
    spent = [row for row in rows if row[column]]
    if len(spent) == 2:
        return credits_donut(rows, column, total, title, name)
    if not spent:
        return None
    bars = [
        {
            "stage_number": row["stage_number"],
            "label": f"{row['stage_number']} {row['stage_name']}",
            "credits": float(row[column]),
            "text": formats.number(row[column]),
        }
        for row in spent
    ]
    most = max(spent, key=lambda row: row[column])
    scale = alt.Scale(domain=[0, float(most[column]) * 1.15], nice=False)
    base = alt.Chart(alt.Data(values=tuple(bars))).encode(
        x=alt.X("credits:Q", title="credits", scale=scale),
        y=alt.Y("label:N", sort=None, axis=alt.Axis(title=None, grid=False, labelLimit=150)),
    )
    drawn = base.mark_bar(height=15).encode(
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None)
    )
    chart = drawn + base.mark_text(align="left", dx=5).encode(text="text:N")
    return Chart(
        name=name,
        title=title,
        description=f"{formats.number(total)} credits in all, most of them in stage {most['stage_number']}, "
        f"{most['stage_name']}: {formats.number(most[column])}.",
        spec=specify(chart, 340, 26 * len(bars) + 44),
        wide=specify(chart, 1080, 26 * len(bars) + 44),
        head=("Stage", "Credits"),
        body=[(f"{r['stage_number']} {r['stage_name']}", formats.number(r[column])) for r in rows],
    )
