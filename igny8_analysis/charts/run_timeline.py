"""Where a run's time went: its stages end to end, then the pause, then what is left."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import STAGE_NUMBERS, Row, duration_axis, values
from igny8_analysis.charts.theme import AXIS, PANEL, Chart, Margins, specify
from igny8_analysis.reports import formats, tokens

LABEL_OVERHANG = 20


def run_timeline(rows: Sequence[Row]) -> Chart | None:
    """Draw the parts of `run_timeline` as one bar from start to end in seconds; None where no part lasted.

    The source keeps no starts of stages: their order is the pipeline's, their lengths are what they reported.
    """
    lasting = [row for row in rows if row["duration_seconds"]]
    if not lasting:
        return None
    keys = [*map(str, STAGE_NUMBERS), "pause", "remainder"]
    colours = [*map(tokens.stage, STAGE_NUMBERS), tokens.var("line-strong"), tokens.var("line")]
    parts = [{**row, "key": str(row["stage_number"] or row["part"])} for row in lasting]
    whole = max(row["ends_after_seconds"] for row in lasting)
    for part in parts:
        is_roomy = part["stage_number"] is not None and part["duration_seconds"] > 0.05 * whole
        part["label"] = part["key"] if is_roomy else ""
    longest = max(lasting, key=lambda row: row["duration_seconds"])

    def bar(width: int, ticks: int) -> dict[str, object]:
        base = alt.Chart(values(parts, "key", "label", "starts_after_seconds", "ends_after_seconds"))
        x = alt.X(
            "starts_after_seconds:Q",
            title=None,
            scale=alt.Scale(nice=False),
            axis=duration_axis(whole, ticks, labelFlush=True),
        )
        bars = base.mark_bar(height=34, stroke=tokens.var("surface"), strokeWidth=1).encode(
            x=x,
            x2=alt.X2("ends_after_seconds:Q"),
            color=alt.Color("key:N", scale=alt.Scale(domain=keys, range=colours), legend=None),
        )
        on = [*(tokens.var(f"on-stage-{n}") for n in STAGE_NUMBERS), tokens.var("ink"), tokens.var("ink")]
        text = (
            base.transform_calculate(middle="(datum.starts_after_seconds + datum.ends_after_seconds) / 2")
            .mark_text(fontWeight="bold")
            .encode(
                x=alt.X("middle:Q"),
                text=alt.Text("label:N"),
                color=alt.Color("key:N", scale=alt.Scale(domain=keys, range=on), legend=None),
            )
        )
        return specify(
            alt.layer(bars, text).resolve_scale(color="independent"),
            width,
            74,
            Margins(2, LABEL_OVERHANG, 1, AXIS),
        )

    return Chart(
        name="run-timeline",
        title="Where the time went",
        description=f"The longest part is {longest['label']} with {formats.duration(longest['duration_seconds'])}.",
        spec=bar(340, 3),
        wide=bar(PANEL, 8),
        head=("Part", "Duration"),
        body=[(row["label"], formats.duration(row["duration_seconds"])) for row in rows],
    )
