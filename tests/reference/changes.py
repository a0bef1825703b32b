"""What a period cost beside the one before, stage by stage, as exact fractions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from .reading import STAGES, Run, Source, half_away
from .statistics import Maybe, ratio, total

WINDOW = timedelta(days=30)
ZERO = Fraction(0)


@dataclass(frozen=True)
class Change:
    """One stage of a period, or (`stage` None) what no stage accounts for."""

    period: str
    stage: int | None
    credits: tuple[Fraction, Fraction]
    items: tuple[Fraction, Fraction]
    volume: Fraction
    rate: Fraction
    is_new: bool
    per_article: tuple[Maybe, Maybe]


def cost_changes(source: Source, site_id: int) -> list[Change]:
    """Every period of the site: the last 30 days, then each whole month after its first run's."""
    runs = [run for run in source.runs if run.site_id == site_id]
    as_of = source.as_of
    found = _period(
        "last_30_days",
        [run for run in runs if as_of - 2 * WINDOW < run.started_at <= as_of - WINDOW],
        [run for run in runs if as_of - WINDOW < run.started_at <= as_of],
    )
    if not runs:
        return found
    month = _month(min(runs, key=lambda run: run.started_at))
    last = as_of.year * 12 + as_of.month - 2
    for after in range(month + 1, last + 1):
        found += _period(
            f"{after // 12:04}-{after % 12 + 1:02}",
            [run for run in runs if _month(run) == after - 1],
            [run for run in runs if _month(run) == after],
        )
    return found


def _month(run: Run) -> int:
    return run.started_at.year * 12 + run.started_at.month - 1


def _period(name: str, before: list[Run], after: list[Run]) -> list[Change]:
    rows = []
    for number in STAGES:
        credits = (_stage(before, number, "credits"), _stage(after, number, "credits"))
        items = (_stage(before, number, "processed"), _stage(after, number, "processed"))
        rates = (ratio(credits[0], items[0]), ratio(credits[1], items[1]))
        is_new = credits[0] == 0 and credits[1] > 0
        volume = credits[1] - credits[0]
        if not is_new and rates[0] is not None and rates[1] is not None:
            volume = half_away((items[1] - items[0]) * rates[0], 9)
        rate = credits[1] - credits[0] - volume
        rows.append(Change(name, number, credits, items, volume, rate, is_new, (None, None)))
    credits = (_unattributed(before), _unattributed(after))
    articles = (_per_article(before), _per_article(after))
    rows.append(Change(name, None, credits, (ZERO, ZERO), credits[1] - credits[0], ZERO, False, articles))
    return rows


def _stage(runs: Iterable[Run], number: int, what: str) -> Fraction:
    return total(getattr(stage, what) for run in runs for stage in run.stages if stage.number == number)


def _unattributed(runs: Iterable[Run]) -> Fraction:
    return total(run.credits - total(stage.credits for stage in run.stages) for run in runs)


def _per_article(runs: list[Run]) -> Maybe:
    return ratio(total(run.credits for run in runs), _stage(runs, 4, "created"))
