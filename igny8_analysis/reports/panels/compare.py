"""The panels of a report that shows one run beside another of its site, in reading order."""

from __future__ import annotations

from typing import Any

from igny8_analysis import charts
from igny8_analysis.reports import formats, words
from igny8_analysis.reports.names import run_file
from igny8_analysis.reports.panel import Panel, render
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
    names = dict(zip(_names(report), (a, b), strict=True))
    return render("compare_header.html.j2", rows, runs=names, a=a, b=b, files=files, links=report.links)


def cost(report: Report, rows: Rows) -> Panel:
    """Show why B cost more or less than A: the difference by stage, as volume and rate."""
    names = _names(report)
    drawn = [
        charts.paired_stages(rows, "credits_used", "Credits by stage", names),
        charts.volume_and_rate(rows, names[0]),
    ]
    first = rows.first
    return render(
        "compare_cost.html.j2",
        rows,
        names=names,
        charts=[chart for chart in drawn if chart],
        sentence=words.why_it_differs(
            *names, *(first[f"total_{part}"] for part in ("credits_a", *words.DIFFERENCES))
        ),
    )


def measures(report: Report, rows: Rows) -> Panel:
    """Show the runs as a whole: each measure in both, and how B differs."""
    return render("compare_measures.html.j2", rows, names=_names(report), measures=MEASURES)


def work(report: Report, rows: Rows) -> Panel:
    """Show what each stage did in both runs: its status, its items, and what one of them cost."""
    return render("compare_work.html.j2", rows, names=_names(report))


def time(report: Report, rows: Rows) -> Panel:
    """Show how long each stage took in both runs."""
    names = _names(report)
    chart = charts.paired_stages(rows, "duration_seconds", "Duration by stage", names, formats.duration)
    return render("compare_time.html.j2", rows, names=names, chart=chart, write=formats.duration)


def _names(report: Report) -> tuple[str, str]:
    """Return what the two runs are called: by their numbers, or A and B where those are one."""
    query = "select id, run_number from runs where site_id = $site_id and id in ($id_a, $id_b)"
    numbers = {row["id"]: row["run_number"] for row in report.rows(query)}
    a, b = (numbers[report.parameters[name]] for name in ("id_a", "id_b"))
    return ("A", "B") if a == b else (f"#{a}", f"#{b}")


def _file(report: Report, run: dict[str, Any]) -> str | None:
    """Return the file of a run's report, if it lies beside this one."""
    files = (run_file(run["run_number"], run["id"], is_shared=is_shared) for is_shared in (True, False))
    return next((file for file in files if file in report.links), None)
