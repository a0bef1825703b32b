"""The panels of a report that shows one run beside another of its site, in reading order."""

from __future__ import annotations

from typing import Any

from igny8_analysis import charts
from igny8_analysis.reports import formats
from igny8_analysis.reports.names import run_file
from igny8_analysis.reports.panels.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows

# What is compared of the runs as a whole: its name, and how it is written, by the query's measure.
MEASURES = {
    "total_credits_used": ("Credits", formats.number),
    "items_processed": ("Items processed", formats.number),
    "items_created": ("Items created", formats.number),
    "content_created": ("Articles", formats.number),
    "images_generated": ("Images generated", formats.number),
    "duration_seconds": ("Duration", formats.duration),
    "active_seconds": ("Active time", formats.duration),
    "credits_per_item": ("Credits per item created", formats.rate),
    "items_per_minute": ("Items created per minute", formats.rate),
    "credits_per_minute": ("Credits per minute", formats.rate),
}


def header(report: Report, rows: Rows) -> Panel:
    """Show which two runs these are, each with a link to its report where that is made."""
    runs = {row["id"]: row for row in rows}
    a, b = (runs[report.parameters[name]] for name in ("id_a", "id_b"))
    files = {row["id"]: _file(report, row) for row in rows}
    return render(
        "compare_header.html.j2", rows, runs={"A": a, "B": b}, a=a, b=b, files=files, links=report.links
    )


def measures(rows: Rows) -> Panel:
    """Show the runs as a whole: each measure in both, and how B differs."""
    return render("compare_measures.html.j2", rows, measures=MEASURES)


def cost(rows: Rows) -> Panel:
    """Show why B cost more or less than A: the difference by stage, as volume and rate."""
    drawn = [
        charts.paired_stages(rows, "credits_used", "Credits by stage"),
        charts.volume_and_rate(rows, "run A"),
    ]
    return render("compare_cost.html.j2", rows, charts=[chart for chart in drawn if chart])


def work(rows: Rows) -> Panel:
    """Show what each stage did in both runs: its status, its items, and what one of them cost."""
    return render("compare_work.html.j2", rows)


def time(rows: Rows) -> Panel:
    """Show how long each stage took in both runs."""
    chart = charts.paired_stages(rows, "duration_seconds", "Duration by stage", formats.duration)
    return render("compare_time.html.j2", rows, chart=chart, write=formats.duration)


def _file(report: Report, run: dict[str, Any]) -> str | None:
    """Return the file of a run's report, if it lies beside this one."""
    files = (run_file(run["run_number"], run["id"], is_shared=is_shared) for is_shared in (True, False))
    return next((file for file in files if file in report.links), None)
