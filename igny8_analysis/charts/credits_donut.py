"""Credits by stage, as a donut."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import Row, stage_scale, values
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens


def credits_donut(rows: Sequence[Row], column: str, total: object, title: str, name: str) -> Chart | None:
    """Draw `column` (credits, at least 0) of one row a stage, with `total` in the middle; None where all are 0.

    Slices carry their stage's number, so that colour is not the only sign; slivers carry none.
    """
    spent = [row for row in rows if row[column]]
    if not spent:
        return None
    whole = float(sum(row[column] for row in spent))
    slices = [
        {**row, "label": str(row["stage_number"]) if row[column] >= 0.06 * whole else ""} for row in spent
    ]
    base = alt.Chart(values(slices, "stage_number", column, "label")).encode(
        theta=alt.Theta(f"{column}:Q", stack=True), order=alt.Order("stage_number:O")
    )
    arcs = base.mark_arc(innerRadius=56, outerRadius=94, stroke=tokens.var("surface"), strokeWidth=2).encode(
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None)
    )
    labels = base.mark_text(radius=75, fontWeight="bold").encode(
        text=alt.Text("label:N"),
        color=alt.Color("stage_number:O", scale=stage_scale("on-stage"), legend=None),
    )
    middle = alt.Chart(alt.Data(values=[{"text": formats.number(total)}]))
    figure = middle.mark_text(fontSize=22, fontWeight="bold", dy=-5).encode(text=alt.Text("text:N"))
    unit = middle.mark_text(dy=14, color=tokens.var("ink-soft")).encode(text=alt.value("credits"))
    chart = alt.layer(arcs, labels, figure, unit).resolve_scale(color="independent")
    most = max(spent, key=lambda row: row[column])
    return Chart(
        name=name,
        title=title,
        description=f"{formats.number(total)} credits in all, the most in stage {most['stage_number']}, "
        f"{most['stage_name']}: {formats.number(most[column])}.",
        spec=specify(chart, 200, 200),
        head=("Stage", "Credits"),
        body=[(f"{r['stage_number']} {r['stage_name']}", formats.number(r[column], 0)) for r in rows],
    )
