"""Credits of one stage in the analyzed runs: a small multiple."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens


def stage_recent(stage_number: int, stage_name: str, measured: Sequence[Any], unit: str) -> Chart | None:
    """Draw one bar an analyzed run in which the stage ran, oldest first; None where all bars would be empty.

    `unit` is what is measured: `credits`, or `items` for the stages that cost nothing.
    """
    if not any(measured):
        return None
    data = alt.Data(values=[{"position": n, "amount": float(value)} for n, value in enumerate(measured)])
    positions = list(range(10))
    runs = "run" if len(measured) == 1 else f"{len(measured)} runs"
    chart = (
        alt.Chart(data)
        .mark_bar(color=tokens.stage(stage_number))
        .encode(
            x=alt.X("position:O", axis=None, scale=alt.Scale(domain=positions, paddingInner=0.25)),
            y=alt.Y("amount:Q", axis=None),
        )
    )
    return Chart(
        name=f"stage-{stage_number}-recent",
        title=f"{stage_name}: {unit} in the last {runs} in which it ran",
        description=f"From {formats.number(min(measured))} to {formats.number(max(measured))} {unit}, "
        f"{formats.number(measured[-1])} in the latest.",
        spec=specify(chart, 150, 40),
        head=("Run, oldest first", unit.capitalize()),
        body=[(str(n), formats.number(value)) for n, value in enumerate(measured, 1)],
    )
