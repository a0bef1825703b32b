"""One measure of each run over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.credits_per_run import status_marks, with_shown_status
from igny8_analysis.charts.scales import Row, duration_axis, time_axis, values
from igny8_analysis.charts.theme import Chart, specify
from igny8_analysis.reports import formats, tokens


def run_measure(
    rows: Sequence[Row], column: str, title: str, unit: str, write: Callable[[Any], str]
) -> Chart | None:
    """Draw `column` of each run that has one, as a quiet line with a mark a run; None where no run has one.

    `write` turns a value into text for the description and the data table; a column of seconds has an axis
    of minutes or hours.
    """
    known = [row for row in rows if row[column] is not None]
    if not known:
        return None
    data = values(map(with_shown_status, known), "run_number", "started_at", column, "shown_status")
    shape, colour = status_marks()
    lowest, highest = (edge(known, key=lambda row: row[column]) for edge in (min, max))
    axis = duration_axis(highest[column], 4) if column.endswith("_seconds") else alt.Axis()

    def layers(ticks: int) -> Any:
        y = alt.Y(f"{column}:Q", title=unit, axis=axis)
        base = alt.Chart(data).encode(x=time_axis(count=ticks), y=y)
        line = base.mark_line(color=tokens.var("line-strong"), strokeWidth=1)
        return line + base.mark_point(filled=True, size=26, opacity=1).encode(shape=shape, color=colour)

    return Chart(
        name=column.replace("_", "-"),
        title=title,
        description=f"{len(known)} runs, from {write(lowest[column])} (run #{lowest['run_number']}) to "
        f"{write(highest[column])} (run #{highest['run_number']}); the latest has {write(known[-1][column])}.",
        spec=specify(layers(3), 340, 190),
        wide=specify(layers(5), 540, 200),
        head=("Run", "Started (UTC)", "Status", title),
        body=[
            (f"#{row['run_number']}", formats.instant(row["started_at"]), row["status"], write(row[column]))
            for row in known
        ],
    )
