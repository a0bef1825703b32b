"""Credits of each run against the baseline that was known when it began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, time_axis, values
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens

STATUSES = ["completed", "failed", "cancelled", "other"]
_COLUMNS = (
    "run_number", "started_at", "total_credits_used", "shown_status",
    "baseline_avg_credits", "baseline_lowest_credits", "baseline_highest_credits", "is_unusual",
)  # fmt: skip


def credits_per_run(rows: Sequence[Row], title: str) -> Chart | None:
    """Draw one mark a run over time, its shape by status, with the baseline's average and lowest to highest.

    The rows are those of `run_trends`, oldest first; None without rows.
    """
    if not rows:
        return None
    data = values(map(with_shown_status, rows), *_COLUMNS)
    credits = [row["total_credits_used"] for row in rows]
    return Chart(
        name="credits-per-run",
        title=title,
        description=f"{len(rows)} runs from {formats.instant(rows[0]['started_at'])} to "
        f"{formats.instant(rows[-1]['started_at'])} UTC, between {formats.number(min(credits))} and "
        f"{formats.number(max(credits))} credits. The band runs from the lowest to the highest of the up to "
        "10 completed runs known when a run began, the line is their average.",
        spec=specify(_layers(data, 3), 340, 230),
        wide=specify(_layers(data, 8), 1080, 260),
        head=(
            "Run",
            "Started (UTC)",
            "Status",
            "Credits",
            "Baseline average",
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


def with_shown_status(row: Row) -> dict[str, Any]:
    """Return the row with `shown_status`: its status, or `other` for those that have no mark of their own."""
    return {**row, "shown_status": row["status"] if row["status"] in STATUSES else "other"}


def status_marks() -> tuple[Any, Any]:
    """Return the shape and colour encodings that tell a run's status, without a legend of their own."""
    shapes = alt.Scale(domain=STATUSES, range=["circle", "cross", "square", "triangle-up"])
    names = ["accent", "bad", "warn", "ink-soft"]
    colours = alt.Scale(domain=STATUSES, range=[tokens.var(name) for name in names])
    return (
        alt.Shape("shown_status:N", scale=shapes, legend=None),
        alt.Color("shown_status:N", scale=colours, legend=None),
    )


def _layers(data: Any, ticks: int) -> Any:
    base = alt.Chart(data).encode(x=time_axis(count=ticks))
    band = base.mark_area(interpolate="step-after", color=tokens.var("band")).encode(
        y=alt.Y("baseline_lowest_credits:Q", title="credits"), y2=alt.Y2("baseline_highest_credits:Q")
    )
    average = base.mark_line(
        interpolate="step-after", color=tokens.var("line-strong"), strokeWidth=1.5, strokeDash=[5, 3]
    ).encode(y=alt.Y("baseline_avg_credits:Q"))
    shape, colour = status_marks()
    runs = base.mark_point(filled=True, size=34, opacity=1).encode(
        y=alt.Y("total_credits_used:Q"), shape=shape, color=colour
    )
    unusual = base.transform_filter("datum.is_unusual").mark_point(
        shape="diamond", size=150, strokeWidth=1.5, color=tokens.var("warn")
    )
    return alt.layer(band, average, runs, unusual.encode(y=alt.Y("total_credits_used:Q")))
