"""The pipeline as a ribbon: each stage from what it processed to what it created."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import Row, stage_scale
from igny8_analysis.charts.theme import Chart, Margins, specify
from igny8_analysis.reports import formats


def pipeline_flow(rows: Sequence[Row]) -> Chart | None:
    """Draw the stages left to right, each as wide at its start as the items it processed and at its end
    as those it created, on a square root scale so that hundreds leave dozens visible; None where nothing flowed.

    Rows are those of `run_stages`: stage_number, stage_name, items_processed, items_created.
    """
    if not any(row["items_processed"] or row["items_created"] for row in rows):
        return None
    edges = [
        {"stage_number": row["stage_number"], "at": row["stage_number"] + offset, "half": float(items) ** 0.5}
        for row in rows
        for offset, items in ((0.02, row["items_processed"]), (0.98, row["items_created"]))
    ]
    chart = (
        alt.Chart(alt.Data(values=tuple(edge | {"minus": -edge["half"]} for edge in edges)))
        .mark_area(opacity=0.85)
        .encode(
            x=alt.X("at:Q", axis=None, scale=alt.Scale(domain=[1, len(rows) + 1], nice=False)),
            y=alt.Y("minus:Q", axis=None),
            y2=alt.Y2("half:Q"),
            color=alt.Color("stage_number:O", scale=stage_scale(), legend=None),
        )
    )
    return Chart(
        name="pipeline-flow",
        title="Items through the pipeline",
        description="; ".join(
            f"stage {row['stage_number']}, {row['stage_name']}: {formats.number(row['items_processed'])} processed, "
            f"{formats.number(row['items_created'])} created"
            for row in rows
        )
        + ".",
        spec=specify(chart, 1120, 96, Margins()),
        head=("Stage", "Processed", "Created"),
        body=[
            (
                f"{row['stage_number']} {row['stage_name']}",
                formats.number(row["items_processed"]),
                formats.number(row["items_created"]),
            )
            for row in rows
        ],
    )
