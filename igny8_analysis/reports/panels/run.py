"""The panels of a run's report, in reading order."""

from __future__ import annotations

from typing import Any

from igny8_analysis import charts
from igny8_analysis.reports import formats, words
from igny8_analysis.reports.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows
from igny8_analysis.stages import stage_label

# How the stage that a run has reached stands, where the run is not completed, by its outcome.
TITLES = {
    "stopped here": "This run stopped at stage {stage_number}, {stage_name}",
    "cancelled here": "This run was cancelled at stage {stage_number}, {stage_name}",
    "in progress": "This run is at stage {stage_number}, {stage_name}",
    "paused here": "This run is paused at stage {stage_number}, {stage_name}",
}
# Of a run whose stage the source does not say.
NOWHERE = {"failed": "This run failed", "cancelled": "This run was cancelled"}
SHOWN_INSIGHTS = 3


def summary(report: Report, rows: Rows) -> Panel:
    """Show which run this is, when and how long it ran, and its credits and items against the baseline."""
    names = {"../index.html", "index.html"} & report.links
    return render("run_summary.html.j2", rows, run=rows.first, links=names, headline=_headline(rows.first))


def outcome(rows: Rows) -> Panel:
    """Show where a run stopped or stands, what it had spent, what is left, and what to do; nothing if it completed."""
    at, run = next((row for row in rows if row["outcome"] in TITLES), None), rows.first
    return render(
        "run_outcome.html.j2",
        rows,
        run=run,
        at=at,
        title=TITLES[at["outcome"]].format_map(at) if at else NOWHERE.get(run["status"]),
        reason=at["outcome_reason"] if at else run["error_message"],
        is_noted=any(row["snapshot_items"] is not None for row in rows),
        left=[row for row in rows if row["items_left"]],
    )


def insights(rows: Rows, run: Rows) -> Panel:
    """Show the first insights, each with its severity in words; the others, and what is told above, fold."""
    shown = [row for row in rows if not row["is_told_above"]][:SHOWN_INSIGHTS]
    folded = [row for row in rows if row not in shown]
    severities = words.SEVERITIES
    return render("insights.html.j2", rows, run=run.first, severities=severities, shown=shown, folded=folded)


def pipeline_flow(rows: Rows) -> Panel:
    """Show the stages left to right: pending at start, processed → created, status, credits."""
    return render("pipeline_flow.html.j2", rows, chart=charts.pipeline_flow(rows))


def why_it_cost_this(report: Report, rows: Rows) -> Panel:
    """Show credits by stage, and how volume and rate add up to the difference from the baseline."""
    stages = [row for row in rows if row["stage_number"] is not None]
    total = rows.first["total_credits_used"]
    compared = [row for row in rows if row["is_compared"]]
    split = charts.volume_and_rate(compared) if rows.first["has_sufficient_data"] and compared else None
    width = charts.HALF_PANEL if split else charts.PANEL
    donut = charts.stage_credits(stages, "credits_used", total, "Credits by stage", "credits-by-stage", width)
    linked = charts.linked_stages(stages, total) if report.is_interactive and donut and split else None
    return render(
        "why_it_cost_this.html.j2",
        rows,
        stages=stages,
        compared=compared,
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
    named = Rows((row | {"method": words.WAYS.get(row["method"], row["method"])} for row in rows), rows.query)
    low, high = (rows.first["p80_low"], rows.first["p80_high"]) if rows else (None, None)
    return render(
        "predicted_and_actual.html.j2",
        named,
        chart=charts.forecast_interval(named),
        is_unsure=formats.is_unsure(low, high),
        likely=formats.likely_range(low, high),
    )


def reconciliation(rows: Rows) -> Panel:
    """Show the run's credits against the stages' sum, and the findings about this run."""
    findings = [row for row in rows if row["check_name"] is not None]
    return render(
        "reconciliation.html.j2",
        rows,
        run=rows.first,
        findings=findings,
        finding=words.finding,
        severities=words.SEVERITIES,
    )


def _headline(run: dict[str, Any]) -> str:
    """Return the difference from the usual credits and what made it, in one sentence; empty without a baseline."""
    difference = run["difference_credits"]
    if difference is None or not run["is_ended"]:
        return ""
    reached = "" if run["status"] == "completed" else ", over the stages it reached"
    if formats.number(difference) == "0":
        return f"As many credits as usual{reached}."
    told = words.difference_in_words(
        f"usual{reached}", difference, run["stage_volume_credits"], run["rate_credits"]
    )
    return f"{told}."
