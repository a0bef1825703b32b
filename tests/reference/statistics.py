"""The statistics of one site, as exact fractions; None where a value does not exist."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache

from .reading import STAGES, STATUSES, Item, Run, Source, Stage, Thresholds, half_away, is_blank

DEFAULT_CREDITS = dict(zip(STAGES, map(Fraction, ("0.4", "15", "0", "15", "2", "5", "0")), strict=True))
DEFAULT_RATIO = dict(zip(STAGES, map(Fraction, ("0.08", "8", "1", "1", "3", "1", "0")), strict=True))
RUN_STATUSES = ("completed", "failed", "running", "paused", "cancelled")
FINAL = ("completed", "failed", "cancelled")

Number = Fraction | int
Maybe = Fraction | None


def ratio(part: Number | None, whole: Number | None) -> Maybe:
    return None if part is None or not whole else Fraction(part) / whole


def mean(values: Iterable[Number | None]) -> Maybe:
    present = [Fraction(value) for value in values if value is not None]
    return ratio(sum(present, Fraction(0)), len(present))


def total(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


def rounded(value: Fraction, places: int) -> Fraction:
    """Rounded as the payloads round: of the value with nine decimals, half away from zero."""
    return half_away(half_away(value, 9), places)


def seconds_between(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // timedelta(microseconds=1), 10**6)


# One run


def duration(run: Run) -> Maybe:
    if run.completed_at is None or run.completed_at < run.started_at:
        return None
    return seconds_between(run.started_at, run.completed_at)


def active_duration(run: Run) -> Maybe:
    lasted = duration(run)
    if lasted is None or run.paused_at is None or run.resumed_at is None or run.completed_at is None:
        return lasted
    if run.started_at <= run.paused_at <= run.resumed_at <= run.completed_at:
        return lasted - seconds_between(run.paused_at, run.resumed_at)
    return lasted


def stage_status(run: Run, stage: Stage) -> str:
    if stage.credits > 0 or stage.created > 0 or (stage.number == 7 and stage.processed > 0):
        return "completed"
    if stage.error:
        return "failed"
    if run.status == "completed" and run.current_stage is not None and stage.number <= run.current_stage:
        return "skipped"
    return "pending"


def ran(run: Run, stage: Stage) -> bool:
    return stage_status(run, stage) in ("completed", "failed") or stage.processed > 0


def items_processed(run: Run) -> Fraction:
    return total(stage.processed for stage in run.stages)


def items_created(run: Run) -> Fraction:
    return total(stage.created for stage in run.stages)


def stage_credits(run: Run) -> Fraction:
    return total(stage.credits for stage in run.stages)


def stages_with_status(run: Run, status: str) -> int:
    return sum(stage_status(run, stage) == status for stage in run.stages)


def is_stale(source: Source, run: Run) -> bool:
    latest = source.as_of - timedelta(hours=source.thresholds.stale_after_hours)
    return run.status in ("running", "paused") and run.started_at < latest


def credits_per_item(run: Run) -> Maybe:
    return ratio(run.credits, items_created(run))


def items_per_minute(run: Run) -> Maybe:
    lasted = duration(run)
    return None if lasted is None else ratio(items_created(run), lasted / 60)


def credits_per_minute(run: Run) -> Maybe:
    lasted = duration(run)
    return None if lasted is None else ratio(run.credits, lasted / 60)


# The runs of a site


@cache
def runs_of(source: Source, site_id: int) -> list[Run]:
    """The site's runs, the latest first."""
    runs = [run for run in source.runs if run.site_id == site_id]
    return sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True)


def run_number(source: Source, run: Run) -> int:
    return sum(other.started_at <= run.started_at for other in runs_of(source, run.site_id))


def run_title(source: Source, run: Run) -> str:
    return f"{source.sites[run.site_id].label} #{run_number(source, run)}"


@dataclass(frozen=True)
class RunStatistics:
    total_runs: int
    by_status: dict[str, int]
    stale_runs: int
    success_rate_pct: Maybe
    total_credits: Fraction
    credits_last_30_days: Fraction
    avg_credits: Maybe
    avg_duration_last_7_days: Maybe


def run_statistics(source: Source, site_id: int) -> RunStatistics:
    runs, as_of, limits = runs_of(source, site_id), source.as_of, source.thresholds

    def is_within(days: int, moment: datetime | None) -> bool:
        return moment is not None and as_of - timedelta(days=days) < moment <= as_of

    counts = {status: sum(run.status == status for run in runs) for status in RUN_STATUSES}
    ended = counts["completed"] + counts["failed"]
    recent = [
        run
        for run in runs
        if run.status == "completed" and is_within(limits.duration_window_days, run.completed_at)
    ]
    return RunStatistics(
        total_runs=len(runs),
        by_status=counts | {"other": len(runs) - sum(counts.values())},
        stale_runs=sum(is_stale(source, run) for run in runs),
        success_rate_pct=ratio(100 * counts["completed"], ended),
        total_credits=total(run.credits for run in runs),
        credits_last_30_days=total(
            run.credits for run in runs if is_within(limits.credits_window_days, run.started_at)
        ),
        avg_credits=mean(run.credits for run in runs),
        avg_duration_last_7_days=mean(map(duration, recent)),
    )


# History


@dataclass(frozen=True)
class StageHistory:
    number: int
    runs_with_stage: int
    avg_credits: Maybe
    avg_created: Maybe
    avg_processed: Maybe
    avg_seconds: Maybe
    output_ratio: Maybe
    credits_per_processed: Maybe


@dataclass(frozen=True)
class History:
    runs: int
    avg_credits: Maybe
    avg_duration: Maybe
    avg_credits_per_item: Maybe
    stages: dict[int, StageHistory]
    is_sufficient: bool
    is_full: bool


def history_of(runs: list[Run], limits: Thresholds) -> History:
    """The averages over analyzed runs."""

    def of_stage(number: int) -> StageHistory:
        stages = [run.stages[number - 1] for run in runs if ran(run, run.stages[number - 1])]
        processed = total(stage.processed for stage in stages)
        return StageHistory(
            number=number,
            runs_with_stage=len(stages),
            avg_credits=mean(stage.credits for stage in stages),
            avg_created=mean(stage.created for stage in stages),
            avg_processed=mean(stage.processed for stage in stages),
            avg_seconds=mean(stage.seconds for stage in stages),
            output_ratio=ratio(total(stage.created for stage in stages), processed),
            credits_per_processed=ratio(total(stage.credits for stage in stages), processed),
        )

    credits = total(run.credits for run in runs)
    return History(
        runs=len(runs),
        avg_credits=mean(run.credits for run in runs),
        avg_duration=mean(map(duration, runs)),
        avg_credits_per_item=ratio(credits, total(map(items_created, runs))),
        stages={number: of_stage(number) for number in STAGES},
        is_sufficient=len(runs) >= limits.sufficient_runs,
        is_full=len(runs) == limits.analyzed_runs,
    )


def analyzed(source: Source, site_id: int, is_known: Callable[[datetime], bool]) -> list[Run]:
    """The latest valid completed runs, ten at most, among those whose completion is known."""
    ended = [
        (run.completed_at, run.id, run)
        for run in runs_of(source, site_id)
        if run.status == "completed" and duration(run) is not None
        and run.completed_at is not None and is_known(run.completed_at)
    ]  # fmt: skip
    latest = sorted(ended, key=lambda entry: entry[:2], reverse=True)
    return [run for _, _, run in latest[: source.thresholds.analyzed_runs]]


def site_history(source: Source, site_id: int) -> History:
    runs = analyzed(source, site_id, lambda completed_at: completed_at <= source.as_of)
    return history_of(runs, source.thresholds)


def baseline(source: Source, run: Run) -> History:
    """What was known of the site when the run started."""
    return history_before(source, run.site_id, run.started_at)


@cache
def history_before(source: Source, site_id: int, moment: datetime) -> History:
    runs = analyzed(source, site_id, lambda completed_at: completed_at < moment)
    return history_of(runs, source.thresholds)


# Items


def is_pending(stage_number: int, item: Item) -> bool:
    where = {
        1: item.entity == "keywords" and item.status == "new" and not item.is_attached,
        2: item.entity == "clusters" and item.status == "new",
        3: item.entity == "ideas" and item.status == "new",
        4: item.entity == "tasks" and item.status == "queued",
        5: item.entity == "content" and item.status == "draft" and not item.is_attached,
        6: item.entity == "images" and item.status == "pending",
        7: item.entity == "content" and item.status == "review",
    }
    return where[stage_number]


def items_of(source: Source, site_id: int) -> list[Item]:
    return [item for item in source.items if item.site_id == site_id]


def pending_items(source: Source, site_id: int) -> dict[int, int]:
    items = items_of(source, site_id)
    return {number: sum(is_pending(number, item) for item in items) for number in STAGES}


def skipped_ideas(source: Source, site_id: int) -> int:
    return sum((item.entity, item.status) == ("ideas", "skipped") for item in items_of(source, site_id))


def failed_content(source: Source, site_id: int) -> int:
    contents = [item for item in items_of(source, site_id) if item.entity == "content"]
    return sum("failed" in (item.status, item.site_status) for item in contents)


def failed_images(source: Source, site_id: int) -> int:
    return sum((item.entity, item.status) == ("images", "failed") for item in items_of(source, site_id))


def unrecognised_statuses(source: Source, site_id: int) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for item in items_of(source, site_id):
        seen = [(item.entity, item.status)]
        if item.entity == "content" and item.site_status is not None:
            seen.append(("content.site_status", item.site_status))
        for entity, status in seen:
            if status not in STATUSES[entity]:
                counts[entity, status] = counts.get((entity, status), 0) + 1
    return dict(sorted(counts.items()))


# Prediction


@dataclass(frozen=True)
class Prediction:
    number: int
    pending: int
    credits: Fraction
    output: Fraction
    basis: str


def predictions(source: Source, site_id: int) -> list[Prediction]:
    history, pending = site_history(source, site_id), pending_items(source, site_id)
    forecasts = []
    for number in STAGES:
        known = history.stages[number]
        rate, yield_, basis = known.credits_per_processed, known.output_ratio, "history"
        if not history.is_sufficient or rate is None or yield_ is None:
            rate, yield_, basis = DEFAULT_CREDITS[number], DEFAULT_RATIO[number], "default"
        forecasts.append(
            Prediction(number, pending[number], pending[number] * rate, pending[number] * yield_, basis)
        )
    return forecasts


def confidence(history: History) -> str:
    return "high" if history.is_full else "medium" if history.is_sufficient else "low"


# A run beside its baseline


def variance_pct(value: Fraction, average: Maybe) -> Maybe:
    return None if not average else (value - average) / average * 100


def stage_variances(run: Run, known: History, number: int) -> tuple[Maybe, Maybe]:
    """How far a stage's credits and created items are from its average, in percent."""
    stage, before = run.stages[number - 1], known.stages[number]
    if not known.is_sufficient or not ran(run, stage):
        return None, None
    return variance_pct(stage.credits, before.avg_credits), variance_pct(stage.created, before.avg_created)


@dataclass(frozen=True)
class Insight:
    type: str
    severity: str
    message: str


def whole_pct(value: Maybe) -> int:
    return 0 if value is None else int(rounded(value, 0))


def insights(source: Source, run: Run) -> list[Insight]:
    known, limits = baseline(source, run), source.thresholds
    least, most = limits.efficiency_threshold_pct, limits.variance_threshold_pct
    is_completed = run.status == "completed"
    written: list[Insight] = []

    def say(type_: str, severity: str, message: str) -> None:
        written.append(Insight(type_, severity, message))

    name = STAGES[run.current_stage][0] if run.current_stage in STAGES else None
    has_stage = run.current_stage is not None
    stopped = (f" at stage {run.current_stage}" if has_stage else "") + (f" ({name})" if name else "")
    if run.status == "failed":
        reason = "" if is_blank(run.error_message) else f": {run.error_message}"
        say("error", "error", f"This run failed{stopped}{reason}")
    if run.status == "cancelled":
        say("error", "warning", f"This run was cancelled{stopped}")
    for stage in run.stages:
        if stage.error:
            say("error", "error", f"{stage.name} reported an error: {stage.error}")

    if is_completed and known.is_sufficient:
        per_item = credits_per_item(run)
        if per_item is not None:
            dearer = whole_pct(variance_pct(per_item, known.avg_credits_per_item))
            if dearer <= -least:
                say("success", "info", f"This run was {-dearer}% more credit-efficient than average")
            if dearer >= least:
                say("variance", "warning", f"This run was {dearer}% less credit-efficient than average")
        variances = [
            (stage.name, *map(whole_pct, stage_variances(run, known, stage.number))) for stage in run.stages
        ]
        for stage_name, credits, _ in variances:
            if credits > most:
                say("variance", "warning", f"{stage_name} used {credits}% higher credits than average")
        for stage_name, credits, _ in variances:
            if credits < -most:
                say("variance", "info", f"{stage_name} used {-credits}% lower credits than average")
        for stage_name, _, items in variances:
            if items > most:
                say("variance", "info", f"{stage_name} created {items}% more items than average")
            if items < -most:
                say("variance", "warning", f"{stage_name} created {-items}% fewer items than average")

    if run.status in FINAL:
        gap = int(rounded(run.credits - stage_credits(run), 0))
        if gap >= 1:
            say("reconciliation", "warning", f"{gap} credits of this run are not attributed to any stage")
        if gap <= -1:
            say("reconciliation", "warning", f"The stages account for {-gap} more credits than the run")
    if is_completed and not known.is_sufficient:
        before = {0: "No completed run", 1: "Only 1 completed run"}.get(
            known.runs, f"Only {known.runs} completed runs"
        )
        say(
            "history",
            "info",
            f"{before} before this one: at least {limits.sufficient_runs} are needed for a comparison",
        )
    return written
