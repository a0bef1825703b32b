"""Forecasts: nothing known too early, the same live and past, right by hand and by a second opinion."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from igny8_analysis import Warehouse, connect
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, run, site
from tests.conftest import sampled
from tests.differing import near
from tests.lakes import VIEWS, views_of
from tests.worlds import RULES, START, World, together, world

FORECASTS = [view.name for view in VIEWS.values() if view.layer in ("core", "statistics", "forecast")]
FIGURES = (
    "credits, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90, "
    "case when is_champion then 1 else 0 end"
)


# Simulated worlds


@pytest.fixture(scope="module")
def platform() -> tuple[World, dict[str, set[int]]]:
    """Five sites of every kind of world on one platform, and which are of which kind."""
    return together(RULES, sites=5, accounts=1)


@pytest.fixture(scope="module")
def simulated(platform: tuple[World, dict[str, set[int]]]) -> World:
    return platform[0]


@pytest.fixture(scope="module")
def whole(simulated: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("whole")
    load(f"sqlite:///{simulated.write(folder / 'source.sqlite')}", folder / "data", as_of=simulated.as_of)
    with connect(folder / "data") as warehouse:
        yield warehouse


# What was known at an instant: rows that later ones may not change, by their keys.
KNOWN = {
    "forecasts": (
        "site_id, id, method",
        "credits, output, duration_seconds, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90, "
        "errors, origins, own_wape, weighed_wape, cast(is_champion as integer) from forecasts where not is_live",
    ),
    "forecast_backtest": (
        "site_id, id, method",
        "cast(is_covered_80 as integer), cast(is_covered_90 as integer) from forecast_backtest",
    ),
    "forecast_inputs": (
        "site_id, id, stage_number",
        "items_limit, price, output_ratio, flow_share, seconds_per_item, original_price, epoch(price_since) "
        "from forecast_inputs where not is_live",
    ),
    "unusual_runs": ("site_id, id", "median_credits, modified_z_score from unusual_runs"),
    "credit_variance": ("site_id, id, stage_number", "volume_credits, rate_credits from credit_variance "
        "join runs using (site_id, id) where status = 'completed'"),
    "stage_breaks": ("site_id, stage_number, since_number", "epoch(since), price_before from stage_breaks"),
    "platform_lessons": (
        "stage_number, epoch(known_on)", "price, output_ratio, flow_share from platform_lessons",
    ),
    "platform_record": (
        "method, known_runs_from, epoch(known_on)",
        "shared_wape, errors, size_80, size_90, log_80, log_90 from platform_record",
    ),
    "account_record": ("account_id, method, epoch(known_on)", "shared_wape from account_record"),
    "account_lessons": (
        "account_id, stage_number, epoch(known_on)",
        "price_sites, price_sum, output_sites, output_sum, flow_sites, flow_sum from account_lessons "
        "where known_on < (select cast(as_of at time zone 'UTC' as date) from current_load)",
    ),
    "common_changes": (
        "stage_number, epoch(changed_on), epoch(known_from)",
        "log_change, epoch(known_until) from common_changes",
    ),
    "price_noise": ("stage_number, epoch(completed_on)", "noise from price_noise"),
    "own_prices": (
        "site_id, stage_number, price_number, epoch(version_from)",
        "price, noise, price_runs, epoch(price_since) from own_prices",
    ),
}  # fmt: skip


def known(views: Warehouse | duckdb.DuckDBPyConnection, table: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    key, figures = KNOWN[table]
    n = len(key.split(", "))
    return {row[:n]: row[n:] for row in views.sql(f"select {key}, {figures}").fetchall()}


@pytest.mark.parametrize("share", sampled([0.4, 0.9], 1))
def test_the_live_forecast_is_the_origins_and_later_rows_change_nothing(
    share: float, simulated: World, whole: Warehouse, tmp_path: Path
) -> None:
    origins = [r for r in simulated.runs if r["status"] == "completed" and r["has_snapshot"]]
    compare_before(origins[int(len(origins) * share)], simulated, whole, tmp_path)


@pytest.fixture(scope="module")
def dearer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, duckdb.DuckDBPyConnection]]:
    """A platform on which content became half as dear for all on day 50 and everything dearer on day 85."""
    simulated = world("prices", days=115)
    source = simulated.write(tmp_path_factory.mktemp("dearer") / "source.sqlite")
    with views_of(source, *FORECASTS, as_of=simulated.as_of) as views:
        yield simulated, views


@pytest.mark.parametrize("days_after", sampled([8, 12], 1))
def test_a_change_for_all_is_known_no_sooner_than_it_showed(
    days_after: int, dearer: tuple[World, duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    simulated, whole = dearer
    origin = next(r for r in simulated.runs if r["started_at"] >= START + timedelta(days=50 + days_after))
    compare_before(origin, simulated, whole, tmp_path)


def test_a_change_for_all_is_found_on_its_day(dearer: tuple[World, duckdb.DuckDBPyConnection]) -> None:
    """Halved on day 50; 1.6 times as dear from day 85 on, in every stage that charges."""
    found = dearer[1].execute(
        "select stage_number, epoch(changed_on) / 86400 - ?, log_change from common_changes "
        "where known_until is null order by changed_on, stage_number",
        [START.timestamp() / 86400],
    )
    changes = found.fetchall()
    (halved, *risen) = changes
    assert halved[:2] == (4, pytest.approx(50, abs=1))
    assert halved[2] == pytest.approx(math.log(0.5), abs=0.15)
    assert 3 <= len(risen) == len({stage for stage, *_ in risen})
    for _, after, change in risen:
        assert after == pytest.approx(85, abs=1)
        assert change == pytest.approx(math.log(1.6), abs=0.15)


def compare_before(
    origin: dict[str, Any], simulated: World, whole: Warehouse | duckdb.DuckDBPyConnection, folder: Path
) -> None:
    """Cut the source off just before the run's start: the live forecast is that origin's, and all known stays."""
    instant = simulated.write_before(folder / "cut.sqlite", origin)
    with views_of(folder / "cut.sqlite", *FORECASTS, as_of=instant) as cut:
        of_site, of_run = (f"is_live and site_id = {origin['site_id']}", f"id = {origin['id']}")
        live, past = (
            views.sql(
                f"select method, {FIGURES} from forecasts where {which} and credits is not null order by method"
            ).fetchall()
            for views, which in ((cut, of_site), (whole, of_run))
        )
        assert near(live, past)

        for table in KNOWN:
            before, after = known(cut, table), known(whole, table)
            assert before or table == "common_changes", table
            needed = before.keys() & after.keys() if table.endswith(("_errors", "_record")) else before.keys()
            assert needed or not before, table
            for key in needed:
                assert near(before[key], after[key]), (table, key)
        seen = {row[:2] for row in cut.sql("select site_id, id from completions").fetchall()}
        for table in ("unusual_runs", "credit_variance"):
            of_seen = {key for key in known(whole, table) if key[:2] in seen}
            assert of_seen == {key for key in known(cut, table) if key[:2] in seen}


def test_the_flow_method_wins(whole: Warehouse) -> None:
    wape = dict(
        whole.sql(
            """select method, wape from forecast_accuracy where site_id is null and "window" = 'all'"""
        ).fetchall()
    )
    assert wape["flow"] < 0.7 * min(wape["original"], wape["mean_of_last_10"], wape["same_as_last"])


@pytest.mark.parametrize("kind", RULES)
def test_the_champion_is_right_in_every_world(
    kind: str, platform: tuple[World, dict[str, set[int]]], whole: Warehouse
) -> None:
    """Near the best single method, not far from who knows the truth, and covered as often as promised."""
    simulated, sites_of = platform
    rows = whole.sql(
        "select id, method, is_champion, forecast_credits, actual_credits, is_covered_80, is_covered_90 "
        "from forecast_backtest where list_contains(?, site_id)",
        [sorted(sites_of[kind])],
    ).fetchall()
    champions = [row for row in rows if row[2]]
    total = sum(row[4] for row in champions)
    errors: dict[str, float] = defaultdict(float)
    for _, method, is_champion, forecast, actual, *_ in rows:
        errors[method] += abs(forecast - actual) / total
        errors["champion"] += is_champion * abs(forecast - actual) / total
    expected = {run["id"]: simulated.expected_credits(run) for run in simulated.runs}
    oracle = sum(abs(expected[row[0]] - row[4]) for row in champions) / total
    assert errors["champion"] < 1.1 * min(errors["flow"], errors["original"]) + 0.02
    assert errors["champion"] < oracle + 0.35
    for level, covered in (
        (0.8, [row[5] for row in champions if row[5] is not None]),
        (0.9, [row[6] for row in champions if row[6] is not None]),
    ):
        band = 1.96 * math.sqrt(level * (1 - level) / len(covered))
        assert sum(covered) / len(covered) > level - band - 0.02, (level, len(covered))


def test_every_site_has_one_champion_and_every_origin_too(whole: Warehouse, demo: Warehouse) -> None:
    for warehouse in (whole, demo):
        champions = "select count(*) from forecast_totals where is_champion"
        sites = "select count(*) from sites"
        assert warehouse.sql(champions).fetchall() == warehouse.sql(sites).fetchall()
        origins = "select id from forecast_backtest group by id having sum(cast(is_champion as int)) <> 1"
        assert warehouse.sql(origins).fetchall() == []


def test_the_price_breaks_of_the_world_are_found(
    platform: tuple[World, dict[str, set[int]]], whole: Warehouse
) -> None:
    """Content became half as dear on day 50."""
    breaks = whole.sql(
        "select min(abs(epoch(since) - epoch(?)) / 86400) from price_breaks where stage_number = 4 "
        "and rate_after < rate_before and list_contains(?, site_id) group by site_id",
        [START + timedelta(days=50), sorted(platform[1]["prices"])],
    ).fetchall()
    assert len(breaks) >= 3
    assert sorted(breaks)[1][0] < 15


# A second opinion, in plain Python, over the demo source


def cut(weights: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Weights by (account, site), cut until no site has above a quarter of their sum and no account above half.

    From the whole sum down, step by step, each time with what the limits of the step before left.
    """
    total = sum(weights.values())
    while True:
        of_sites = {key: min(weight, total / 4) for key, weight in weights.items()}
        of_accounts: dict[int, float] = defaultdict(float)
        for (account, _), weight in of_sites.items():
            of_accounts[account] += weight
        left = {
            (account, site): weight * min(1, total / 2 / of_accounts[account])
            for (account, site), weight in of_sites.items()
        }
        if math.isclose(sum(left.values()), total, rel_tol=1e-13):
            return left
        total = sum(left.values())


def rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def ranks(errors: list[tuple[float, float]]) -> dict[str, float | None]:
    """Of (error, weight): the smallest |e| and e with (n + 1) · level at or below; none where all are fewer."""
    n = sum(weight for _, weight in errors)
    found: dict[str, float | None] = {}
    for name, measured in (("size", [(abs(e), w) for e, w in errors]), ("log", errors)):
        for level in (80, 90):
            below, found[f"{name}_{level}"] = 0.0, None
            for error, weight in sorted(measured):
                below += weight
                if below + 1e-9 >= (n + 1) * level / 100:
                    found[f"{name}_{level}"] = error
                    break
    return found


@pytest.mark.parametrize("fixture", ["demo", "whole"])
def test_intervals_budgets_and_champions_agree_with_a_second_opinion(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    """Below 20 sites or 5 accounts (the demo) others teach nothing; from there on (the worlds) all sites do."""
    warehouse: Warehouse = request.getfixturevalue(fixture)
    columns = [
        "site_id", "id", "account_id", "method", "origin_at", "known_runs", "completed_at", "credits",
        "actual_credits", "is_limit_forgotten",
    ]  # fmt: skip
    points = [
        dict(zip(columns, row, strict=True))
        for row in warehouse.sql(
            f"select {', '.join(columns).replace('origin_at', 'coalesce(origin_at, as_of)')} "
            "from forecast_points cross join current_load where method <> 'flow_told'"
        ).fetchall()
    ]
    numbers = dict(warehouse.sql("select method, method_number from forecast_methods").fetchall())
    usual = dict(warehouse.sql("select method, usual_error from forecast_methods").fetchall())
    given = {
        row[:3]: row[3:]
        for row in warehouse.sql(
            "select site_id, id, method, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90, is_champion "
            "from forecasts"
        ).fetchall()
    }
    done = sorted(
        (p for p in points if p["completed_at"] and p["credits"] is not None),
        key=lambda p: (p["completed_at"], p["site_id"], p["id"]),
    )
    for p in done:
        both = p["credits"] > 0 and p["actual_credits"] > 0
        p["error"] = math.log(p["actual_credits"] / p["credits"]) if both else None

    def band(p: dict[str, Any]) -> int:
        return int(p["known_runs"] >= 3) + int(p["known_runs"] >= 10)

    def is_platform(pool: list[dict[str, Any]]) -> bool:
        return len({q["site_id"] for q in pool}) >= 20 and len({q["account_id"] for q in pool}) >= 5

    by_method: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for p in done:
        by_method[p["method"]].append(p)
    scores: dict[tuple[int, int], list[tuple[float, int, str]]] = defaultdict(list)
    # Of sites with settings, flow's errors are of forecasts that were told them: test_known_settings.py has these.
    with_settings = {site_id for (site_id,) in warehouse.sql("select site_id from site_settings").fetchall()}
    looked_at = [
        p for p in points if (fixture == "demo" or p["id"] % 5 == 0) and p["site_id"] not in with_settings
    ]
    pools = set()
    for p in looked_at:
        known_now = [
            q for q in by_method[p["method"]]
            if q["completed_at"] < p["origin_at"] or (p["id"] == 0 and q["completed_at"] == p["origin_at"])
        ]  # fmt: skip
        midnight = (p["origin_at"] - timedelta(microseconds=0 if p["id"] == 0 else 1)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        shared = [q for q in known_now if q["completed_at"] < midnight]
        of_account = [q for q in shared if q["account_id"] == p["account_id"]]
        own = [q for q in known_now if q["site_id"] == p["site_id"]]
        own_errors = [q["error"] for q in own if q["error"] is not None][-30:]
        in_band = [q for q in shared if band(q) == band(p)]
        alike = [q for q in in_band[-1000:] if q["error"] is not None]
        recent = [
            q for n, q in enumerate(reversed(in_band[-1000:]))
            if n < 100 or q["completed_at"] >= midnight - timedelta(days=60)
        ]  # fmt: skip
        pools.add("own" if len(own_errors) >= 9 else "platform" if is_platform(alike) else "account")
        if len(own_errors) >= 9:
            rank = ranks([(error, 1.0) for error in own_errors])
        elif is_platform(alike):
            weights = shares(alike, lambda q: 1.0)
            rank = ranks([(q["error"], weights[key(q)]) for q in alike])
            rank = {name: rounded(value) for name, value in rank.items()}
        else:
            of_band = [q for q in of_account if q["error"] is not None and band(q) == band(p)][-1000:]
            rank = ranks([(q["error"], 1.0) for q in of_band])
        if p["credits"] is None:
            continue
        expected = [
            None if (size := rank[name]) is None else p["credits"] * math.exp(sign * size)
            for name, sign in (
                ("size_80", -1), ("size_80", 1), ("size_90", -1), ("size_90", 1), ("log_80", 1), ("log_90", 1)
            )
        ]  # fmt: skip
        figures = given[p["site_id"], p["id"], p["method"]]
        assert near(figures[:6], expected), p
        recent, of_account, judged = (
            [q for q in pool if not q["is_limit_forgotten"]] for pool in (recent, of_account, own[-30:])
        )
        costly = [q for q in recent if q["actual_credits"] > 0]
        if is_platform(costly):
            weights = shares(recent, lambda q: q["actual_credits"])
            charged = sum(weights[key(q)] * q["actual_credits"] for q in costly)
            missed = sum(weights.get(key(q), 0) * abs(q["credits"] - q["actual_credits"]) for q in recent)
            of_others = rounded(missed / charged)
        else:
            of_others = wape(of_account)
            if of_others is not None:
                of_others = (len(of_account) * of_others + 20 * usual[p["method"]]) / (len(of_account) + 20)
        score = weighed(judged, of_others)
        if score is not None and not (p["method"] == "flow" and p["is_limit_forgotten"]):
            scores[p["site_id"], p["id"]].append(
                (score * (1 if p["method"] == "flow" else 1.2), numbers[p["method"]], p["method"])
            )
    assert pools == {"own", "account"} | ({"platform"} if fixture == "whole" else set())
    for site_id, id_ in {(p["site_id"], p["id"]) for p in looked_at}:
        champion = next(m for m in numbers if given[site_id, id_, m][6])
        best = min(scores[site_id, id_], default=(0.0, 1, "original"))
        assert champion == best[2] or any(
            math.isclose(s, best[0], rel_tol=1e-9) for s, _, m in scores[site_id, id_] if m == champion
        )


def wape(points: list[dict[str, Any]]) -> float | None:
    actual = sum(p["actual_credits"] for p in points)
    return sum(abs(p["credits"] - p["actual_credits"]) for p in points) / actual if actual else None


def weighed(own: list[dict[str, Any]], of_others: float | None) -> float | None:
    of_site = wape(own)
    if of_site is None or of_others is None:
        return of_others if of_site is None else of_site
    return (len(own) * of_site + 20 * of_others) / (len(own) + 20)


def key(point: dict[str, Any]) -> tuple[int, int]:
    return point["account_id"], point["site_id"]


def shares(
    pool: list[dict[str, Any]], weight: Callable[[dict[str, Any]], float]
) -> dict[tuple[int, int], float]:
    """What is left of each site's weight in the pool, as a share of it."""
    given: dict[tuple[int, int], float] = defaultdict(float)
    for point in pool:
        given[key(point)] += weight(point)
    given = {site: weight for site, weight in given.items() if weight > 0}
    return {site: left / given[site] for site, left in cut(given).items()}


def test_the_plain_methods_are_what_they_say(demo: Warehouse) -> None:
    """original, mean_of_last_10 and same_as_last at each origin, from the completions known then."""
    completions: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in demo.sql(
        "select site_id, completed_at, cast(total_credits_used as double) from completions "
        "order by site_id, completion_number"
    ).fetchall():
        completions[row[0]].append(row[1:])
    forecasts = demo.sql(
        "select site_id, started_at, method, forecast_credits from forecast_backtest where method <> 'flow'"
    ).fetchall()
    assert len(forecasts) > 2000
    for site_id, started_at, method, credits in forecasts:
        known = [c for completed_at, c in completions[site_id] if completed_at < started_at]
        if method == "mean_of_last_10":
            assert near(credits, sum(known[-10:]) / len(known[-10:]))
        elif method == "same_as_last":
            assert near(credits, known[-1])
    live = demo.sql(
        "select f.credits, p.total_estimated_credits from forecast_totals as f "
        "join prediction_totals as p on p.site_id = f.site_id where f.method = 'original'"
    ).fetchall()
    assert live
    assert all(near(credits, float(predicted)) for credits, predicted in live)


# By hand


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, 8, tzinfo=AS_OF.tzinfo) + timedelta(days=number)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Site 1: ten runs of 100 credits and one of 200. Site 2: a price that doubles. Site 3: a stage off.

    Site 4: no run. Site 5: one run that left what it made. Site 6: a limit, and 10 % that no stage accounts for.
    Site 7: two runs at 10 an item, then ten at 11. Site 8: runs of 70 and 100 in turn, one of 0, one of 100.
    Site 9: two runs that stop before all that waited is done.
    """
    plain = [
        run(n, day(n), stages={4: (10, 10, 100)}, initial_snapshot='{"stage_4_initial": 10}', site_id=1)
        for n in range(10)
    ]
    plain.append(
        run(10, day(10), stages={4: (10, 10, 200)}, initial_snapshot='{"stage_4_initial": 10}', site_id=1)
    )
    dearer = [
        run(20 + n, day(n), stages={4: (10, 0, 100 if n < 5 else 200)}, site_id=2,
            initial_snapshot='{"stage_4_initial": 10}') for n in range(8)
    ]  # fmt: skip
    off = [
        run(40 + n, day(n), stages={4: (5, 5, 50), 5: (0, 0, 0)}, site_id=3,
            initial_snapshot='{"stage_4_initial": 5, "stage_5_initial": 7}') for n in range(4)
    ]  # fmt: skip
    left = [
        run(
            50,
            day(0),
            stages={2: (10, 20, 100), 3: (0, 0, 0)},
            site_id=5,
            initial_snapshot='{"stage_2_initial": 10, "stage_3_initial": 0}',
        )
    ]
    limited = [
        run(60 + n, day(n), stages={4: (took, took, 10 * took)}, credits=11 * took, site_id=6,
            initial_snapshot='{"stage_4_initial": 50}') for n, took in enumerate((5, 7, 7, 50))
    ]  # fmt: skip
    older = [
        run(70 + n, day(n), stages={4: (10, 10, 100 if n < 2 else 110)}, site_id=7,
            initial_snapshot='{"stage_4_initial": 10}') for n in range(12)
    ]  # fmt: skip
    in_turn = [
        run(
            90 + n,
            day(n),
            stages={4: (10, 10, credits)},
            initial_snapshot='{"stage_4_initial": 10}',
            site_id=8,
        )
        for n, credits in enumerate([70, 100] * 6 + [0, 100])
    ]
    stopped = [
        run(110 + n, day(n), stages={3: (20, 20, 0), 4: (took, 0, 10 * took)}, site_id=9,
            initial_snapshot='{"stage_3_initial": 20, "stage_4_initial": 30}') for n, took in enumerate((12, 17))
    ]  # fmt: skip
    source = make_source(
        tmp_path_factory.mktemp("by-hand") / "source.sqlite",
        [site(n, tenant_id=n) for n in range(1, 10)],
        [*plain, *dearer, *off, *left, *limited, *older, *in_turn, *stopped],
    )
    with views_of(source, *FORECASTS) as views:
        yield views


def test_unusual_where_the_median_deviation_is_nothing(by_hand: duckdb.DuckDBPyConnection) -> None:
    """Ten runs of 100: MAD and mean deviation are 0, so 200 is unusual, with no score to give."""
    assert by_hand.sql(
        "select id, credits, runs_before, median_credits, modified_z_score, is_higher "
        "from unusual_runs where site_id = 1"
    ).fetchall() == [(10, 200.0, 10, 100.0, None, True)]


def test_a_price_break_is_believed_as_far_as_it_is_beyond_the_noise(
    by_hand: duckdb.DuckDBPyConnection,
) -> None:
    """The price doubles with the sixth run, after five that did not differ: ln 2 is beyond doubt at once.

    The noise is 0.2, as nothing else says, and 8 of it against 5 steps of 0: ln 2 is four errors of it.
    """
    ((since, before, after),) = by_hand.sql(
        "select since, rate_before, rate_after from price_breaks where site_id = 2"
    ).fetchall()
    assert (since, before, after) == (day(5), 10.0, 20.0)
    prices = by_hand.sql(
        "select price, price_since from own_prices where site_id = 2 and stage_number = 4 order by price_number"
    ).fetchall()
    assert prices == [(pytest.approx(10.0), None)] * 5 + [(pytest.approx(20.0), day(5))] * 3
    bases = by_hand.sql(
        "select basis from forecast_inputs where site_id = 2 and stage_number = 4 and not is_live order by id"
    ).fetchall()
    assert [basis for (basis,) in bases] == ["default"] + ["history"] * 5 + ["since price break"] * 2


def test_runs_further_back_count_as_far_as_they_agree(by_hand: duckdb.DuckDBPyConnection) -> None:
    """Twelve runs: ln 1.1 is well within two errors of a noise of √(8 · 0.2² ÷ 17), so all twelve count alike.

    By the number of runs that is (two of 10 and ten of 11): exp((2 ln 10 + 10 ln 11) ÷ 12).
    """
    assert by_hand.sql(
        "select price, price_runs, price_since from own_prices where site_id = 7 and stage_number = 4 "
        "and price_number = 12"
    ).fetchall() == [(pytest.approx(math.exp((2 * math.log(10) + 10 * math.log(11)) / 12)), 12, None)]


def test_a_stage_that_is_off_costs_nothing(by_hand: duckdb.DuckDBPyConnection) -> None:
    """Seven contents waited for stage 5 four times and none was taken."""
    rows = by_hand.sql(
        "select id, stage_number, items_limit from forecast_inputs where site_id = 3 and items_limit is not null"
    ).fetchall()
    assert {row[1:] for row in rows} == {(5, 0.0)}
    assert {row[0] for row in rows} >= {42, 43}


def test_a_stage_without_arrivals_takes_the_flow_of_the_sites_others(
    by_hand: duckdb.DuckDBPyConnection,
) -> None:
    """Of 20 ideas stage 3 took none, nor did the account's; elsewhere the site's share is (0 + 2 · 1) ÷ (20 + 2)."""
    shares = by_hand.sql(
        "select stage_number, flow_share from forecast_inputs where site_id = 5 and is_live order by stage_number"
    ).fetchall()
    eleventh = pytest.approx(1 / 11)
    assert shares == [(n, 0.0 if n == 3 else eleventh) for n in range(1, 8)]


def test_a_stop_below_what_waited_says_nothing_of_flow(by_hand: duckdb.DuckDBPyConnection) -> None:
    """20 tasks reached stage 4 twice, which took 12 and 17 of 30 that waited: no flow was seen, nor a limit."""
    assert by_hand.sql(
        "select flow_share, items_limit from forecast_inputs where site_id = 9 and is_live and stage_number = 4"
    ).fetchall() == [(1.0, None)]


def test_one_stop_below_what_waited_is_a_limit_until_another_denies_it(
    by_hand: duckdb.DuckDBPyConnection,
) -> None:
    """Stage 4 takes 5, 7, 7, then all 50 of 50: no limit known, 5, none (5 or 7?), 7 and none again."""
    limits = by_hand.sql(
        "select items_limit from forecast_inputs where site_id = 6 and stage_number = 4 order by is_live, id"
    ).fetchall()
    assert limits == [(None,), (5.0,), (None,), (7.0,), (None,)]


def test_credits_of_no_stage_are_forecast_too(by_hand: duckdb.DuckDBPyConnection) -> None:
    """7 contents are to be taken; prompts none, as of 19 that came none were, whatever waited; runs cost 10 % more.

    A content costs 10 in three runs; the account's price, with the default weighing as a site, is 0.3 more.
    """
    content = (3 * 10 + 0.3 * math.sqrt(10 * 15)) / 3.3
    (forecast,) = by_hand.sql(
        "select forecast_credits from forecast_backtest where site_id = 6 and id = 63 and method = 'flow'"
    ).fetchall()
    assert forecast == (pytest.approx(7 * content * 1.1),)


def test_an_interval_by_hand(by_hand: duckdb.DuckDBPyConnection) -> None:
    """The run with id 0 has no run before it; nine errors of 0 give an interval of no width, and 200 misses it.

    With that error there are ten: k is 9 of 80 % (still 0), and 10 of 90 % (ln 2).
    """
    rows = by_hand.sql(
        "select id, forecast_credits, p80_low, p80_high, p90_low, budget_80, budget_90, is_covered_80 "
        "from forecast_backtest where site_id = 1 and method = 'same_as_last' order by id"
    ).fetchall()
    assert rows[0][0] == 1, "what the first run would cost could not be told by the last"
    assert rows[-1] == (10, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, False)
    live = by_hand.sql(
        "select credits, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90 from forecast_totals "
        "where site_id = 1 and method = 'same_as_last'"
    ).fetchall()
    two = pytest.approx(400.0)
    assert live == [(200.0, 200.0, 200.0, pytest.approx(100.0), two, 200.0, two)]


def test_edges_are_inside_and_a_forecast_of_nothing_has_no_width(by_hand: duckdb.DuckDBPyConnection) -> None:
    """The run before is off by 10 ÷ 7 or its inverse each time, so either lies on an edge of the range.

    What 0 forecasts has a range of 0 to 0, whose width as a share of the forecast does not exist.
    """
    rows = by_hand.sql(
        "select forecast_credits, actual_credits, is_covered_80 from forecast_backtest "
        "where site_id = 8 and method = 'same_as_last' and p80_low is not null order by id"
    ).fetchall()
    assert rows[-4:] == [(100, 70, True), (70, 100, True), (100, 0, False), (0, 100, False)]
    assert all(is_covered for *_, is_covered in rows[:-2])
    ((width, intervals, covered),) = by_hand.sql(
        "select width_80, intervals_80, covered_80 from forecast_accuracy "
        "where site_id = 8 and method = 'same_as_last' and \"window\" = 'all'"
    ).fetchall()
    assert width == pytest.approx(10 / 7 - 7 / 10)
    assert (intervals, covered) == (len(rows), len(rows) - 2)


def test_a_site_without_runs_has_the_original_as_champion(by_hand: duckdb.DuckDBPyConnection) -> None:
    rows = by_hand.sql(
        "select method, credits, reason from forecast_totals where site_id = 4 and is_champion"
    )
    assert rows.fetchall() == [("original", 0.0, "no forecast could be measured yet")]
