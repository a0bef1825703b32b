"""Seeded worlds of spend whose rules are known: sites that run on a rhythm, stop, pause, grow, follow the month.

A world is a source in small, of runs whose credits are all that matters; each kind bends one rule of a steady site.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cases import Row, make_source, run, site

START = datetime(2025, 3, 3, tzinfo=UTC)  # a Monday


@dataclass
class Rhythm:
    """How a site spends: a run of about `cost` credits every `gap` days, each with its spread, from `first_day` on.

    `pace` is the factor on a day's runs, `size` on their credits, by the day since START; `silences` are days off.
    """

    cost: float
    gap: float
    first_day: float
    spread: float = 0.3
    jitter: float = 0.2
    pace: Callable[[float], float] = lambda day: 1.0
    size: Callable[[float], float] = lambda day: 1.0
    silences: list[tuple[float, float]] = field(default_factory=list)
    failing: float = 0.05


@dataclass
class World:
    """A source in small: its sites and runs, and the instant it stands for."""

    sites: list[Row]
    runs: list[Row]
    as_of: datetime

    def write(self, path: Path) -> Path:
        """Write the world as a SQLite source."""
        return make_source(path, self.sites, self.runs)

    def write_before(self, path: Path, instant: datetime) -> Path:
        """Write what the source held at the instant: what had not started is not there, what had not ended runs."""
        known = [row for row in self.runs if row["started_at"] <= instant.isoformat()]
        return make_source(
            path,
            self.sites,
            [
                row
                if row["completed_at"] <= instant.isoformat()
                else row | {"status": "running", "completed_at": None, "total_credits_used": 0}
                for row in known
            ],
        )


def world(*kinds: str, seed: int = 1, sites: int = 30, accounts: int = 6, days: int = 330) -> World:
    """The world of those kinds (keys of KINDS), so many sites of each: the same rows for the same arguments."""
    made, runs = [], []
    for kind in kinds:
        for number in range(1, sites + 1):
            rng = random.Random(f"spend-{kind}-{seed}-{number}")
            rhythm = Rhythm(math.exp(rng.gauss(4.5, 1)), rng.choice([1, 3, 7, 7, 14]), rng.uniform(0, 60))
            KINDS[kind](rhythm, rng, days)
            site_id = len(made) + 1
            made.append(site(site_id, tenant_id=1 + site_id % accounts))
            runs += _runs(rhythm, rng, site_id, days)
    return World(made, [row | {"id": n} for n, row in enumerate(runs, 1)], START + timedelta(days=days))


def _runs(rhythm: Rhythm, rng: random.Random, site_id: int, days: int) -> list[Row]:
    made, day = [], rhythm.first_day
    while day < days:
        if not any(since <= day < until for since, until in rhythm.silences):
            credits = round(
                rhythm.cost * rhythm.size(day) * math.exp(rng.gauss(-(rhythm.spread**2) / 2, rhythm.spread))
            )
            is_failed = rng.random() < rhythm.failing
            made.append(
                run(
                    0,
                    START + timedelta(days=day),
                    rng.uniform(5, 120),
                    site_id=site_id,
                    credits=round(credits * rng.random()) if is_failed else credits,
                    status="failed" if is_failed else "completed",
                    trigger_type="scheduled",
                )
            )
        gap = rhythm.gap / rhythm.pace(day)
        day += max(0.05, gap * (1 + rhythm.jitter * rng.gauss(0, 1)))
    return made


def _month(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    early, late = rng.uniform(1.5, 3), rng.uniform(0.2, 0.7)

    def size(day: float) -> float:
        date = (START + timedelta(days=day)).day
        return early if date <= 10 else late if date > 20 else 1.0

    rhythm.size = size
    rhythm.gap = rng.choice([1, 2, 3])


def _growth(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    factor = rng.uniform(-1.5, 2)
    rhythm.pace = lambda day: math.exp(factor * day / days)


def _stops(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    if rng.random() < 0.6:
        rhythm.silences = [(rng.uniform(80, days), math.inf)]


def _pauses(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    day = rng.uniform(40, 120)
    while day < days:
        until = day + rng.uniform(15, 60)
        rhythm.silences.append((day, until))
        day = until + rng.uniform(40, 120)


def _bursts(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    rhythm.jitter, rhythm.spread = 0.9, 0.8


def _prices(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    since, factor = rng.uniform(100, days), rng.choice([0.5, 1.8])
    rhythm.size = lambda day: factor if day >= since else 1.0


def _young(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    rhythm.first_day = rng.uniform(days - 150, days - 40)


def _mixed(rhythm: Rhythm, rng: random.Random, days: int) -> None:
    for bend in rng.sample([_month, _growth, _stops, _pauses, _bursts, _prices], 2):
        bend(rhythm, rng, days)


KINDS: dict[str, Callable[[Rhythm, random.Random, int], None]] = {
    "steady": lambda rhythm, rng, days: None,
    "month": _month,
    "growth": _growth,
    "stops": _stops,
    "pauses": _pauses,
    "bursts": _bursts,
    "prices": _prices,
    "young": _young,
    "mixed": _mixed,
}
