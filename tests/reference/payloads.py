"""The three payloads, rounded as they are printed."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from .reading import STAGES, Run, Source, resolve_site
from .statistics import (
    active_duration,
    baseline,
    confidence,
    credits_per_item,
    credits_per_minute,
    duration,
    failed_content,
    failed_images,
    insights,
    items_created,
    items_per_minute,
    items_processed,
    predictions,
    rounded,
    run_number,
    run_statistics,
    run_title,
    runs_of,
    site_history,
    skipped_ideas,
    stage_status,
    stage_variances,
    stages_with_status,
    unrecognised_statuses,
)


def shown(value: Fraction | int | None, places: int = 0) -> int | float | None:
    """A number as it is printed, None where there is none."""
    if value is None:
        return None
    number = rounded(Fraction(value), places)
    return float(number) if places else int(number)


def or_zero(value: Fraction | int | None, places: int = 0) -> int | float:
    number = shown(value or 0, places)
    assert number is not None
    return number


def moment(value: datetime | None) -> str | None:
    return None if value is None else value.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def overview(source: Source, site: int | str) -> dict[str, Any]:
    site_id = resolve_site(source, site)
    named = source.sites[site_id]
    runs, known = run_statistics(source, site_id), site_history(source, site_id)
    stages = [
        {
            "stage_number": stage.number,
            "stage_name": STAGES[stage.number][0],
            "pending_items": stage.pending,
            "estimated_credits": or_zero(stage.credits),
            "estimated_output": or_zero(stage.output),
            "basis": stage.basis,
        }
        for stage in predictions(source, site_id)
    ]
    credits = sum(stage["estimated_credits"] for stage in stages)
    return {
        "site": {"site_id": site_id, "domain": named.domain, "name": named.name},
        "as_of": moment(source.as_of),
        "run_statistics": {
            "total_runs": runs.total_runs,
            **{f"{status}_runs": count for status, count in runs.by_status.items()},
            "stale_runs": runs.stale_runs,
            "success_rate_pct": or_zero(runs.success_rate_pct, 1),
            "total_credits_used": or_zero(runs.total_credits),
            "total_credits_last_30_days": or_zero(runs.credits_last_30_days),
            "avg_credits_per_run": or_zero(runs.avg_credits),
            "avg_duration_last_7_days_seconds": or_zero(runs.avg_duration_last_7_days),
        },
        "predictive_analysis": {
            "stages": stages,
            "totals": {
                "total_pending_items": sum(stage["pending_items"] for stage in stages),
                "total_estimated_credits": credits,
                "total_estimated_output": sum(stage["estimated_output"] for stage in stages),
                "recommended_buffer_credits": -(-credits * source.thresholds.buffer_pct // 100),
            },
            "confidence": confidence(known),
        },
        "attention_items": {
            "skipped_ideas": skipped_ideas(source, site_id),
            "failed_content": failed_content(source, site_id),
            "failed_images": failed_images(source, site_id),
            "unrecognised_statuses": [
                {"entity": entity, "status": status, "items": items}
                for (entity, status), items in unrecognised_statuses(source, site_id).items()
            ],
        },
        "historical_averages": {
            "avg_total_credits": or_zero(known.avg_credits),
            "avg_duration_seconds": or_zero(known.avg_duration),
            "avg_credits_per_item": or_zero(known.avg_credits_per_item, 2),
            "total_runs_analyzed": known.runs,
            "has_sufficient_data": known.is_sufficient,
            "stages": [
                {
                    "stage_number": stage.number,
                    "stage_name": STAGES[stage.number][0],
                    "runs_with_stage": stage.runs_with_stage,
                    "avg_credits": or_zero(stage.avg_credits),
                    "avg_items_created": or_zero(stage.avg_created),
                    "avg_output_ratio": or_zero(stage.output_ratio, 3),
                }
                for stage in known.stages.values()
            ],
        },
    }


def history(source: Source, site: int | str, page: int = 1, page_size: int = 20) -> dict[str, Any]:
    if page < 1 or not 1 <= page_size <= 100:
        raise ValueError("page from 1, page_size from 1 to 100")
    runs = runs_of(source, resolve_site(source, site))
    return {
        "runs": [history_entry(source, run) for run in runs[(page - 1) * page_size : page * page_size]],
        "pagination": {
            "page": page,
            "page_size": page_size,
            "total_count": len(runs),
            "total_pages": -(-len(runs) // page_size),
        },
    }


def heading(source: Source, run: Run) -> dict[str, Any]:
    """What the history and the detail say of a run in the same way."""
    return {
        "run_id": run.run_id,
        "run_number": run_number(source, run),
        "run_title": run_title(source, run),
        "status": run.status,
        "trigger_type": run.trigger_type,
        "started_at": moment(run.started_at),
        "completed_at": moment(run.completed_at),
        "duration_seconds": shown(duration(run)),
        "total_credits_used": shown(run.credits),
        "current_stage": run.current_stage or 0,
        "initial_snapshot": run.snapshot,
    }


def history_entry(source: Source, run: Run) -> dict[str, Any]:
    return heading(source, run) | {
        "stages_completed": stages_with_status(run, "completed"),
        "stages_failed": stages_with_status(run, "failed"),
        "summary": {
            "items_processed": shown(items_processed(run)),
            "items_created": shown(items_created(run)),
            "content_created": shown(run.stages[3].created),
            "images_generated": shown(run.stages[5].created),
        },
        "stage_statuses": [stage_status(run, stage) for stage in run.stages],
    }


def run(source: Source, site: int | str, run_id: str) -> dict[str, Any]:
    same = [run for run in runs_of(source, resolve_site(source, site)) if run.run_id == run_id]
    if not same:
        raise LookupError(run_id)
    latest = same[0]
    known = baseline(source, latest)

    def comparison(number: int) -> dict[str, Any]:
        before = known.stages[number]
        credits_pct, items_pct = stage_variances(latest, known, number)
        return {
            "historical_avg_credits": shown(before.avg_credits),
            "historical_avg_items": shown(before.avg_created),
            "credit_variance_pct": shown(credits_pct, 1),
            "items_variance_pct": shown(items_pct, 1),
        }

    return {
        "run": heading(source, latest)
        | {"active_seconds": shown(active_duration(latest)), "error_message": latest.error_message},
        "stages": [
            {
                "stage_number": stage.number,
                "stage_name": stage.name,
                "status": stage_status(latest, stage),
                "credits_used": shown(stage.credits),
                "items_processed": shown(stage.processed),
                "items_created": shown(stage.created),
                "duration_seconds": stage.seconds,
                "error": stage.error,
                "comparison": comparison(stage.number),
            }
            for stage in latest.stages
        ],
        "efficiency": {
            "credits_per_item": or_zero(credits_per_item(latest), 2),
            "items_per_minute": or_zero(items_per_minute(latest), 2),
            "credits_per_minute": or_zero(credits_per_minute(latest), 2),
        },
        "insights": [vars(insight) for insight in insights(source, latest)],
        "historical_comparison": {
            "avg_credits": shown(known.avg_credits),
            "avg_duration_seconds": shown(known.avg_duration),
            "avg_credits_per_item": shown(known.avg_credits_per_item, 2),
            "total_runs_analyzed": known.runs,
            "has_sufficient_data": known.is_sufficient,
        },
    }
