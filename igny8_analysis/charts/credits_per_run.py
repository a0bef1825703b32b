"""Credits of each run against the baseline that was known when it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, time_axis, values
from igny8_analysis.charts.theme import PANEL, Chart, point, specify
from igny8_analysis.reports import formats, tokens

NARROW_RUNS = 40
ABOVE = 10  # px from the plot to a label, clear of the mark around an unusual run at its edge
STATUSES = ["completed", "failed", "cancelled", "still going on", "other"]
_COLUMNS = (
    "run_number", "started_at", "total_credits_used", "shown_status",
    "baseline_avg_credits", "baseline_lowest_credits", "baseline_highest_credits", "is_unusual", "point",
)  # fmt: skip


def credits_per_run(
    rows: Sequence[Row], title: str, breaks: Sequence[Row] = (), files: Mapping[int, str] | None = None
) -> Chart | None:
    """Draw one mark a run over time, its shape by status, with the baseline's average and lowest to highest.

    The rows are those of `run_trends`, oldest first; None without rows. `breaks` are rows of `price_breaks`, each a
    labelled rule; a run in `files` (by its id) links there.
    """
    if not rows:
        return None
    marked = [with_shown_status(row) | {"point": run_point(row, files)} for row in rows]
    few, data = values(marked[-NARROW_RUNS:], *_COLUMNS), values(marked, *_COLUMNS)
    latest = [row for row in breaks if row["since"] >= rows[-NARROW_RUNS:][0]["started_at"]]
    shown = [row for row in breaks if row["since"] >= rows[0]["started_at"]]
    credits = [row["total_credits_used"] for row in rows]
    return Chart(
        name="credits-per-run",
        title=title,
        description=f"{len(rows)} runs from {formats.instant(rows[0]['started_at'])} to "
        f"{formats.instant(rows[-1]['started_at'])} UTC, between {formats.number(min(credits))} and "
        f"{formats.number(max(credits))} credits. The band runs from the lowest to the highest of the up to "
        f"10 completed runs known when a run began, the line is their average.{drawn_narrow(len(rows))}",
        spec=specify(alt.layer(credit_layers(few, 3), *price_rules(latest, 3)), 340, 230),
        wide=specify(alt.layer(credit_layers(data, 8, is_told=True), *price_rules(shown, 8)), PANEL, 260),
        head=(
            "Run",
            "Started (UTC)",
            "Status",
            "Credits",
            "Usual",
            "Lowest",
            "Highest",
            "Unusual",
        ),
        body=[
            (
                f"#{row['run_number']}",
                formats.instant(row["started_at"]),
                row["status"],
                formats.number(row["total_credits_used"]),
                formats.number(row["baseline_avg_credits"]),
                formats.number(row["baseline_lowest_credits"]),
                formats.number(row["baseline_highest_credits"]),
                "yes" if row["is_unusual"] else "",
            )
            for row in rows
        ],
    )


def drawn_narrow(runs: int) -> str:
    """Return what a drawing of so many runs says of the one on a narrow page, which draws fewer; empty else."""
    return f" On a narrow page the latest {NARROW_RUNS} are drawn." if runs > NARROW_RUNS else ""


def with_shown_status(row: Row) -> dict[str, Any]:
    """Return the row with its `shown_status`; one still going on has no credits per article yet."""
    shown = shown_status(row)
    return {**row, "shown_status": shown} | (
        {"credits_per_article": None} if shown == "still going on" else {}
    )


def shown_status(row: Row) -> str:
    """Return the run's status; `still going on` for a run of no end yet, `other` for what has no mark of its own."""
    if row["status"] in ("running", "paused"):
        return "still going on"
    return row["status"] if row["status"] in STATUSES else "other"


def status_marks() -> tuple[Any, Any]:
    """Return the shape and colour encodings that tell a run's status, without a legend of their own."""
    shapes = alt.Scale(domain=STATUSES, range=["circle", "cross", "square", "triangle-right", "triangle-up"])
    names = ["accent", "bad", "warn", "ink", "ink-soft"]
    colours = alt.Scale(domain=STATUSES, range=[tokens.var(name) for name in names])
    return (
        alt.Shape("shown_status:N", scale=shapes, legend=None),
        alt.Color("shown_status:N", scale=colours, legend=None),
    )


def run_point(row: Row, files: Mapping[int, str] | None, measure: str = "") -> str:
    """Return what a run's mark says, a `measure` of its own at the end, and where it links to."""
    text = (
        f"#{row['run_number']}, {formats.instant(row['started_at'])} UTC: {row['status']}, "
        f"{formats.number(row['total_credits_used'])} credits, {formats.duration(row['duration_seconds'])}{measure}"
    )
    return point(text, (files or {}).get(row["id"]))


def price_rules(breaks: Sequence[Row], ticks: int) -> list[Any]:
    """Return the layers of a rule at each price break, above it the stages that became dearer or cheaper then."""
    if not breaks:
        return []
    labels: dict[datetime, list[str]] = {}
    for row in breaks:
        sign = "▲" if row["rate_after"] > row["rate_before"] else "▼"
        labels.setdefault(row["since"], []).append(f"{row['stage_number']} {sign}")
    marks = [{"since": since, "label": "  ".join(told)} for since, told in labels.items()]
    base = alt.Chart(values(marks, "since", "label")).encode(x=time_axis("since", ticks))
    return [
        base.mark_rule(color=tokens.var("warn"), strokeDash=[2, 2]),
        base.mark_text(baseline="bottom", color=tokens.var("warn")).encode(
            y=alt.value(-ABOVE), text="label:N"
        ),
    ]


def credit_layers(
    data: Any,
    ticks: int,
    opacity: Any = None,
    tooltip: Sequence[Any] = (),
    brush: Any = None,
    *,
    is_told: bool = False,
) -> Any:
    """Return the band and average of the baseline, a mark a run, and one around the unusual ones.

    Where it is to be worked with: the marks' opacity and tooltip, and the selection made on them. `is_told` where
    each mark carries its text and link.
    """
    base = alt.Chart(data).encode(x=time_axis(count=ticks))
    band = base.mark_area(interpolate="step-after", color=tokens.var("band")).encode(
        y=alt.Y("baseline_lowest_credits:Q", title="credits"), y2=alt.Y2("baseline_highest_credits:Q")
    )
    average = base.mark_line(
        interpolate="step-after", color=tokens.var("line-strong"), strokeWidth=1.5, strokeDash=[5, 3]
    ).encode(y=alt.Y("baseline_avg_credits:Q"))
    shape, colour = status_marks()
    runs = base.mark_point(filled=True, size=34, aria=is_told).encode(
        y=alt.Y("total_credits_used:Q"),
        shape=shape,
        color=colour,
        opacity=alt.value(1) if opacity is None else opacity,
    )
    if is_told:
        runs = runs.encode(description="point:N")
    if brush is not None:
        runs = runs.encode(tooltip=tooltip).add_params(brush)
    unusual = base.transform_filter("datum.is_unusual").mark_point(
        shape="diamond", size=150, strokeWidth=1.5, color=tokens.var("warn")
    )
    return alt.layer(band, average, runs, unusual.encode(y=alt.Y("total_credits_used:Q")))
