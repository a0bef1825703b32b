"""What a site or an account spent and was to spend, by the three plain methods, as exact fractions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from .reading import Run, Source
from .statistics import Maybe, duration, ratio, total

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
WARM_UP = 28 * DAY
HORIZONS = (7, 30)


@dataclass(frozen=True)
class Spend:
    """One origin: the forecasts by recent_rate, same_as_before and runs_times_cost, and what came (None: not yet)."""

    horizon: int
    origin_at: datetime
    is_live: bool
    recent_rate: Fraction
    same_as_before: Fraction
    runs_times_cost: Maybe
    actual: Maybe


def spends(source: Source, runs: list[Run]) -> Iterator[Spend]:
    """Every origin of the site or account whose runs these are, and the live one."""
    for horizon in HORIZONS:
        yield _spend(runs, source.as_of, horizon, is_live=True)
        if not runs:
            continue
        first = min(run.started_at for run in runs)
        midnight = (first + WARM_UP).replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight + DAY * (-midnight.weekday() % 7)
        while monday < first + WARM_UP:
            monday += WEEK
        while monday + horizon * DAY <= source.as_of:
            yield _spend(runs, monday, horizon, is_live=False)
            monday += WEEK


def _spend(runs: list[Run], origin: datetime, horizon: int, *, is_live: bool) -> Spend:
    known = [run for run in runs if run.completed_at is not None and run.completed_at <= origin]
    recent = [run for run in known if origin - WARM_UP < run.started_at <= origin]
    before = [run for run in known if origin - horizon * DAY < run.started_at <= origin]
    completed = sorted(
        (run for run in known if run.status == "completed" and duration(run) is not None),
        key=lambda run: (run.completed_at, run.id),
    )[-10:]
    cost = ratio(total(run.credits for run in completed), len(completed))
    ahead = [run for run in runs if origin < run.started_at <= origin + horizon * DAY]
    return Spend(
        horizon,
        origin,
        is_live,
        total(run.credits for run in recent) / 28 * horizon,
        total(run.credits for run in before),
        None if cost is None else Fraction(len(recent), 28) * horizon * cost,
        None if is_live else total(run.credits for run in ahead),
    )
