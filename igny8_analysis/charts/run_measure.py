"""One measure of each run over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.credits_per_run import (
    NARROW_RUNS,
    drawn_narrow,
    run_point,
    status_marks,
    with_shown_status,
)
from igny8_analysis.charts.scales import Row, duration_axis, time_axis, values
from igny8_analysis.charts.theme import HALF_PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens


def run_measure(
    rows: Sequence[Row],
    column: str,
    title: str,
    unit: str,
    write: Callable[[Any], str],
    files: Mapping[int, str] | None = None,
) -> Chart | None:
    """Draw `column` of each run that has one, as a quiet line with a mark a run; None where no run has one.

    `write` turns a value into text for the description and the data table; a column of seconds has an axis
    of minutes or hours; a run in `files` (by its id) links there.
    """
    known = [row for row in map(with_shown_status, rows) if row[column] is not None]
    if not known:
        return None
    is_said = column == "duration_seconds"
    marked = [
        row | {"point": run_point(row, files, "" if is_said else f", {title.lower()} {write(row[column])}")}
        for row in known
    ]
    shape, colour = status_marks()
    lowest, highest = (edge(known, key=lambda row: row[column]) for edge in (min, max))
    axis = duration_axis(highest[column], 4) if column.endswith("_seconds") else alt.Axis()

    def layers(runs: int, ticks: int, *, is_told: bool = False) -> Any:
        y = alt.Y(f"{column}:Q", title=unit, axis=axis)
        data = values(marked[-runs:], "run_number", "started_at", column, "shown_status", "point")
        base = alt.Chart(data).encode(x=time_axis(count=ticks), y=y)
        line = base.mark_line(color=tokens.var("line-strong"), strokeWidth=1)
        marks = base.mark_point(filled=True, size=26, opacity=1, aria=is_told).encode(
            shape=shape, color=colour
        )
        return line + (marks.encode(description="point:N") if is_told else marks)

    return Chart(
        name=column.replace("_", "-"),
        title=title,
        description=f"{len(known)} runs, from {write(lowest[column])} (run #{lowest['run_number']}) to "
        f"{write(highest[column])} (run #{highest['run_number']}); the latest has {write(known[-1][column])}."
        + drawn_narrow(len(known)),
        spec=specify(layers(NARROW_RUNS, 3), 340, 190),
        wide=specify(layers(len(marked), 5, is_told=True), HALF_PANEL, 200),
        head=("Run", "Started (UTC)", "Status", title),
        body=[
            (f"#{row['run_number']}", formats.instant(row["started_at"]), row["status"], write(row[column]))
            for row in known
        ],
    )
