"""One measure of two runs, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, duration_axis, values
from igny8_analysis.charts.theme import HALF_PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens


def paired_stages(
    rows: Sequence[Row],
    column: str,
    title: str,
    runs: tuple[str, str],
    write: Callable[[Any], str] = formats.number,
) -> Chart | None:
    """Draw two bars a stage, `<column>_a` and `<column>_b` of the two `runs`; None where neither has any.

    `write` turns a value into text for the data table; a column of seconds has an axis of minutes or hours.
    """
    stages = [row for row in rows if row["stage_number"] is not None]
    bars: list[dict[str, Any]] = [
        {"stage": _name(row), "run": run, "amount": row[f"{column}_{side}"] or 0}
        for row in stages
        for run, side in zip(runs, "ab", strict=True)
    ]
    if not any(bar["amount"] for bar in bars):
        return None
    colours = alt.Scale(domain=list(runs), range=[tokens.var("line-strong"), tokens.var("ink")])
    most = max(bars, key=lambda bar: bar["amount"])
    axis = duration_axis(most["amount"], 4) if column.endswith("_seconds") else alt.Axis()
    drawn = (
        alt.Chart(values(bars, "stage", "run", "amount"))
        .mark_bar(height=9)
        .encode(
            x=alt.X("amount:Q", title=None, axis=axis),
            y=alt.Y("stage:N", sort=None, axis=alt.Axis(title=None, grid=False)),
            yOffset=alt.YOffset("run:N", sort=None),
            color=alt.Color("run:N", scale=colours, legend=None),
        )
    )
    return Chart(
        name=f"paired-{column.replace('_', '-')}",
        title=title,
        description=f"Most is {write(most['amount'])} in stage {most['stage']}, in {most['run']}.",
        spec=specify(drawn, 340, 34 * len(stages) + 44),
        wide=specify(drawn, HALF_PANEL, 34 * len(stages) + 44),
        head=("Stage", *runs),
        body=[(_name(row), *(write(row[f"{column}_{side}"]) for side in "ab")) for row in stages],
    )


def _name(row: Row) -> str:
    return f"{row['stage_number']} {row['stage_name']}"
