"""Runs that drain queues: the life of a site, from its habits."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from igny8_analysis.etl.demo.cast import AS_OF, CANARIES, SEED, Habits
from igny8_analysis.etl.demo.values import (
    RESULT_KEYS,
    STAGES,
    Row,
    as_json,
    clock,
    run_row,
    utc,
    with_columns,
)

SNAPSHOTS_SINCE = utc("2025-05-20T00:00:00")
"""Older runs have no `initial_snapshot`."""
PER_ITEM_SINCE = utc("2025-06-15T00:00:00")
"""Before, every request to a provider had its price."""
PER_TOKEN_SINCE = utc("2025-10-20T00:00:00")
IMAGES_WORK_SINCE = utc("2025-12-04T00:00:00")
"""Before, image generation ran and made nothing."""
IMAGES_COST_SINCE = utc("2026-01-10T00:00:00")
ITEMS_KEPT_SINCE = AS_OF - timedelta(days=45)
"""Finished items that are older have been purged."""

PER_REQUEST = {1: (40, 10), 2: (2, 28), 4: (1, 14), 5: (5, 12)}
"""Stage → items in one request, credits of one request."""
PER_ITEM = {1: 0.4, 2: 15.0, 4: 15.0, 5: 2.0}
PER_TOKEN = {1: 0.5, 2: 13.0, 4: 17.0, 5: 2.4}
"""Stage → credits of one item, at the usual length of its texts."""
PER_IMAGE = 5.0
SECONDS_PER_ITEM = {1: 0.6, 2: 11.0, 3: 0.4, 4: 48.0, 5: 6.0, 6: 13.0, 7: 0.3}

ERRORS = (
    "rate limit of the provider reached, giving up after 5 attempts",
    "insufficient credits",
    "worker was restarted while the task was running",
    "HTTP 502 from the provider",
)


@dataclass
class Queues:
    """What waits at a site, and what it finished lately."""

    pending: dict[int, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    """Stage → items waiting for it."""
    in_images: int = 0
    """Drafts with images that are still to be made."""
    finished: dict[int, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    """Stage → items that it processed since `ITEMS_KEPT_SINCE`."""
    failed_images: int = 0
    """Images that failed since then."""


@dataclass
class StageWork:
    """What one stage did in one run."""

    processed: int = 0
    created: int = 0
    credits: int = 0
    seconds: float = 0.0


class Site:
    """One simulated site: `runs` are its rows (without `id`), `queues` what is left in the end."""

    def __init__(self, tenant_id: int, site_id: int, habits: Habits) -> None:
        """Live the whole life of the site, from its first run to `AS_OF`."""
        self.tenant_id = tenant_id
        self.site_id = site_id
        self.habits = habits
        self.random = random.Random(f"{SEED} {site_id}")
        self.queues = Queues()
        self.runs: list[Row] = []
        self._live()

    def _live(self) -> None:
        free_at = self.habits.first - timedelta(days=5)
        for start, trigger, outcome in self._plan():
            delayed = free_at + timedelta(minutes=self.random.randint(7, 50))
            started_at, how = (start, trigger) if start > free_at else (delayed, "manual")
            self._arrive((started_at - free_at) / timedelta(days=1))
            free_at = self._run(started_at, how, outcome)
        self._arrive((AS_OF - free_at) / timedelta(days=1))

    def _plan(self) -> Iterator[tuple[datetime, str, str]]:
        """Give planned start, trigger and outcome of each run; scheduled ones start on the full hour."""
        habits = self.habits
        step = (habits.last - habits.first) / max(habits.runs - 1, 1)
        for number in range(habits.runs):
            start = datetime.combine((habits.first + step * number).date(), habits.first.timetz())
            start += timedelta(microseconds=self.random.randint(1_000, 900_000))
            is_manual = self.random.random() < habits.manual_share
            by_day = timedelta(seconds=self.random.randint(4 * 3600, 9 * 3600))
            drawn = self.random.choices(("completed", "failed", "cancelled"), (91, 6, 3))[0]
            outcome = habits.script[number] if number < len(habits.script) else drawn
            if number == habits.runs - 1:
                is_open = bool(habits.last_outcome)
                yield habits.last, "manual" if is_open else "scheduled", habits.last_outcome or outcome
            elif is_manual and number:
                yield start + by_day, "manual", outcome
            else:
                yield start, "scheduled", outcome

    def _about(self, mean: float) -> int:
        return max(0, round(self.random.gauss(mean, 0.35 * math.sqrt(mean))))

    def _noise(self) -> float:
        return math.exp(self.random.gauss(0, self.habits.spread))

    def _arrive(self, days: float) -> None:
        self.queues.pending[1] += self._about(self.habits.keywords_per_day * min(days, 21))

    def _run(self, started_at: datetime, trigger: str, outcome: str) -> datetime:
        """Run the pipeline once, add the row, and give when the site is free again."""
        snapshot = {f"stage_{stage}_initial": self.queues.pending[stage] for stage in STAGES}
        snapshot["total_initial_items"] = sum(snapshot.values())
        stops_at = 7 if outcome == "completed" else self.random.choice((1, 2, 4, 4, 4, 5, 6))
        if outcome == "running":
            stops_at = 4
        works: dict[int, StageWork] = {}
        results: dict[int, str | None] = {}
        error = None
        for stage in range(1, stops_at + 1):
            is_broken = stage == stops_at and outcome != "completed"
            work = self._stage(stage, works, started_at, self.random.uniform(0, 0.7) if is_broken else 1.0)
            works[stage] = work
            if is_broken and outcome == "failed":
                error = f"{CANARIES[self.site_id]}: {self.random.choice(ERRORS)}"
            results[stage] = self._result(stage, work, started_at, is_broken, error)
        seconds = sum(work.seconds for work in works.values()) + 3 * stops_at
        pause = self.random.uniform(900, 14_400) if self.random.random() < 0.05 or outcome == "paused" else 0
        ended_at = started_at + timedelta(
            seconds=seconds + pause, microseconds=self.random.randint(0, 999_999)
        )
        paused_at = started_at + timedelta(seconds=round(seconds * 0.6)) if pause else None
        is_open = outcome in ("running", "paused")
        row = run_row(
            tenant_id=self.tenant_id,
            site_id=self.site_id,
            started_at=started_at,
            completed_at=None if is_open else ended_at,
            status=outcome,
            trigger_type=trigger,
            current_stage=stops_at,
            total_credits_used=self._total(works),
            results=results,
            initial_snapshot=as_json(snapshot) if started_at >= SNAPSHOTS_SINCE else None,
        )
        rare: Row = {
            "paused_at": paused_at,
            "resumed_at": paused_at + timedelta(seconds=pause) if paused_at and not is_open else None,
            "cancelled_at": ended_at if outcome == "cancelled" else None,
            "error_message": error,
            "updated_at": min(ended_at, AS_OF),
        }
        self.runs.append(with_columns(row, rare))
        return ended_at

    def _stage(
        self, stage: int, works: dict[int, StageWork], started_at: datetime, share: float
    ) -> StageWork:
        """Process what waits for a stage, as far as habits allow; `share` of it where the run breaks off."""
        index, queues = stage - 1, self.queues
        waiting = queues.pending[stage]
        before = works.get(4 if stage == 7 else stage - 1, StageWork())
        not_yet = min(waiting, round(before.created * (1 - self.habits.flow[index])))
        processed = round(share * min(waiting - not_yet, self.habits.caps[index] or waiting))
        works_in_vain = stage == 6 and started_at < IMAGES_WORK_SINCE
        created = 0 if works_in_vain else self._created(index, processed)
        queues.pending[stage] -= processed
        if started_at >= ITEMS_KEPT_SINCE:
            queues.finished[stage] += processed
        self._hand_on(stage, processed, created, waiting)
        seconds = SECONDS_PER_ITEM[stage] * processed * self._noise() + self.random.uniform(1, 6)
        return StageWork(processed, created, self._credits(stage, processed, created, started_at), seconds)

    def _created(self, index: int, processed: int) -> int:
        rate = self.habits.yields[index]
        mean = rate * processed
        made = round(mean) if rate == 1 else self._about(mean)
        return min(processed, made) if rate <= 1 else made

    def _hand_on(self, stage: int, processed: int, created: int, waiting: int) -> None:
        queues = self.queues
        if stage in (1, 2, 3, 4):
            queues.pending[stage + 1] += created
        elif stage == 5:
            queues.pending[6] += created
            queues.in_images += processed
        elif stage == 6 and waiting:
            reviewed = round(queues.in_images * processed / waiting)
            queues.in_images -= reviewed
            queues.pending[7] += reviewed
            queues.failed_images += (processed - created) if queues.finished[6] else 0

    def _credits(self, stage: int, processed: int, created: int, at: datetime) -> int:
        if stage == 6:
            return round(PER_IMAGE * created) if at >= IMAGES_COST_SINCE else 0
        if stage not in PER_ITEM:
            return 0
        if at < PER_ITEM_SINCE:
            size, price = PER_REQUEST[stage]
            return math.ceil(processed / size) * price
        if at < PER_TOKEN_SINCE:
            return math.ceil(PER_ITEM[stage] * processed)
        is_dearer = stage == 4 and self.habits.dearer_since is not None and at >= self.habits.dearer_since
        level = self.habits.token_price * (1.5 if is_dearer else 1.0)
        return math.ceil(PER_TOKEN[stage] * level * self._noise() * processed)

    def _total(self, works: dict[int, StageWork]) -> int:
        """Sum the stages; some runs also paid for retries, and some got a refund."""
        total = sum(work.credits for work in works.values())
        drawn = self.random.random()
        if drawn < 0.03:
            return total + self.random.randint(1, 30)
        return max(total - self.random.randint(1, 10), 0) if drawn > 0.99 else total

    def _result(
        self, stage: int, work: StageWork, at: datetime, is_broken: bool, error: str | None
    ) -> str | None:
        input_key, output_key = RESULT_KEYS[stage]
        if not work.processed and not error:
            skipped = {"skipped": True, "reason": f"nothing to process in stage {stage}", "credits_used": 0}
            return as_json(skipped) if at >= PER_ITEM_SINCE else None
        result: dict[str, object] = {input_key: work.processed}
        if output_key:
            result[output_key] = work.created
        result["credits_used"] = work.credits
        result["time_elapsed"] = clock(work.seconds)
        if stage == 1:
            result["batches" if at >= SNAPSHOTS_SINCE else "batches_run"] = math.ceil(work.processed / 50)
        if stage == 4:
            result["total_words"] = (
                work.created * 1_200 if at < PER_TOKEN_SINCE else round(work.created * 1_200 * self._noise())
            )
        if is_broken and work.processed:
            result["partial"] = True
        if error:
            result["error"] = error
        return as_json(result)
