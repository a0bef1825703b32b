"""Seeded worlds whose truth is known: sites that drain queues, under rules the forecasts must find out.

A world is a source in small. Its rules (who flows through, what is capped or off, when prices change) are
known here and nowhere in the rows, so that a forecast can be measured against them.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from tests.cases import KEYS, Row, as_result, items, make_source, stamp

T = TypeVar("T", int, float)
START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS_FORGOTTEN = datetime(2025, 12, 3, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PRICES = (0.4, 15.0, 0.0, 15.0, 2.0, 5.0, 0.0)
YIELDS = (0.08, 8.0, 1.0, 1.0, 3.0, 1.0, 0.0)
SECONDS = (2.0, 20.0, 1.0, 90.0, 10.0, 30.0, 1.0)
WAITING = (("keywords", "new"), ("clusters", "new"), ("content_ideas", "new"), ("tasks", "queued"),
           ("content", "draft"), ("images", "pending"), ("content", "review"))  # fmt: skip
LIMITS = ("max_keywords_per_run", "max_clusters_per_run", "max_ideas_per_run", "max_tasks_per_run",
          "max_content_per_run", "max_images_per_run", "max_approvals_per_run")  # fmt: skip


@dataclass
class Site:
    """The rules of one site. `flow` is the share of what arrives within a run that the next stage still takes.

    `settings` are limits by stage (0: off) and of a run's credits, since a day: what a load of that day reads.
    """

    site_id: int
    account_id: int
    keywords_per_day: float
    days_between_runs: float
    first_day: float
    price: list[float]
    yields: list[float]
    start: datetime = START
    flow: float = 1.0
    caps: dict[int, int] = field(default_factory=dict)
    arrival_spread: float = 0.0
    price_spread: float = 0.08
    price_steps: list[tuple[float, int, float]] = field(default_factory=list)
    failing: float = 0.0
    overlapping: float = 0.0
    without_snapshot: float = 0.0
    unattributed: float = 0.0
    settings: list[tuple[float, dict[int, int], float]] = field(default_factory=list)

    def held(self, day: float) -> tuple[dict[int, int], float]:
        """Limits by stage and the credit limit on that day."""
        return max(
            ((since, *limits) for since, *limits in self.settings if since <= day),
            key=lambda settings: settings[0],
            default=(0.0, self.caps, math.inf),
        )[1:]


@dataclass
class World:
    """Sites, their runs by start, and what waits for each stage at the end."""

    sites: list[Site]
    runs: list[dict[str, Any]]
    waiting: dict[int, list[int]]
    as_of: datetime

    def write(self, path: Path) -> Path:
        """Write the world as a SQLite source."""
        return _write(path, self.sites, self.runs, self.waiting)

    def loads(self, folder: Path) -> Iterator[tuple[Path, datetime]]:
        """The source as each load finds it, and when: whenever settings change, and at the end."""
        days = {since for site in self.sites for since, *_ in site.settings if since > 0}
        for number, as_of in enumerate([*(START + timedelta(days=day) for day in sorted(days)), self.as_of]):
            known = [run for run in self.runs if run["completed_at"] <= as_of]
            settings = [_settings_row(site, as_of) for site in self.sites if site.settings]
            path = folder / f"source-{number}.sqlite"
            yield _write(path, self.sites, known, self.waiting, settings), as_of

    def expected_credits(self, run: dict[str, Any]) -> float:
        """What one who knows the site's rules and prices would expect the run to cost, from its snapshot alone."""
        site = next(site for site in self.sites if site.site_id == run["site_id"])
        day = (run["started_at"] - site.start) / timedelta(days=1)
        created, credits = [0.0] * 7, 0.0
        limits, most = site.held(day)
        for k in range(7):
            arriving = _arriving(created, k)
            taken = min(run["snapshot"][k] + site.flow * arriving, limits.get(k + 1, math.inf))
            price = _price(site, k, day) * math.exp(_price_spread(site, k) ** 2 / 2)
            if price > 0:
                taken = min(taken, max(most - credits, 0) / price)
            elif credits >= most:
                taken = 0
            created[k] = taken * site.yields[k]
            credits += taken * price
        return credits * (1 + site.unattributed)

    def write_before(self, path: Path, run: dict[str, Any]) -> datetime:
        """Write what the source held 1 µs before the run's start, its snapshot as what waits; return that instant."""
        instant: datetime = run["started_at"] - MICROSECOND
        known = [other for other in self.runs if other["started_at"] <= instant]
        for other in known:
            if other["completed_at"] > instant:
                known[known.index(other)] = other | {"status": "running", "completed_at": None, "total": 0}
        waiting = {site: [0] * 7 for site in self.waiting} | {run["site_id"]: run["snapshot"]}
        _write(path, self.sites, known, waiting)
        return instant


def world(name: str, seed: int = 1, sites: int = 24, accounts: int = 6, days: float = 120) -> World:
    """The world of that name (a key of RULES or LIMITED): the same rows for the same arguments.

    All begin on START, but *straddle*: of its days a quarter comes after limits learned before are forgotten.
    """
    made, runs, waiting = [], [], {}
    start = LIMITS_FORGOTTEN - timedelta(days=0.75 * days) if name == "straddle" else START
    for number in range(1, sites + 1):
        rng = random.Random(f"{name}-{seed}-{number}")
        site = _site(rng, number, accounts)
        site.start = start
        (RULES | LIMITED)[name](site, rng, *([days] if name in LIMITED else []))
        made.append(site)
        site_runs, waiting[number] = _simulate(site, rng, days)
        runs += site_runs
    _number(runs)
    return World(made, runs, waiting, start + timedelta(days=days))


def together(
    names: Iterable[str], sites: int, accounts: int, seed: int = 1
) -> tuple[World, dict[str, set[int]]]:
    """Worlds of these names on one platform, so many sites and accounts each; and the sites of each, by its name."""
    whole = World([], [], {}, START)
    sites_of: dict[str, set[int]] = {}
    for number, name in enumerate(names):
        part = world(name, seed, sites, accounts)
        for site in part.sites:
            site.site_id += number * sites
            site.account_id += number * accounts
        for run in part.runs:
            run["site_id"] += number * sites
            run["account_id"] += number * accounts
        whole.sites += part.sites
        whole.runs += part.runs
        whole.waiting |= {site_id + number * sites: counts for site_id, counts in part.waiting.items()}
        whole.as_of = max(whole.as_of, part.as_of)
        sites_of[name] = {site.site_id for site in part.sites}
    _number(whole.runs)
    return whole, sites_of


def _number(runs: list[dict[str, Any]]) -> None:
    runs.sort(key=lambda run: (run["started_at"], run["site_id"]))
    for number, run in enumerate(runs, 1):
        run["id"] = number


def _site(rng: random.Random, number: int, accounts: int) -> Site:
    level = math.exp(rng.gauss(0, 0.35))
    return Site(
        site_id=number,
        account_id=1 + number % accounts,
        keywords_per_day=math.exp(rng.gauss(2.5, 0.8)),
        days_between_runs=math.exp(rng.gauss(1.2, 0.5)),
        first_day=rng.uniform(0, 40),
        price=[price * level * math.exp(rng.gauss(0, 0.15)) for price in PRICES],
        yields=[y * math.exp(rng.gauss(0, 0.2)) if y not in (0.0, 1.0) else y for y in YIELDS],
    )


def _simulate(site: Site, rng: random.Random, days: float) -> tuple[list[dict[str, Any]], list[int]]:
    queue, day, last, runs = [0] * 7, site.first_day, site.first_day - site.days_between_runs, []
    while day < days:
        queue[0] += _poisson(
            rng, site.keywords_per_day * (day - last) * math.exp(rng.gauss(0, site.arrival_spread))
        )
        last, snapshot = day, list(queue)
        is_failed = rng.random() < site.failing
        stop = rng.randint(1, 7) if is_failed else 7
        stages: dict[int, tuple[int, int, int]] = {}
        created, seconds = [0] * 7, 30.0
        (limits, most), spent = site.held(day), 0
        for k in range(7):
            arrived = _arriving(created, k)
            processed = 0
            if k < stop:
                processed = min(snapshot[k] + round(site.flow * arrived), limits.get(k + 1, 10**9))
                created[k] = _created(rng, processed, site.yields[k])
                price = _price(site, k, day) * math.exp(rng.gauss(0, _price_spread(site, k)))
                if spent + processed * price > most:  # the last item may pass it
                    taken = min(processed, math.ceil(max(most - spent, 0) / price) if price else 0)
                    processed, created[k] = taken, round(created[k] * taken / processed) if processed else 0
                seconds += processed * SECONDS[k]
                stages[k + 1] = (processed, created[k], round(processed * price))
                spent += stages[k + 1][2]
            queue[k] = snapshot[k] + arrived - processed
        hang = site.days_between_runs * 1.5 if rng.random() < site.overlapping else 0.0
        started = site.start + timedelta(days=day)
        runs.append({
            "site_id": site.site_id, "account_id": site.account_id, "stages": stages, "current_stage": stop,
            "status": "failed" if is_failed else "completed",
            "started_at": started, "completed_at": started + timedelta(days=hang, seconds=seconds),
            "total": round(sum(stage[2] for stage in stages.values()) * (1 + site.unattributed)),
            "snapshot": snapshot, "has_snapshot": rng.random() >= site.without_snapshot,
        })  # fmt: skip
        day += max(seconds / 86400 + 0.01, rng.expovariate(1 / site.days_between_runs))
    return runs, queue


def _arriving(created: list[T], k: int) -> T | int:
    return created[3] if k == 6 else created[k - 1] if k else 0


def _price_spread(site: Site, k: int) -> float:
    return site.price_spread if k in (1, 3, 5) else 0.0


def _price(site: Site, k: int, day: float) -> float:
    factors = [factor for since, stage, factor in site.price_steps if day >= since and stage in (0, k + 1)]
    return site.price[k] * math.prod(factors)


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def _created(rng: random.Random, processed: int, ratio: float) -> int:
    return round(processed * ratio) if ratio in (0.0, 1.0) else _poisson(rng, processed * ratio)


def _settings_row(site: Site, as_of: datetime) -> Row:
    limits, credits = site.held((as_of - site.start) / timedelta(days=1))
    return {
        "id": site.site_id, "site_id": site.site_id, "is_enabled": 1,
        "max_credits_per_run": None if credits == math.inf else credits,
    } | {f"stage_{n}_enabled": int(limits.get(n) != 0) for n in KEYS} | {
        LIMITS[n - 1]: limit for n, limit in limits.items() if limit
    }  # fmt: skip


def _write(
    path: Path,
    sites: list[Site],
    runs: list[dict[str, Any]],
    waiting: dict[int, list[int]],
    settings: Iterable[Row] = (),
) -> Path:
    site_rows = [
        {"id": site.site_id, "tenant_id": site.account_id, "name": f"Site {site.site_id}",
         "domain": None, "is_active": 1, "created_at": "2025-01-01T00:00:00Z"}
        for site in sites
    ]  # fmt: skip
    item_rows = [
        row
        for site_id, counts in waiting.items()
        for (entity, status), count in zip(WAITING, counts, strict=True)
        for row in items(entity, status, count, site_id=site_id)
    ]
    others = {"igny8_automation_configs": settings}
    return make_source(path, site_rows, map(_run_row, runs), item_rows, others)


def _run_row(run: dict[str, Any]) -> Row:
    snapshot = {f"stage_{n}_initial": count for n, count in enumerate(run["snapshot"], 1)}
    return {
        "id": run["id"], "tenant_id": run["account_id"], "site_id": run["site_id"], "run_id": f"run_{run['id']}",
        "trigger_type": "manual", "status": run["status"], "current_stage": run["current_stage"],
        "started_at": stamp(run["started_at"]), "completed_at": stamp(run["completed_at"]),
        "total_credits_used": run["total"],
        "initial_snapshot": as_result(0, snapshot) if run["has_snapshot"] else None,
    } | {f"stage_{n}_result": as_result(n, run["stages"].get(n)) for n in KEYS}  # fmt: skip


def _flow(site: Site, rng: random.Random) -> None:
    site.flow = rng.choice([0.0, 1.0, 1.0, 0.6])


def _snapshot(site: Site, rng: random.Random) -> None:
    site.flow = 0.0


def _caps(site: Site, rng: random.Random) -> None:
    _flow(site, rng)
    site.caps = {k: rng.choice([3, 5, 10, 20, 50]) for k in rng.sample([1, 2, 4, 5, 6], 2)}
    if rng.random() < 0.4:
        site.caps[rng.choice([5, 6, 7])] = 0


def _prices(site: Site, rng: random.Random) -> None:
    _flow(site, rng)
    site.price_steps = [(50.0, 4, 0.5), (85.0, 0, 1.6)]
    if rng.random() < 0.5:
        site.price_steps.append((rng.uniform(40, 100), rng.choice([2, 4, 6]), rng.choice([0.4, 2.5])))


def _young(site: Site, rng: random.Random) -> None:
    _flow(site, rng)
    site.first_day = rng.uniform(5, 115)
    site.days_between_runs = rng.uniform(8, 30)


def _heavy(site: Site, rng: random.Random) -> None:
    _flow(site, rng)
    site.arrival_spread, site.price_spread = 1.0, 0.35


def _messy(site: Site, rng: random.Random) -> None:
    _flow(site, rng)
    site.failing, site.overlapping, site.without_snapshot = 0.15, 0.15, 0.1
    site.unattributed = rng.choice([0.0, 0.0, 0.1])


def _mixed(site: Site, rng: random.Random) -> None:
    for rule in rng.sample([_caps, _prices, _heavy, _messy], 2):
        rule(site, rng)


RULES: dict[str, Callable[[Site, random.Random], None]] = {
    "flow": lambda site, rng: None, "snapshot": _snapshot, "caps": _caps, "prices": _prices,
    "young": _young, "heavy": _heavy, "messy": _messy, "mixed": _mixed, "straddle": _caps,
}  # fmt: skip


def _limits(site: Site, rng: random.Random, days: float) -> None:
    _flow(site, rng)
    for quarter in range(4):
        limits = {k: rng.choice([3, 5, 10, 20, 50]) for k in rng.sample([1, 2, 4, 5, 6], 2)}
        if rng.random() < 0.3:
            limits[rng.choice([5, 6, 7])] = 0
        credits = rng.choice([300.0, 600.0, 1500.0]) if rng.random() < 0.25 else math.inf
        site.settings.append((quarter * days / 4, limits, credits))


# Settings that change each quarter, and that loads read.
LIMITED: dict[str, Callable[[Site, random.Random, float], None]] = {"limits": _limits}
