"""Spend of the days ahead: nothing known too early, right by a second opinion, better than the plain methods."""

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from igny8_analysis import Warehouse, connect
from igny8_analysis.load import load
from tests import reference
from tests.cases import AS_OF, make_source, run, site
from tests.conftest import sampled
from tests.differing import near
from tests.lakes import VIEWS, views_of
from tests.spend_worlds import KINDS, START, World, world

DAY = timedelta(days=1)
SPEND = [view.name for view in VIEWS.values() if view.layer == "spend"]
FIGURES = "credits, p80_low, p80_high, p90_low, p90_high, budget_80, budget_90"


@pytest.fixture(scope="module")
def simulated() -> World:
    """Eight sites of every kind on one platform of six accounts."""
    return world(*KINDS, sites=8, days=300)


@pytest.fixture(scope="module")
def whole(simulated: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("spend")
    load(f"sqlite:///{simulated.write(folder / 'source.sqlite')}", folder / "data", as_of=simulated.as_of)
    with connect(folder / "data") as warehouse:
        yield warehouse


@pytest.mark.parametrize("week", sampled([14, 36], 1))
def test_the_live_forecast_is_the_mondays_and_later_rows_change_nothing(
    week: int, simulated: World, whole: Warehouse, tmp_path: Path
) -> None:
    monday = START + 7 * week * DAY
    simulated.write_before(tmp_path / "cut.sqlite", monday)
    columns = f"scope, coalesce(site_id, account_id), horizon_days, method, is_champion, {FIGURES}"
    with views_of(tmp_path / "cut.sqlite", *SPEND, as_of=monday) as cut:
        live = cut.execute(f"select {columns} from spend_forecasts").fetchall()
        of_before = "where origin_at < ?"
        before = cut.execute(
            f"select origin_at, {columns.replace('credits,', 'forecast_credits,', 1)} from spend_backtest"
        ).fetchall()
    live_now = {row[:4]: row[4:] for row in live}
    past = {
        row[:4]: row[4:]
        for row in whole.sql(
            f"select {columns.replace('credits,', 'forecast_credits,', 1)} from spend_backtest where origin_at = ?",
            [monday],
        ).fetchall()
    }
    assert len(past) > 500
    for key, figures in past.items():
        assert near(live_now[key], figures), key
    later = {
        row[:5]: row[5:]
        for row in whole.sql(
            f"select origin_at, {columns.replace('credits,', 'forecast_credits,', 1)} from spend_backtest {of_before}",
            [monday],
        ).fetchall()
    }
    assert len(before) > 1000
    for row in before:
        assert near(later[row[:5]], row[5:]), row[:5]


@pytest.mark.parametrize("fixture", ["demo", "whole"])
def test_a_second_opinion_of_the_plain_methods(
    fixture: str, request: pytest.FixtureRequest, demo_source: Path, tmp_path: Path, simulated: World
) -> None:
    warehouse: Warehouse = request.getfixturevalue(fixture)
    path = demo_source if fixture == "demo" else simulated.write(tmp_path / "again.sqlite")
    source = reference.load(path, warehouse.as_of)
    runs_of: dict[int, list[reference.reading.Run]] = defaultdict(list)
    for one in source.runs:
        runs_of[one.site_id].append(one)
    owners: dict[tuple[str, int], list[reference.reading.Run]] = {}
    for site_id, account_id in warehouse.sql(
        "select site_id, account_id from sites where is_live order by site_id"
    ).fetchall():
        if fixture == "demo" or site_id % 6 == 0:
            owners["site", site_id] = runs_of[site_id]
        if account_id is not None:
            owners.setdefault(("account", account_id), []).extend(runs_of[site_id])
    given: dict[tuple[Any, ...], Any] = {}
    actuals: dict[tuple[Any, ...], float | None] = {}
    for scope, owner, horizon, is_live, origin, method, credits, actual in warehouse.sql(
        "select scope, owner_id, horizon_days, is_live, origin_at, method, credits, actual_credits from spends"
    ).fetchall():
        given[scope, owner, horizon, is_live, origin, method] = credits
        actuals[scope, owner, horizon, is_live, origin] = actual
    seen = set()
    for (scope, owner), runs in owners.items():
        for spend in reference.spends(source, runs):
            key = (scope, owner, spend.horizon, spend.is_live, spend.origin_at)
            seen.add(key)
            for method in ("recent_rate", "same_as_before", "runs_times_cost"):
                expected = getattr(spend, method)
                ours = given[*key, method]
                assert (ours is None) is (expected is None), (key, method)
                assert ours is None or ours == pytest.approx(float(expected), rel=1e-9, abs=1e-9), (
                    key,
                    method,
                )
            assert actuals[key] == (None if spend.actual is None else pytest.approx(float(spend.actual)))
    assert seen == {key for key in actuals if key[:2] in owners}


def test_ours_wins_and_ranges_cover(whole: Warehouse) -> None:
    rows = whole.sql(
        "select scope, horizon_days, method, is_champion, forecast_credits, actual_credits, is_covered_80 "
        "from spend_backtest"
    ).fetchall()
    for scope in ("site", "account"):
        for horizon in (7, 30):
            made = [row for row in rows if row[:2] == (scope, horizon)]
            error = {
                name: sum(
                    abs(row[4] - row[5]) for row in made if row[2] == name or (name == "champion" and row[3])
                )
                for name in ("champion", "recent_rate", "same_as_before")
            }
            assert error["champion"] < error["recent_rate"], (scope, horizon)
            assert error["champion"] < error["same_as_before"], (scope, horizon)
            covered = [row[6] for row in made if row[3] and row[6] is not None]
            if scope == "site":
                assert 0.75 <= sum(covered) / len(covered) <= 0.88, (scope, horizon)


def test_every_site_and_account_has_a_forecast_and_one_champion_a_horizon(
    whole: Warehouse, demo: Warehouse
) -> None:
    for warehouse in (whole, demo):
        ((sites, accounts),) = warehouse.sql(
            "select (select count(*) from sites where is_live), "
            "(select count(*) from accounts where not coalesce(is_deleted, false))"
        ).fetchall()
        of_each = "select scope, horizon_days, count(*) from spend_forecasts where is_champion"
        champions = f"{of_each} group by all order by all"
        assert warehouse.sql(champions).fetchall() == [
            ("account", 7, accounts), ("account", 30, accounts), ("site", 7, sites), ("site", 30, sites)
        ]  # fmt: skip
        assert warehouse.sql("select count(*) from spend_months").fetchall() == [(sites + accounts,)]
        assert warehouse.sql("select count(*) from runways").fetchall() == [(accounts,)]
        past = "select 1 from spend_backtest group by scope, site_id, account_id, horizon_days, origin_at having "
        assert warehouse.sql(f"{past} sum(cast(is_champion as int)) <> 1").fetchall() == []


def test_deleted_sites_have_no_spend_forecast(demo: Warehouse) -> None:
    assert demo.sql(
        "select count(*) from spends as s join sites as i on i.site_id = s.site_id where not i.is_live"
    ).fetchall() == [(0,)]


def test_a_site_that_stopped_is_a_miss_and_not_a_gap(whole: Warehouse) -> None:
    rows = whole.sql(
        "select count(*), count(log_error), count(*) filter (where log_error < -0.5) from spend_points "
        "where not is_live and method = 'recent_rate' and actual_credits = 0 and credits > 0"
    ).fetchall()
    ((misses, errors, large),) = rows
    assert misses == errors > 20
    assert large > 5


@pytest.mark.parametrize(("owned", "is_platform"), [(16, True), (32, False)])
def test_no_account_is_more_than_half_of_a_pool(owned: int, is_platform: bool, tmp_path: Path) -> None:
    """Of 45 sites account 1 owns 16 or 32; the others belong to five accounts."""
    unequal = world("steady", sites=45, days=160)
    for one in unequal.sites:
        one["tenant_id"] = 1 if one["id"] <= owned else 2 + one["id"] % 5
    with views_of(unequal.write(tmp_path / "s.sqlite"), "spends", as_of=unequal.as_of) as views:
        sources = views.execute(
            "select distinct errors_from from spends where is_live and scope = 'site' and method = 'rhythm' "
            "and horizon_days = 7 and site_id > 32"
        ).fetchall()
        assert (("all",) in sources) is is_platform, sources


def test_sites_that_fell_silent_make_no_range_of_others_narrow(tmp_path: Path) -> None:
    """Of the three sites of each account two stopped long ago: that nothing came of nothing tells those nothing."""
    bursts = world("bursts", sites=36, accounts=12, days=200)
    until = (START + 75 * DAY).isoformat()
    bursts.runs = [row for row in bursts.runs if row["site_id"] <= 12 or row["started_at"] < until]
    with views_of(bursts.write(tmp_path / "s.sqlite"), "spends", as_of=bursts.as_of) as views:
        silent = views.execute(
            "select recent_rate_credits = 0, "
            "count(*) filter (where actual_credits between p80_low and p80_high) / count(p80_low) "
            "from spends where scope = 'site' and method = 'rhythm' and horizon_days = 7 and not is_live "
            f"and origin_at > timestamptz '{(START + 110 * DAY).isoformat()}' group by all order by all"
        ).fetchall()
    ((_, of_active), (_, of_silent)) = silent
    assert 0.7 <= of_active <= 0.9
    assert of_silent > 0.95


def test_edges_of_ranges_are_inside(tmp_path: Path) -> None:
    """Sites that stopped lie on the lower edge where they stopped before; the last binary digit decides nothing."""
    runs = [
        run(site_id * 1000 + n, AS_OF - timedelta(days=420 - 7 * n - 98 * (n // 16)), credits=site_id * 19.7,
            site_id=site_id)
        for site_id in range(1, 13) for n in range(32)
    ]  # fmt: skip
    source = make_source(tmp_path / "source.sqlite", [site(n, tenant_id=n) for n in range(1, 13)], runs)
    with views_of(source, "spend_backtest") as views:
        ((on_edge, missed),) = views.execute(
            """select count(*), count(*) filter (where not is_covered_80) from spend_backtest
            where abs(actual_credits - p80_low) < 1e-7"""
        ).fetchall()
    assert on_edge > 20
    assert missed == 0


def test_accuracy_is_of_the_backtest(whole: Warehouse) -> None:
    rows = whole.sql(
        "select forecast_credits, actual_credits, is_covered_80, p80_high - p80_low from spend_backtest "
        "where scope = 'site' and site_id = 3 and horizon_days = 7 and method = 'rhythm' order by origin_at"
    ).fetchall()
    for window, last in (("all", rows), ("last_30", rows[-30:])):
        ((n, wape, bias, intervals, covered, width),) = whole.sql(
            """select n, wape, bias, intervals_80, covered_80, width_80 from spend_accuracy
            where scope = 'site' and site_id = 3 and horizon_days = 7 and method = 'rhythm' and "window" = ?""",
            [window],
        ).fetchall()
        total = sum(row[1] for row in last)
        assert n == len(last)
        assert wape == pytest.approx(sum(abs(row[0] - row[1]) for row in last) / total)
        assert bias == pytest.approx(sum(row[0] - row[1] for row in last) / total)
        assert (intervals, covered) == (
            sum(row[2] is not None for row in last),
            sum(bool(row[2]) for row in last),
        )
        widths = [row[3] / row[0] for row in last if row[3] is not None and row[0]]
        assert width == pytest.approx(sum(widths) / len(widths))
    ((n,),) = whole.sql(
        """select n from spend_accuracy where scope = 'site' and site_id is null and horizon_days = 7
        and method = 'rhythm' and "window" = 'all'"""
    ).fetchall()
    assert whole.sql(
        "select count(*) from spend_backtest where scope = 'site' and horizon_days = 7 and method = 'rhythm'"
    ).fetchall() == [(n,)]


# By hand


def weekly(site_id: int, count: int, credits: int, last: datetime) -> list[dict[str, Any]]:
    """Runs a week apart, the last one at `last`, of so many credits each."""
    return [
        run(site_id * 100 + n, last - 7 * (count - 1 - n) * DAY, credits=credits, site_id=site_id)
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """AS_OF is Sunday, March 1, noon. Site 1 ran weekly up to three days ago, site 2 fell silent in December."""
    folder = tmp_path_factory.mktemp("steady")
    runs = [
        *weekly(1, 20, 70, AS_OF - 3 * DAY),
        *weekly(2, 20, 70, datetime(2025, 12, 1, 8, tzinfo=UTC)),
        *weekly(4, 11, 70, AS_OF - DAY)[::2],
    ]
    sites = [site(1), site(2, tenant_id=2), site(3, tenant_id=3), site(4, tenant_id=2)]
    source = make_source(folder / "source.sqlite", sites, runs)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("update igny8_tenants set credits = 150 where id = 1")
    with views_of(source, *SPEND) as views:
        yield views


def by_method(views: duckdb.DuckDBPyConnection, site_id: int, horizon: int) -> dict[str, float]:
    return dict(
        views.execute(
            "select method, credits from spend_forecasts where site_id = ? and horizon_days = ?",
            [site_id, horizon],
        ).fetchall()
    )


def test_a_forecast_of_a_sunday_knows_every_error_until_then(steady: duckdb.DuckDBPyConnection) -> None:
    """Site 1 has 14 Mondays from 28 days after its first run (November 13) to a week ago, 11 to thirty days ago."""
    assert steady.execute(
        "select horizon_days, origins, (select count(*) from spend_backtest as b where b.site_id = 1 "
        "and b.method = s.method and b.horizon_days = s.horizon_days) from spends as s "
        "where is_live and site_id = 1 and method = 'rhythm' order by 1"
    ).fetchall() == [(7, 14, 14), (30, 11, 11)]


def test_another_method_is_chosen_only_where_it_is_clearly_better(whole: Warehouse) -> None:
    rows = whole.sql(
        "select any_value(w.weighed_error / r.weighed_error * m.champion_margin) from spends as w "
        "join spends as r using (scope, owner_id, horizon_days, week) join spend_methods as m on m.method = w.method "
        "where r.method = 'rhythm' and w.is_champion and w.method <> 'rhythm' and w.weighed_error > 0 "
        "group by w.scope, w.owner_id, w.horizon_days, w.week"
    ).fetchall()
    assert len(rows) > 50
    assert all(ratio <= 1 + 1e-6 for (ratio,) in rows)


def test_a_week_of_a_weekly_site_is_a_run(steady: duckdb.DuckDBPyConnection) -> None:
    forecasts = by_method(steady, 1, 7)
    assert forecasts["recent_rate"] == forecasts["same_as_before"] == forecasts["runs_times_cost"] == 70
    assert forecasts["rhythm"] == pytest.approx(70, rel=0.05)
    # In 30 days four runs start: in 4, 11, 18 and 25 days.
    assert by_method(steady, 1, 30)["rhythm"] == pytest.approx(4 * 70, rel=0.1)


def test_a_run_that_is_not_due_is_not_expected(steady: duckdb.DuckDBPyConnection) -> None:
    """Site 4 has run every second week, six times, and yesterday: the next run starts in thirteen days."""
    assert by_method(steady, 4, 7)["recent_rate"] == 35
    assert by_method(steady, 4, 7)["rhythm"] < 5
    assert by_method(steady, 4, 30)["rhythm"] == pytest.approx(2 * 70, rel=0.15)


def test_a_silent_site_is_expected_to_stay_silent(steady: duckdb.DuckDBPyConnection) -> None:
    assert by_method(steady, 2, 30)["rhythm"] < 20
    assert by_method(steady, 2, 30)["recent_rate"] == 0


def test_a_site_without_runs_spends_nothing(steady: duckdb.DuckDBPyConnection) -> None:
    assert by_method(steady, 3, 30) == {
        "rhythm": 0, "rhythm_of_month": 0, "recent_rate": 0, "runs_times_cost": None, "same_as_before": 0
    }  # fmt: skip


def test_a_month_is_what_was_spent_and_what_is_left_of_it(steady: duckdb.DuckDBPyConnection) -> None:
    ((start, so_far, gone, left, expected, before),) = steady.execute(
        "select month_start, credits_so_far, days_gone, days_left, credits_expected, credits_month_before "
        "from spend_months where site_id = 1"
    ).fetchall()
    assert (start, so_far, before) == (date(2026, 3, 1), 0, 4 * 70)
    assert gone + left == 31
    assert gone == pytest.approx(0.5, abs=1e-5)
    ((credits,),) = steady.execute(
        "select credits from spend_forecasts where site_id = 1 and horizon_days = 30 and is_champion"
    ).fetchall()
    assert expected == pytest.approx(credits / 30 * left)


def test_a_runway_is_the_balance_by_a_days_spend(steady: duckdb.DuckDBPyConnection) -> None:
    rows = {
        row[0]: row[1:]
        for row in steady.execute(
            "select account_id, available_credits, credits_per_day, runway_days, ends_on from runways"
        ).fetchall()
    }
    ((credits,),) = steady.execute(
        "select credits from spend_forecasts where account_id = 1 and scope = 'account' and horizon_days = 30 "
        "and is_champion"
    ).fetchall()
    assert rows[1][0] == 150
    days = 150 / (credits / 30)
    assert rows[1] == (150, pytest.approx(credits / 30), pytest.approx(days), (AS_OF + days * DAY).date())
    assert rows[2][2:] == rows[3][2:] == (None, None)  # accounts that only sites name have no balance
    assert math.isclose(days, 15, rel_tol=0.15)


def test_runs_that_crashed_and_never_ended_keep_no_error_from_being_known(tmp_path: Path) -> None:
    weekly = [
        run(number, AS_OF - timedelta(days=7 * (60 - number) + 1), credits=100 + number % 3)
        for number in range(60)
    ]
    crashed = [
        run(100 + number, AS_OF - timedelta(days=28 * number + 40), None, credits=0, status="running")
        for number in range(12)
    ]
    known = "select horizon_days, count(*) from spend_errors where scope = 'site' group by all order by all"
    chosen = "select horizon_days, credits, reason from spend_forecasts where scope = 'site' and is_champion order by 1"
    told = []
    for name, runs in (("whole", weekly), ("crashed", [*weekly, *crashed])):
        source = make_source(tmp_path / f"{name}.sqlite", [site(1)], runs)
        with views_of(source, *SPEND) as connection:
            told.append([connection.execute(query).fetchall() for query in (known, chosen)])
    assert told[0][0] == told[1][0]
    for (days, credits, reason), (_, beside, reason_beside) in zip(told[0][1], told[1][1], strict=True):
        assert credits == pytest.approx(beside, rel=0.05), days
        assert reason == reason_beside
