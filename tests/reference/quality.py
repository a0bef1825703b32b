"""The findings about a source: what its readers should know before they trust a number."""

from collections import Counter
from datetime import datetime
from functools import cache

from .reading import Finding, Run, Source, resolve_site
from .statistics import FINAL, RUN_STATUSES, is_stale, runs_of, stage_credits


def data_quality(source: Source, site: int | str | None = None) -> list[Finding]:
    """All findings, or those of one site."""
    wanted = None if site is None else resolve_site(source, site)
    return [finding for finding in all_findings(source) if wanted in (None, finding.site_id)]


@cache
def all_findings(source: Source) -> list[Finding]:
    uses = Counter((run.site_id, run.run_id) for run in source.runs)
    found = list(source.findings)
    for run in source.runs:

        def add(check_name: str, severity: str, stage_number: int | None = None, run: Run = run) -> None:
            found.append(Finding(check_name, severity, run.site_id, run.id, run.run_id, stage_number))

        if overlaps(source, run):
            add("overlapping_runs", "warning")
        if is_stale(source, run):
            add("stale_run", "warning")
        if run.status == "completed" and run.completed_at is None:
            add("completed_without_end", "error")
        if run.completed_at is not None and run.completed_at < run.started_at:
            add("end_before_start", "error")
        if run.status in FINAL and run.credits != stage_credits(run):
            add("credits_not_reconciled", "warning")
        if run.status not in RUN_STATUSES:
            add("unknown_status", "info")
        if run.trigger_type not in (None, "manual", "scheduled", "test"):
            add("unknown_trigger_type", "info")
        if uses[run.site_id, run.run_id] > 1:
            add("repeated_run_id", "error")
        for stage in run.stages:
            if not stage.is_empty and run.current_stage is not None and stage.number > run.current_stage:
                add("result_beyond_current_stage", "warning", stage.number)
    return found


def end_of(run: Run, as_of: datetime) -> datetime | None:
    return as_of if run.status in ("running", "paused") else run.completed_at or run.cancelled_at


def overlaps(source: Source, run: Run) -> bool:
    """Whether the run starts before an earlier-started, not stale run of its site has ended."""
    earlier = [
        other
        for other in runs_of(source, run.site_id)
        if other.started_at < run.started_at and not is_stale(source, other)
    ]
    ends = [end_of(other, source.as_of) for other in earlier]
    return any(end is not None and end > run.started_at for end in ends)
