"""Where windows and limits end, in views computed over the few rows they read: what lies just outside does nothing."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import log
from typing import Any

import pytest

from tests.cases import AS_OF, MICROSECOND
from tests.lakes import computed

DAY = timedelta(days=1)
LOAD = [{"as_of": AS_OF}]


def ended(completed_at: Any, seconds: float, status: str = "completed", credits: int = 0) -> dict[str, Any]:
    return {
        "site_id": 1,
        "status": status,
        "started_at": completed_at,
        "completed_at": completed_at,
        "duration_seconds": seconds,
        "total_credits_used": Decimal(credits),
    }


def test_the_week_before_is_of_completed_runs_and_ends_where_the_last_one_begins() -> None:
    runs = [
        ended(AS_OF - 7 * DAY, 100.0),
        ended(AS_OF - 14 * DAY + MICROSECOND, 300.0),
        ended(AS_OF - 7 * DAY + MICROSECOND, 7_000.0),
        ended(AS_OF - 14 * DAY, 9_000.0),
        ended(AS_OF - 10 * DAY, 5_000.0, "failed"),
    ]
    now = [
        {"site_id": 1, "total_credits_last_30_days": Decimal(0), "avg_duration_last_7_days_seconds": 250.0}
    ]
    (row,) = computed("window_trends", current_load=LOAD, runs=runs, run_statistics=now)
    assert (row["avg_duration_7_days_before_seconds"], row["duration_change_pct"]) == (200.0, 25.0)


def test_the_month_before_is_of_all_runs_and_ends_where_the_last_one_begins() -> None:
    runs = [
        ended(AS_OF - 30 * DAY, 1.0, credits=10),
        ended(AS_OF - 60 * DAY + MICROSECOND, 1.0, "failed", credits=30),
        ended(AS_OF - 30 * DAY + MICROSECOND, 1.0, credits=700),
        ended(AS_OF - 60 * DAY, 1.0, credits=900),
    ]
    now = [
        {"site_id": 1, "total_credits_last_30_days": Decimal(50), "avg_duration_last_7_days_seconds": None}
    ]
    (row,) = computed("window_trends", current_load=LOAD, runs=runs, run_statistics=now)
    assert (row["total_credits_30_days_before"], row["credits_change_pct"]) == (40, 25.0)


def test_a_runway_takes_in_what_is_spent_by_hand_on_whole_days() -> None:
    """Beside 12 a day of runs (10 to 20), 280 of 28 days that the ledger has and no run: 10 a day."""
    today = AS_OF.date()
    used = {0: 9_000, 1: 200, 28: 360, 29: 9_000}
    days = [{"account_id": 1, "used_on": today - n * DAY, "credits": Decimal(c)} for n, c in used.items()]
    started = {0: 7_000, 1: 80, 28: 200, 29: 7_000}
    runs = [ended(AS_OF - n * DAY, 1.0, credits=credits) for n, credits in started.items()]
    forecast = {"scope": "account", "account_id": 1, "is_champion": True, "horizon_days": 30}
    spend = [forecast | {"credits": 360.0, "p80_low": 300.0, "p80_high": 600.0}]
    (row,) = computed(
        "runways",
        current_load=LOAD,
        credit_days=days,
        runs=runs,
        sites=[{"site_id": 1, "account_id": 1}],
        spend_forecasts=spend,
        account_balances=[{"account_id": 1, "available_credits": Decimal(660)}],
        credit_sources=[{"has_ledger": True, "has_transactions": False}],
    )
    assert (row["credits_per_day"], row["runway_days"]) == (22.0, 30.0)
    assert (row["runway_days_low"], row["runway_days_high"]) == (22.0, 33.0)
    ends = [row[name] - today for name in ("ends_on_low", "ends_on", "ends_on_high")]
    assert ends == [22 * DAY, 30 * DAY, 33 * DAY]


def test_settings_stay_as_they_were_where_no_limit_stays_none() -> None:
    """Since the load that first saw them so: on with no limit, then off, then on with 20, which becomes 21."""
    told = [(True, None), (True, None), (False, None), (False, None), (True, 20), (True, 20), (True, 21)]
    seen = [
        {"site_id": 1, "stage_number": 4, "load_number": n, "as_of": AS_OF + n * DAY, "is_present": True}
        | {"is_on": is_on, "item_limit": limit, "credit_limit": 100 + n}
        for n, (is_on, limit) in enumerate(told)
    ]
    load = [LOAD[0] | {"as_of": AS_OF + 6 * DAY}]
    rows = computed("stage_settings_spans", stage_settings_seen=seen, current_load=load)
    since = {row["as_of"]: (row["since"] - AS_OF) // DAY for row in rows}
    assert [since[AS_OF + n * DAY] for n in range(len(told))] == [0, 0, 2, 2, 4, 4, 6]
    assert [row["as_of"] for row in rows if row["is_current"]] == [AS_OF + 6 * DAY]


@pytest.mark.parametrize(
    ("days", "spans"),
    [
        ([0, 5, 3], [(0, 3, 0), (3, None, 2)]),  # what the load of day 3 saw, that of day 5 did not outlive
        ([0, 5, 5], [(0, 5, 0), (5, None, 2)]),
        ([0, 9, 3, 6], [(0, 3, 0), (3, 6, 2), (6, None, 3)]),
        ([0, 9], [(0, 9, 0), (9, None, 1)]),  # also where the load of day 6 read the same as that of day 9
    ],
)
def test_settings_hold_until_a_later_load_of_whatever_instant_says_otherwise(
    days: list[int], spans: list[tuple[int, int | None, int]]
) -> None:
    seen = [
        {"site_id": 1, "stage_number": 4, "load_number": n, "as_of": AS_OF + day * DAY, "is_present": True}
        | {"is_on": True, "item_limit": n, "credit_limit": 0}
        for n, day in enumerate(days)
    ]
    load = [LOAD[0] | {"as_of": AS_OF + 6 * DAY}]
    rows = computed("stage_settings_spans", stage_settings_seen=seen, current_load=load)

    def day_of(instant: datetime | None) -> int | None:
        return None if instant is None else (instant - AS_OF) // DAY

    told = [(day_of(row["as_of"]), day_of(row["next_as_of"]), row["item_limit"]) for row in rows]
    assert sorted(told, key=lambda span: span[0] or 0) == spans
    assert [row["item_limit"] for row in rows if row["is_current"]] == [len(days) - 1]
    assert all(row["since"] == row["as_of"] for row in rows)


def test_a_run_stands_out_from_five_before_it_not_from_four() -> None:
    def last_of(runs: int) -> list[dict[str, Any]]:
        completions = [
            {"site_id": 1, "id": n, "run_id": f"run_{n}", "completion_number": n}
            | {"total_credits_used": Decimal(900 if n == runs else 100 + n % 2)}
            for n in range(1, runs + 1)
        ]
        before = [
            {"site_id": 1, "id": n, "run_id": f"run_{n}", "completions_before": n - 1}
            for n in range(1, runs + 1)
        ]
        return computed("unusual_runs", completions=completions, completions_before=before)

    assert last_of(5) == []
    (row,) = last_of(6)
    assert (row["id"], row["runs_before"], row["median_credits"], row["is_higher"]) == (6, 5, 101.0, True)


def test_a_week_counts_the_28_days_behind_it_the_7_and_the_30_ahead() -> None:
    """Days to the 10th are early, from the 21st on late. Behind Monday 2 February lie 5 January to 1 February; ahead
    of it 2 to 8 February, and to 3 March."""
    days = [{"calendar_date": AS_OF.date() - n * DAY} for n in range(60)]
    weeks = {row["ends_at"].date(): row for row in computed("spend_weeks", current_load=LOAD, calendar=days)}
    second, sixteenth = (weeks[AS_OF.date().replace(month=2, day=day)] for day in (2, 16))
    counts = ("days_behind", "days_of_7", "days_of_30")
    assert [(second[f"early_{name}"], second[f"late_{name}"]) for name in counts] == [
        (7, 11),
        (7, 0),
        (12, 8),
    ]
    assert (sixteenth["early_days_of_7"], sixteenth["late_days_of_7"]) == (0, 2)
    assert (second["is_over_7"], second["is_over_30"]) == (True, False)


def test_the_stage_that_reaches_a_credit_limit_gets_what_those_before_it_leave() -> None:
    """Of 50: 30 go to the first stage, 20 of its 40 to the second, none to the third; one item of 8 may go beyond."""
    stages = [(1, 10.0, 1.5), (2, 5.0, 4.0), (3, 10.0, 0.5)]
    given = [
        {"site_id": 1, "id": 9, "run_id": None, "is_live": True, "stage_number": stage}
        | {"items_waiting": items, "price": price, "credits_per_stage_credit": 2.0, "credit_limit": 50.0}
        | {"items_limit": None, "item_limit": None, "learned_limit": None, "forgotten_limit": None}
        | {"flow_share": 0.0, "output_ratio": 1.0, "seconds_per_item": 60.0, "is_on": True}
        | {"is_stage_as_before": True, "is_credit_as_before": True}
        | {"original_price": price, "original_output_ratio": 1.0}
        for stage, items, price in stages
    ]
    rows = computed(
        "forecast_flow",
        settings_seen=[{"settings": 0}],
        forecast_inputs=given,
        completions=[{"site_id": 1, "id": 1, "completion_number": 1}],
        stage_passages=[
            {"site_id": 1, "stage_number": 1, "completion_number": 1, "is_bound": False, "items_processed": 1}
        ],
    )
    assert [(row["expected_items"], row["credits"]) for row in rows] == [(10, 15), (2.5, 10), (0, 0)]
    assert [row["bound_by"] for row in rows] == [None, "credit limit", "credit limit"]
    assert {row["credits_at_most"] for row in rows} == {58.0}


def test_no_end_of_an_interval_is_above_what_a_limit_lets_a_run_charge() -> None:
    """Of 100, within a factor of 1.25 (80 %) and of 2 (90 %), and at most 58: of all ends only 50 lies below."""
    point = {"site_id": 1, "id": 9, "run_id": None, "is_live": True, "origin_at": AS_OF, "account_id": 1}
    point |= {"completion_number": None, "method": "mean_of_last_10", "errors_of": "mean_of_last_10"}
    point |= {"credits": 100.0, "output": None, "duration_seconds": None, "actual_credits": None}
    point |= {"credits_at_most": 58.0, "credit_limit": 50.0, "known_origins": 12, "known_runs_from": 1}
    point |= {"is_limited": True, "is_limited_anew": False, "is_limit_forgotten": False, "known_on": 1}
    known = {"method": "mean_of_last_10", "known_runs_from": 1, "known_on": 1}
    own = {"site_id": 1, "method": "mean_of_last_10"}
    sizes = {"size_80": log(1.25), "size_90": log(2), "log_80": log(1.25), "log_90": log(2)}
    (row,) = computed(
        "forecasts",
        forecast_points=[point],
        own_record=[
            own | {"origin_number": 12, "errors": 12, "origins": 12}
            | {"absolute_error": 20.0, "actual_credits": 100.0}
        ],
        own_errors=[own | sizes | {"error_number": 12, "errors": 12}],
        platform_record=[
            known | sizes | {"errors": 0, "has_errors": False, "is_platform": False, "shared_wape": 0.5}
        ],
        account_errors=[known | sizes | {"account_id": 2, "errors": 0}],
        account_record=[known | {"account_id": 2, "shared_wape": 0.5}],
    )  # fmt: skip
    ends = ("p80_low", "p80_high", "p90_low", "p90_high", "budget_80", "budget_90")
    assert [row[end] for end in ends] == [58, 58, 50, 58, 58, 58]


def test_a_budget_that_falls_short_loses_more_than_one_with_as_much_left() -> None:
    """Of what is missing 80 and 90 %, of what is left over 20 and 10 %; at the low end the other way round."""
    told = {"site_id": 1, "method": "flow", "is_live": False, "actual_credits": 100.0}
    told |= {"p80_high": 140.0, "p90_low": 50.0, "p90_high": 160.0}
    forecasts = [
        told | {"id": 1, "completion_number": 11, "credits": 110.0}
        | {"p80_low": 70.0, "budget_80": 130.0, "budget_90": 150.0},
        told | {"id": 2, "completion_number": 12, "credits": 80.0}
        | {"p80_low": 120.0, "budget_80": 60.0, "budget_90": 90.0},
    ]  # fmt: skip
    rows = computed("forecast_accuracy", forecasts=forecasts)
    (losses,) = {
        tuple(row[f"pinball_{share}"] for share in (10, 50, 80, 90)) for row in rows if row["site_id"] == 1
    }
    # (.1 × 30 + .9 × 20) / 2, .5 × (10 + 20) / 2, (.2 × 30 + .8 × 40) / 2, (.1 × 50 + .9 × 10) / 2
    assert losses == pytest.approx((10.5, 7.5, 19.0, 7.0))
