"""Linked charts for `--interactive`: one specification whose parts share a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.credits_per_run import status_marks, with_shown_status
from igny8_analysis.charts.scales import Row, duration_axis, stage_scale, time_axis, values
from igny8_analysis.charts.theme import themed
from igny8_analysis.reports import tokens

Specification = dict[str, Any]
_MEASURES = (
    ("total_credits_used", "credits"),
    ("credits_per_item", "credits per item"),
    ("duration_seconds", "duration"),
)


def linked_trends(rows: Sequence[Row]) -> Specification:
    """Return credits, credits per item and duration over time: runs brushed in one light up in all.

    Wheel and drag on the lower two zoom them together; rows are those of `run_trends`.
    """
    columns = ("run_number", "started_at", "shown_status", *(column for column, _ in _MEASURES))
    data = values(map(with_shown_status, rows), *columns)
    brush = alt.selection_interval(name="brush", encodings=["x"])
    zoom = alt.selection_interval(name="zoom", bind="scales", encodings=["x"])
    shape, colour = status_marks()

    longest = max((row["duration_seconds"] or 0 for row in rows), default=0)

    def measure(column: str, title: str, width: int) -> Any:
        axis = duration_axis(longest, 4) if column == "duration_seconds" else alt.Axis()
        return (
            alt.Chart(data)
            .mark_point(filled=True, size=40, aria=False)
            .encode(
                x=time_axis(),
                y=alt.Y(f"{column}:Q", title=title, axis=axis),
                shape=shape,
                color=colour,
                opacity=alt.condition(brush, alt.value(1), alt.value(0.15)),
                tooltip=["run_number:Q", "started_at:T", "shown_status:N", f"{column}:Q"],
            )
            .properties(width=width, height=170)
        )

    first, *others = (measure(*named, 980 if n == 0 else 450) for n, named in enumerate(_MEASURES))
    below = alt.hconcat(others[0].add_params(zoom), *others[1:]).resolve_scale(x="shared")
    return themed(alt.vconcat(first.add_params(brush), below))


def linked_stages(rows: Sequence[Row]) -> Specification:
    """Return credits and difference by stage: a stage clicked in one is picked out in both.

    Rows are those of `credit_variance` that are of a stage.
    """
    data = values(rows, "stage_number", "stage_name", "credits_used", "volume_credits", "rate_credits")
    picked = alt.selection_point(name="picked", fields=["stage_number"])
    base = alt.Chart(data).encode(
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None),
        opacity=alt.condition(picked, alt.value(1), alt.value(0.2)),
        tooltip=["stage_name:N", "credits_used:Q", "volume_credits:Q", "rate_credits:Q"],
    )
    donut = (
        base.mark_arc(aria=False, innerRadius=56, stroke=tokens.var("surface"), strokeWidth=2)
        .encode(theta=alt.Theta("credits_used:Q", stack=True), order=alt.Order("stage_number:O"))
        .properties(width=220, height=220)
        .add_params(picked)
    )
    bars = [
        base.mark_bar(aria=False)
        .encode(
            x=alt.X(f"{part}_credits:Q", title=f"{part}, credits"), y=alt.Y("stage_number:O", title="stage")
        )
        .properties(width=260, height=220)
        for part in ("volume", "rate")
    ]
    return themed(alt.hconcat(donut, *bars))
