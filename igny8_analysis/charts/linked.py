"""Linked charts for `--interactive`: one specification whose parts share a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.credits_per_run import (
    credit_layers,
    price_rules,
    status_marks,
    with_shown_status,
)
from igny8_analysis.charts.scales import Row, duration_axis, stage_scale, time_axis, values
from igny8_analysis.charts.theme import themed
from igny8_analysis.reports import formats, tokens

Specification = dict[str, Any]
_MEASURES = (
    ("credits_per_article", "credits per article"),
    ("total_credits_used", "credits"),
    ("duration_seconds", "duration"),
)
_STAGES = alt.Axis(title=None, grid=False)
_RUN = [
    alt.Tooltip("run_number:Q", title="Run"),
    alt.Tooltip("started_at:T", title="Started (UTC)", format="%d %b %Y %H:%M"),
    alt.Tooltip("shown_status:N", title="Status"),
    alt.Tooltip("total_credits_used:Q", title="Credits", format=",.0f"),
    alt.Tooltip("credits_per_article:Q", title="Credits per article", format=",.2f"),
    alt.Tooltip("duration:N", title="Duration"),
]


def linked_trends(rows: Sequence[Row], breaks: Sequence[Row] = ()) -> Specification:
    """Return credits, credits per article and duration over time: runs brushed in one light up in all.

    Bands, averages, marks and price rules are those of the still drawings. Wheel and drag on the lower two zoom them
    together; rows are those of `run_trends`, oldest first, and of `price_breaks`.
    """
    columns = (
        "run_number", "started_at", "shown_status", "duration", *(column for column, _ in _MEASURES), "is_unusual",
        "baseline_avg_credits", "baseline_lowest_credits", "baseline_highest_credits",
    )  # fmt: skip
    told = (with_shown_status(row) | {"duration": formats.duration(row["duration_seconds"])} for row in rows)
    data = values(told, *columns)
    brush = alt.selection_interval(name="brush", encodings=["x"])
    zoom = alt.selection_interval(name="zoom", bind="scales", encodings=["x"])
    lit = alt.condition(brush, alt.value(1), alt.value(0.15))
    shape, colour = status_marks()
    longest = max((row["duration_seconds"] or 0 for row in rows), default=0)
    rules = price_rules([row for row in breaks if row["since"] >= rows[0]["started_at"]], 8)

    def measure(column: str, title: str) -> Any:
        axis = duration_axis(longest, 4) if column == "duration_seconds" else alt.Axis()
        base = alt.Chart(data).encode(x=time_axis(), y=alt.Y(f"{column}:Q", title="", axis=axis))
        line = base.mark_line(color=tokens.var("line-strong"), strokeWidth=1)
        marks = base.mark_point(filled=True, size=40, aria=False).encode(
            shape=shape, color=colour, opacity=lit, tooltip=_RUN
        )
        return alt.layer(line, marks).properties(title=title.capitalize(), width=475, height=170)

    credits = credit_layers(data, 8, opacity=lit, tooltip=_RUN, brush=brush)
    first = alt.layer(credits, *rules).properties(title="Credits per run", width=1035, height=200)
    others = [measure(column, title) for column, title in _MEASURES if column != "total_credits_used"]
    below = alt.hconcat(others[0].add_params(zoom), *others[1:]).resolve_scale(x="shared")
    return _in_browser(alt.vconcat(first, below))


def linked_stages(rows: Sequence[Row], total: object) -> Specification:
    """Return credits and difference by stage: a stage clicked in one is picked out in both.

    Rows are those of `credit_variance` that are of a stage; `total` is the run's credits, those of no stage too.
    """
    told = [{**row, "stage": f"{row['stage_number']} {row['stage_name']}"} for row in rows]
    data = values(told, "stage_number", "stage", "credits_used", "volume_credits", "rate_credits")
    picked = alt.selection_point(name="picked", fields=["stage_number"])
    base = alt.Chart(data).encode(
        color=alt.Color("stage_number:O", scale=stage_scale(), legend=None),
        opacity=alt.condition(picked, alt.value(1), alt.value(0.2)),
        tooltip=[
            alt.Tooltip("stage:N", title="Stage"),
            alt.Tooltip("credits_used:Q", title="Credits", format=",.0f"),
            alt.Tooltip("volume_credits:Q", title="For more or fewer items", format="+,.1f"),
            alt.Tooltip("rate_credits:Q", title="For dearer or cheaper ones", format="+,.1f"),
        ],
    )
    names = [row["stage"] for row in told]
    ends = [float(row[f"{part}_credits"] or 0) for row in rows for part in ("volume", "rate")]
    difference = alt.Scale(domain=[min(0, *ends), max(0, *ends)])

    def bars(column: str, title: str, labels: alt.Axis | None, **scale: Any) -> Any:
        return (
            base.mark_bar(aria=False, height=15)
            .encode(
                x=alt.X(f"{column}:Q", title="credits", **scale),
                y=alt.Y("stage:N", sort=names, axis=labels),
            )
            .properties(width=305, height=26 * len(names), title=title)
        )

    return _in_browser(
        alt.hconcat(
            bars("credits_used", f"Credits by stage, {formats.number(total)} in all", _STAGES).add_params(
                picked
            ),
            bars("volume_credits", "For more or fewer items", None, scale=difference),
            bars("rate_credits", "For dearer or cheaper ones", None, scale=difference),
        )
    )


def _in_browser(chart: Any) -> Specification:
    """Return the chart's specification with the page's own font: what draws it measures with what it draws."""
    specification = themed(chart)
    config = specification["config"]
    fonts = {part: config[part] | {"font": tokens.FONT} for part in ("text", "title")}
    return specification | {"config": config | {"font": tokens.FONT, **fonts}}
