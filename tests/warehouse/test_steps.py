"""The views with the longest way from rows to a number, CTE by CTE: rows by hand, and what each step makes of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import exp, log, sqrt
from typing import Any

import pytest

from tests.lakes import computed

DAY, FIRST = timedelta(days=1), date(2026, 1, 1)
LN2 = log(2)
Rows = list[dict[str, Any]]


def columns(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in names) for row in rows)


# own_prices: what an item of a stage costs, from a site's own runs


def own_prices(
    cte: str,
    prices: Sequence[float],
    changes: Sequence[dict[str, Any]] = (),
    versions: int = 1,
    noise: float = 0.1,
) -> Rows:
    """A run of ten items a day at each price; as many spans of days, a common change at the start of the second."""
    charges = [
        {"site_id": 1, "stage_number": 1, "price_number": n, "completed_on": FIRST + n * DAY, "items": 10.0}
        | {"started_at": datetime(2026, 1, 1, tzinfo=UTC) + n * DAY, "credits": 10 * price}
        | {"log_price": log(price) if price else None}
        for n, price in enumerate(prices, 1)
    ]
    starts = [date(1, 1, 1), *(FIRST + n * DAY for n in range(5, 5 + versions - 1)), date(9999, 1, 1)]
    spans = [
        {"stage_number": 1, "version_from": start, "version_until": end} for start, end in pairwise(starts)
    ]
    noises = [{"stage_number": 1, "completed_on": c["completed_on"], "noise": noise} for c in charges]
    none = {
        "stage_number": 2,
        "known_from": FIRST,
        "known_until": None,
        "changed_on": FIRST,
        "log_change": 0.0,
    }
    return computed(
        "own_prices", cte, stage_charges=charges, price_versions=spans, price_noise=noises,
        common_changes=[*changes, none],
    )  # fmt: skip


DOUBLED = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]


def test_a_run_is_brought_to_the_prices_of_each_span_in_which_it_counts() -> None:
    """What is known from the sixth of January on doubled prices on the fourth: runs of before count double then."""
    change = {"stage_number": 1, "known_from": FIRST + 5 * DAY, "known_until": None}
    change |= {"changed_on": FIRST + 3 * DAY, "log_change": LN2}
    rows = own_prices("runs", [1.0, 1.0, 2.0, 2.0], [change], versions=2)
    before, after = date(1, 1, 1), FIRST + 5 * DAY
    assert columns(rows, "version_from", "price_number", "credits") == [
        *((before, n, credits) for n, credits in enumerate([10, 10, 20, 20], 1)),
        *((after, n, pytest.approx(credits)) for n, credits in enumerate([20, 20, 20, 20], 1)),
    ]
    latest = {(row["version_from"], row["price_number"]) for row in rows if row["is_latest"]}
    assert latest == {*((before, n) for n in (1, 2, 3, 4)), (after, 4)}, "the day after the next run ends it"


def test_prices_are_added_up_run_by_run_and_a_free_one_adds_nothing() -> None:
    rows = own_prices("changes", [1.0, 2.0, 0.0, 4.0])
    assert columns(
        rows, "price_number", "log_prices", "log_prices_before", "priced_runs", "priced_before"
    ) == [
        (1, 0, 0, 1, 0),
        (2, LN2, 0, 2, 1),
        (3, LN2, LN2, 2, 2),
        (4, pytest.approx(3 * LN2), pytest.approx(LN2), 3, 2),
    ]
    assert [row["step"] for row in sorted(rows, key=lambda r: r["price_number"])] == [None, LN2, None, None]


def test_the_noise_of_a_site_leaves_its_largest_step_out() -> None:
    """Five steps are 0 but for one: all sites' .1 is left, which weighs 8, √(8 · .01 ÷ 13); of three steps it is .1."""
    rows = own_prices("started", DOUBLED)
    assert columns(rows, "price_number", "noise") == [
        *((n, pytest.approx(0.1)) for n in (1, 2, 3, 4)),
        (5, pytest.approx(sqrt(0.08 / 12))),
        (6, pytest.approx(sqrt(0.08 / 13))),
    ]


def test_ten_runs_have_nine_steps() -> None:
    """The step from the second run to the third, the tenth before the twelfth, is the only one and forgotten then."""
    rows = own_prices("judged", [1.0, 1.0, *[2.0] * 10])
    assert columns(rows, "price_number", "steps", "largest_step")[-2:] == [
        (11, 9, pytest.approx(LN2)),
        (12, 9, 0),
    ]


def test_two_runs_in_a_row_that_are_free_or_paid_again_start_anew() -> None:
    rows = own_prices("started", [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    assert columns(rows, "price_number", "start_number") == [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 4),
        (6, 1),
        (7, 6),
    ]


def test_the_clearest_split_is_chosen() -> None:
    """After six runs: 3 · 3 of 6 of a change of ln 2 weigh most; z = ln 2 · √1.5."""
    scored = [row for row in own_prices("scored", DOUBLED) if row["price_number"] == 6]
    assert columns(scored, "since_number", "log_change", "evidence") == [
        (1, None, 0),
        (2, pytest.approx(LN2 * 3 / 5), pytest.approx(sqrt(5 / 6))),
        (3, pytest.approx(LN2 * 3 / 4), pytest.approx(sqrt(8 / 6))),
        (4, pytest.approx(LN2), pytest.approx(sqrt(9 / 6))),
        (5, pytest.approx(LN2 * 3 / 4), pytest.approx(sqrt(8 / 6))),
        (6, pytest.approx(LN2 * 3 / 5), pytest.approx(sqrt(5 / 6))),
    ]
    (best,) = [row for row in own_prices("best", DOUBLED) if row["price_number"] == 6]
    assert best["split"] == [pytest.approx(LN2 * sqrt(1.5)), 4, pytest.approx(LN2)]
    (window,) = [row for row in own_prices("windows", DOUBLED) if row["price_number"] == 6]
    assert (window["since_number"], window["usual_log_price"]) == (4, pytest.approx(LN2))


def test_one_dear_run_is_cut_to_a_factor_of_the_usual() -> None:
    """Of 1, 1, 1 and 100, no split in such noise, the usual logarithm is ln 100 ÷ 4; none counts ln 2.5 off it."""
    dear = [1.0, 1.0, 1.0, 100.0]
    (last,) = [row for row in own_prices("priced", dear, noise=2.0) if row["price_number"] == 4]
    usual = log(100) / 4
    assert last["log_price"] == pytest.approx((3 * (usual - log(2.5)) + usual + log(2.5)) / 4)
    assert (last["runs"], last["paid_runs"], last["paid_share"], last["since_number"]) == (4, 4, 1, 1)


def test_runs_further_back_weigh_as_far_as_they_agree() -> None:
    """Twelve runs: the last ten stand, two older weigh 2 where prices are the same, less where they were other."""
    same = [row for row in own_prices("weighed", [2.0] * 12) if row["price_number"] == 12]
    assert columns(same, "older_runs", "older_log_price", "older_weight") == [(2, pytest.approx(LN2), 2)]
    (other,) = [row for row in own_prices("weighed", [2.6, 2.6] + [2.0] * 10) if row["price_number"] == 12]
    doubt = (log(1.3) / other["noise"]) ** 2 - 4 * (1 / 10 + 1 / 2)
    assert doubt > 0
    assert other["older_weight"] == pytest.approx(2 / (1 + 2 * doubt))


# account_lessons and platform_lessons: what sites teach each other


def test_what_a_site_taught_is_taken_back_as_it_teaches_anew() -> None:
    """A price of 2, then of 4, then free: sums move by differences, so that one site counts once, with its latest."""
    prices = [
        {
            "site_id": 1,
            "stage_number": 1,
            "price_number": n,
            "version_from": FIRST,
            "known_after": FIRST + n * DAY,
        }
        | {"price": price}
        for n, price in enumerate([2.0, 4.0, 0.0], 1)
    ]
    none = [
        {"site_id": 1, "stage_number": 1, "completion_number": 1, "completed_on": FIRST}
        | {"recent_items_created": 5.0, "recent_items_processed": 10.0}
        | {"recent_items_taken": None, "recent_items_arrived": None}
    ]  # fmt: skip
    tables: dict[str, Rows] = {
        "own_prices": prices,
        "stage_lessons": none,
        "sites": [{"site_id": 1, "account_key": 7}],
    }
    steps = [row for row in computed("account_lessons", "steps", **tables) if not row["output_sites"]]
    assert columns(steps, "event_on", "paying_sites", "price_sites", "price_sum", "price_squares") == [
        (FIRST + DAY, 1, 1, LN2, LN2**2),
        (FIRST + 2 * DAY, 0, 0, LN2, 3 * LN2**2),
        (FIRST + 3 * DAY, -1, 0, 0, 0),
    ]
    lessons = computed("account_lessons", **tables)
    asked = [{"account_id": 7, "known_on": FIRST + n * DAY} for n in (0, 2, 9)]
    days = computed("account_days", account_lessons=lessons, forecast_origins=asked)
    assert columns(days, "known_on", "taught_on") == [
        (FIRST, None),
        (FIRST + 2 * DAY, FIRST + DAY),
        (FIRST + 9 * DAY, FIRST + 3 * DAY),
    ], "the last day before, not that day"
    (known,) = [row for row in lessons if row["known_on"] == FIRST + DAY and row["stage_number"] == 1]
    assert exp(known["price_sum"]) == pytest.approx(2)
    assert (known["output_sites"], known["output_sum"]) == (1, 0.5)
    assert len(lessons) == 4 * 7, "each day has all stages"


def test_shares_that_fell_to_nothing_sum_to_nothing() -> None:
    """0.7, 0.1 and 0, whose steps leave -2.8e-17 in binary."""
    lessons = [
        {"site_id": 1, "stage_number": 1, "completion_number": n, "completed_on": FIRST + n * DAY}
        | dict.fromkeys(("recent_items_created", "recent_items_taken"), items)
        | dict.fromkeys(("recent_items_processed", "recent_items_arrived"), 10.0)
        for n, items in enumerate([7.0, 1.0, 0.0], 1)
    ]
    priced = {"site_id": 1, "stage_number": 1, "price_number": 1, "version_from": FIRST}
    known = computed(
        "account_lessons",
        stage_lessons=lessons,
        own_prices=[priced | {"known_after": FIRST + DAY, "price": 1.0}],
        sites=[{"site_id": 1, "account_key": 7}],
    )
    first = [row for row in known if row["stage_number"] == 1]
    assert columns(first, "known_on", "output_sum", "flow_sum") == [
        (FIRST + DAY, 0.7, 0.7),
        (FIRST + 2 * DAY, 0.1, 0.1),
        (FIRST + 3 * DAY, 0, 0),
    ]


def test_all_sites_shares_that_fell_to_nothing_sum_to_nothing() -> None:
    """Two accounts whose shares go from 0.1 and 0.2, the latter by 0.3, to 0: what remains of the steps is 5.6e-17."""
    taught = [
        {"account_id": account, "stage_number": 1, "known_on": FIRST + day * DAY}
        | dict.fromkeys(("paying_sites", "price_sites", "output_sites", "flow_sites"), 1)
        | {"price_sum": 0.0, "price_squares": 0.0, "output_sum": share, "flow_sum": share}
        for account, shares in enumerate([(0.1, 0.0), (0.2, 0.3, 0.0)])
        for day, share in enumerate(shares)
    ]
    rows = computed(
        "platform_lessons",
        "sums",
        account_lessons=taught,
        account_days=[{"account_id": 0, "known_on": FIRST + 3 * DAY}],
        price_versions=[{"stage_number": 1, "version_from": FIRST, "version_until": date(9999, 1, 1)}],
    )
    asked = [row for row in rows if row["stage_number"] == 1 and not row["is_after"]]
    assert sorted(columns(asked, "measure", "rates")) == [("flow", 0), ("output", 0), ("price", 0)]


def test_variances_within_and_between_accounts() -> None:
    """Two accounts of two sites each, of logarithms 0 and 1, 2 and 3.

    Within: (.5 + .5) over 2 degrees is .5. Between: .5 + 12.5 - 36 ÷ 4 over 1 is 4, (4 - .5) ÷ (4 - 8 ÷ 4) 1.75.
    """
    taught = [
        {"account_id": n, "stage_number": 1, "known_on": FIRST}
        | dict.fromkeys(("paying_sites", "price_sites", "output_sites", "flow_sites"), 2)
        | {"price_sum": total, "price_squares": squares, "output_sum": 1.0, "flow_sum": 1.0}
        for n, (total, squares) in enumerate([(1.0, 1.0), (5.0, 13.0)])
    ]
    tables: dict[str, Rows] = {
        "account_lessons": taught,
        "account_days": [{"account_id": 0, "known_on": FIRST + DAY}],
        "price_versions": [{"stage_number": 1, "version_from": FIRST, "version_until": date(9999, 1, 1)}],
    }
    rows = computed("platform_lessons", "figures", **tables)
    (price,) = [row for row in rows if row["measure"] == "price" and row["stage_number"] == 1]
    assert (price["site_variance"], price["account_mean_squares"], price["account_sites"]) == (0.5, 4, 2)
    assert (price["account_variance"], price["rate"]) == (1.75, None), "four sites are no pool"


# platform_record: how forecasts of all sites had done


def test_a_pool_is_of_what_ended_before_its_day() -> None:
    """Of a day's own completions none counts; of 1,003 before the latest 1,000 do, over two blocks of a thousand."""
    points = [
        {"method": "flow", "known_runs_from": 0, "is_live": False, "is_limit_forgotten": False, "id": n}
        | {"site_id": n % 7, "account_id": n % 5, "credits": 1.0, "actual_credits": 1.0, "log_error": 0.0}
        | {"completed_on": FIRST + (DAY if n > 1003 else 0 * DAY)}
        | {
            "completed_at": datetime(2026, 1, 1, tzinfo=UTC)
            + timedelta(seconds=n)
            + (DAY if n > 1003 else 0 * DAY)
        }
        for n in range(1, 1011)
    ]
    days = [{"method": "flow", "known_runs_from": 0, "known_on": FIRST + DAY}]
    tables: dict[str, Rows] = {"forecast_days": days, "forecast_points": points}
    blocks = computed("platform_record", "blocks", **tables)
    assert columns(blocks, "origins_before", "block") == [(1003, 0), (1003, 1)]
    members = computed("platform_record", "members", **tables)
    assert len(members) == 1000
    assert sum(row["is_recent"] for row in members) == 1000, "all of the last 60 days"
