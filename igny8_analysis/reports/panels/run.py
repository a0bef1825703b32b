"""The panels of a run's report, in reading order."""

from __future__ import annotations

from igny8_analysis import charts
from igny8_analysis.reports.panels.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows
from igny8_analysis.stages import stage_label

SEVERITIES = {"error": "Error", "warning": "Warning", "info": "Note"}


def summary(report: Report, rows: Rows) -> Panel:
    """Show which run this is, when and how long it ran, and its credits and items against the baseline."""
    names = {"../index.html", "index.html"} & report.links
    return render("run_summary.html.j2", rows, run=rows.first, links=names)


def insights(rows: Rows) -> Panel:
    """Show the insights in their order, each with its severity in words."""
    return render("insights.html.j2", rows, severities=SEVERITIES)


def pipeline_flow(rows: Rows) -> Panel:
    """Show the seven stages left to right: pending at start, processed → created, status, credits."""
    return render("pipeline_flow.html.j2", rows, chart=charts.pipeline_flow(rows))


def why_it_cost_this(report: Report, rows: Rows) -> Panel:
    """Show credits by stage, and how volume and rate add up to the difference from the baseline."""
    stages = [row for row in rows if row["stage_number"] is not None]
    total = rows.first["total_credits_used"]
    donut = charts.credits_donut(stages, "credits_used", total, "Credits by stage", "credits-by-stage")
    split = charts.volume_and_rate(rows) if rows.first["has_sufficient_data"] else None
    linked = charts.linked_stages(stages) if report.is_interactive and donut and split else None
    return render(
        "why_it_cost_this.html.j2",
        rows,
        stages=stages,
        donut=donut,
        split=split,
        linked=linked,
        run=rows.first,
    )


def timeline(rows: Rows) -> Panel:
    """Show where the time went: stages end to end, the kept pause, the remainder."""
    rows = Rows(({**row, "label": stage_label(row["label"])} for row in rows), rows.query)
    return render("timeline.html.j2", rows, chart=charts.run_timeline(rows))


def stage_details(rows: Rows) -> Panel:
    """Show one fold a stage: its numbers, its comparison with the baseline, its error text."""
    return render("stage_details.html.j2", rows)


def efficiency(rows: Rows) -> Panel:
    """Show the three rates beside the baseline's."""
    return render("efficiency.html.j2", rows, run=rows.first)


def predicted_and_actual(rows: Rows) -> Panel:
    """Show what would have been forecast from the run's own snapshot, its interval, and what came."""
    return render("predicted_and_actual.html.j2", rows, chart=charts.forecast_interval(rows))


def reconciliation(rows: Rows) -> Panel:
    """Show the run's credits against the stages' sum, and the findings about this run."""
    findings = [row for row in rows if row["check_name"] is not None]
    return render("reconciliation.html.j2", rows, run=rows.first, findings=findings)
