"""What all sites teach a stranger: no site's own rate, no account's, and no more than three digits."""

import math
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cases import AS_OF, items, make_source, run, site
from tests.lakes import computed, views_of

STRANGER = 99


def pooled(folder: Path, sites: list[tuple[int, int, float, float]]) -> Path:
    """One run each of sites of (account, items, credits an item, clusters an item); one keyword of a stranger waits."""
    runs = [
        run(number, AS_OF - timedelta(days=40), stages={1: (items, round(items * made), round(items * price))},
            site_id=number, tenant_id=account, initial_snapshot=f'{{"stage_1_initial": {items}}}')
        for number, (account, items, price, made) in enumerate(sites, 1)
    ]  # fmt: skip
    rows = [site(number, tenant_id=account) for number, (account, *_) in enumerate(sites, 1)]
    waiting = list(items("keywords", "new", 1, site_id=STRANGER))
    return make_source(
        folder / f"{len(list(folder.iterdir()))}.sqlite",
        [*rows, site(STRANGER, tenant_id=STRANGER)],
        runs,
        waiting,
    )


def shown(source: Path) -> dict[str, Any]:
    """What a stranger is told of stage 1."""
    with views_of(source, "forecast_stages") as views:
        (row,) = views.execute(
            "select credits / expected_items, output / expected_items, basis from forecast_stages "
            "where site_id = ? and method = 'flow' and stage_number = 1",
            [STRANGER],
        ).fetchall()
    return dict(zip(("price", "made", "basis"), row, strict=True))


def test_a_site_with_nearly_all_items_is_one_of_twenty(tmp_path: Path) -> None:
    """Nineteen sites charge 2 an item and make one of it, the twentieth 3.71 and .4231, of 100,000 items."""
    sites = [(1 + n % 4, 1, 2.0, 1.0) for n in range(19)] + [(5, 100_000, 3.71, 0.4231)]
    assert shown(pooled(tmp_path, sites)) == {
        "price": float(f"{2 ** (19 / 20) * 3.71 ** (1 / 20):.3g}"),
        "made": pytest.approx(0.971),
        "basis": "all sites",
    }


def test_an_account_with_nearly_all_sites_weighs_half(tmp_path: Path) -> None:
    """Twenty sites of one account charge 4, four of others 1: half of ln 4 and half of ln 1 is ln 2."""
    sites = [(1, 100, 4.0, 1.0)] * 20 + [(2 + n, 100, 1.0, 0.5) for n in range(4)]
    assert shown(pooled(tmp_path, sites)) == {"price": 2.0, "made": 0.75, "basis": "all sites"}


def test_below_twenty_sites_or_five_accounts_strangers_see_the_defaults(tmp_path: Path) -> None:
    for sites in (
        [(1 + n % 6, 100, 4.0, 1.0) for n in range(19)],
        [(1 + n % 4, 100, 4.0, 1.0) for n in range(40)],
    ):
        assert shown(pooled(tmp_path, sites)) == {"price": 0.4, "made": 0.08, "basis": "default"}


@pytest.mark.slow
def test_the_difference_of_two_loads_tells_a_rate_by_some_percent_at_best(tmp_path: Path) -> None:
    """Who knows nineteen sites works the twentieth's rate out of the shared one; its three digits are what is left."""
    others = [(1 + n % 4, 1000, 2.0, 1.0) for n in range(19)]
    told = {}
    for rate in (3.0, 3.01, 3.05, 6.0):
        told[rate] = shown(pooled(tmp_path, [*others, (5, 1000, rate, 1.0)]))["price"]
    assert told[3.0] == told[3.01] == told[3.05]
    assert told[6.0] / told[3.0] < 1.01 * 2 ** (1 / 20)
    worked_out = math.exp(20 * math.log(told[3.0]) - 19 * math.log(2))
    assert abs(worked_out / 3.0 - 1) > 0.005


@pytest.mark.parametrize(
    ("accounts", "credits", "expected"),
    [
        ([1 + n % 5 for n in range(20)], 1414, 0.307),
        ([1 + n % 5 for n in range(20)], 4000, 1.23),
        ([1 + n % 4 for n in range(20)], 1414, 0.2),
        ([1] * 11 + [2 + n for n in range(9)], 1414, 0.2),
    ],
    ids=["of five", "of five, above 1", "of four", "of one with more than half"],
)
def test_how_much_prices_differ_is_pooled_as_prices_are(
    accounts: list[int], credits: int, expected: float, tmp_path: Path
) -> None:
    """Prices went from 1 to √2 an item, or to 4: 0.886 · ln √2 is .3071, 0.886 · ln 4 1.2282; else what is usual."""
    runs = [
        run(3 * number + n, AS_OF - timedelta(days=40 - n), stages={1: (100, 10, charged)},
            site_id=number, tenant_id=account)
        for number, account in enumerate(accounts, 1) for n, charged in enumerate((1000, credits, credits))
    ]  # fmt: skip
    rows = [site(number, tenant_id=account) for number, account in enumerate(accounts, 1)]
    with views_of(make_source(tmp_path / "source.sqlite", rows, runs), "price_noise") as views:
        ((noise,),) = views.execute(
            "select noise from price_noise where stage_number = 1 order by completed_on desc limit 1"
        ).fetchall()
    assert noise == expected


def test_all_that_is_pooled_has_three_digits(tmp_path: Path) -> None:
    """How much sites and accounts differ too."""
    sites = [(1 + n % 6, 100, 2.0 + n / 7, 0.5 + n / 100) for n in range(24)]
    with views_of(pooled(tmp_path, sites), "platform_lessons") as views:
        rows = views.execute(
            "select price, output_ratio, site_variance, account_weight_sites from platform_lessons "
            "where stage_number = 1 and site_variance is not null"
        ).fetchall()
    assert rows
    assert [value for row in rows for value in row if value != float(f"{value:.3g}")] == []


# By hand: a view's SQL over tables of the few rows that it reads

DAY = timedelta(days=1)
TODAY = AS_OF.date()
FIVE = [1 + n % 5 for n in range(20)]
"""The accounts of twenty sites of five accounts."""


def record(errors: Sequence[tuple[int, int, float, float, float]]) -> dict[str, Any]:
    """What is known today of forecasts of (site, account, credits, relative error, error of logarithms)."""
    points = [
        {"method": "flow", "known_runs_from": 0, "is_live": False, "is_limit_forgotten": False, "id": n}
        | {"site_id": site_id, "account_id": account, "completed_on": TODAY - DAY, "completed_at": AS_OF - DAY}
        | {"credits": actual * (1 + error), "actual_credits": actual, "log_error": log_error}
        for n, (site_id, account, actual, error, log_error) in enumerate(errors)
    ]  # fmt: skip
    days = [{"method": "flow", "known_runs_from": 0, "known_on": TODAY}]
    (row,) = computed("platform_record", forecast_days=days, forecast_points=points)
    return row


def rest(accounts: Sequence[int], credits: float) -> list[tuple[int, float, float]]:
    """Sites of these accounts, 10 % off."""
    return [(account, credits, 0.1) for account in accounts]


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        # account 1 has 2,000 credits of 2,400 and weighs 400 of 800: half of .5 and half of .1
        ([(1, 100.0, 0.5)] * 20 + rest([2, 3, 4, 5], 100.0), 0.3),
        # so it does where another account has the largest site
        ([*[(1, 1000.0, 0.5)] * 20, (2, 1100.0, 0.1), *rest([3, 4, 5], 1000.0)], 0.3),
        # a site has 100,000 credits, others 2,400: a third of that is a quarter of 3,200
        ([(1, 100_000.0, 0.5), *rest([1, 2, 3, 4, 5, 6] * 4, 100.0)], 0.2),
        # two sites of two accounts: a quarter each, half of 4,800
        ([(1, 100_000.0, 0.5), (2, 90_000.0, 0.5), *rest([1, 2, 3, 4, 5, 6] * 4, 100.0)], 0.3),
        # three of three: a quarter each, all else is the fourth
        ([(n, 90_000.0 + n, 0.5) for n in (1, 2, 3)] + rest([4, 5, 6, 7, 8, 9] * 4, 100.0), 0.4),
        # account 1, with the largest site, is half, and another's site a quarter
        ([(1, 6000.0, 0.5), *[(1, 1000.0, 0.5)] * 20, (2, 5000.0, 0.5), *rest([3, 4, 5], 100.0)], 0.4),
        # the largest site is a quarter, and another account half
        ([*[(1, 1000.0, 0.5)] * 20, (2, 6000.0, 0.5), *rest([3, 4, 5], 100.0)], 0.4),
    ],
    ids=[
        "an account",
        "an account of small sites",
        "a site",
        "two sites",
        "three sites",
        "an account and a site",
        "a site and an account",
    ],
)
def test_no_site_is_a_quarter_and_no_account_half_of_how_forecasts_did(
    sites: list[tuple[int, float, float]], expected: float
) -> None:
    """Who has nearly all credits was 50 % off, everybody else 10 %: what it weighs of the pool shows."""
    row = record([(n, *given, 0.1) for n, given in enumerate(sites)])
    assert (row["is_platform"], row["shared_wape"]) == (True, expected)


def test_an_account_with_nearly_all_errors_is_half_of_their_ranks() -> None:
    """Account 1 has 60 errors of .1, four others three each, of .2, .3, … 1.3: 12 of 24 weigh the 60, a fifth each.

    The ranks of 80 and 90 % are .8 · 25 = 20 and .9 · 25 = 22.5: the others' eighth and eleventh.
    """
    errors = [(n % 20, 1, 100.0, 0.1, 0.1) for n in range(60)]
    errors += [(20 + n % 4, 2 + n % 4, 100.0, 0.1, 0.2 + n / 10) for n in range(12)]
    row = record(errors)
    assert (row["has_errors"], row["errors"]) == (True, 24)
    assert [row[name] for name in ("size_80", "size_90", "log_80", "log_90")] == [0.9, 1.2, 0.9, 1.2]


def test_a_site_with_nearly_all_errors_is_a_quarter_of_their_ranks() -> None:
    """One site has 100 errors of -.1, 23 others one each, of .2, .3, … 2.4: a third of 23 weighs the hundred.

    The ranks of 80 and 90 % of 30 2/3 are 25 1/3 and 28.5, and of the others those less 7 2/3: the 18th, the 21st.
    """
    errors = [(0, 1, 100.0, 0.1, -0.1)] * 100
    errors += [(n, 1 + n % 6, 100.0, 0.1, 0.1 + n / 10) for n in range(1, 24)]
    row = record(errors)
    assert (row["has_errors"], row["errors"]) == (True, 30)
    assert [row[name] for name in ("size_80", "size_90", "log_80", "log_90")] == [1.9, 2.2, 1.9, 2.2]


@pytest.mark.parametrize("accounts", [FIVE[:19], [1 + n % 4 for n in range(20)]], ids=["sites", "accounts"])
def test_below_twenty_sites_or_five_accounts_no_record_is_shared(accounts: list[int]) -> None:
    row = record([(n, account, 100.0, 0.1, 0.1) for n, account in enumerate(accounts)])
    assert (row["is_platform"], row["has_errors"]) == (False, False)
    assert {row[name] for name in ("shared_wape", "errors", "size_80", "size_90", "log_80", "log_90")} == {
        None
    }


def test_how_forecasts_did_has_three_digits() -> None:
    """The ranks of 80 and 90 % of twenty are 16.8 and 18.9: the 17th and the 19th, of 1.11234, …"""
    row = record([(n, a, 100.0, 0.0123456, n + 1.11234) for n, a in enumerate(FIVE)])
    assert row["shared_wape"] == 0.0123
    assert [row[name] for name in ("size_80", "size_90", "log_80", "log_90")] == [17.1, 19.1, 17.1, 19.1]


def lesson(accounts: Sequence[tuple[int, float, float, float]], spread: float = 0) -> dict[str, Any]:
    """What accounts of (sites, price, output, flow) teach of stage 1.

    Sites of an account are alike, but that logarithms of their prices lie `spread` off, to either side.
    """
    taught = [
        {"account_id": n, "stage_number": 1, "known_on": TODAY - DAY}
        | {"paying_sites": sites, "price_sites": sites, "output_sites": sites, "flow_sites": sites}
        | {
            "price_sum": sites * math.log(price),
            "price_squares": sites * (math.log(price) ** 2 + (spread**2 if sites > 1 else 0)),
        }
        | {"output_sum": sites * output, "flow_sum": sites * flow}
        for n, (sites, price, output, flow) in enumerate(accounts)
    ]
    version = {"stage_number": 1, "version_from": TODAY - 9 * DAY, "version_until": TODAY + DAY}
    days = [{"account_id": n, "known_on": TODAY} for n in range(len(accounts))]
    (row,) = computed("platform_lessons", account_lessons=taught, account_days=days, price_versions=[version])
    return row


def shared(accounts: Sequence[tuple[int, float, float, float]]) -> tuple[float | None, ...]:
    row = lesson(accounts)
    return row["price"], row["output_ratio"], row["flow_share"]


def test_prices_yields_and_flow_are_of_five_accounts_with_three_digits_and_none_is_more_than_half() -> None:
    """Of twenty sites of one account and four of others: half of ln 4 and of ln 1, of .2 and .6, of .8 and .4."""
    assert shared([(20, 4.0, 0.2, 0.8), *[(1, 1.0, 0.6, 0.4)] * 4]) == (2.0, 0.4, 0.6)
    assert shared([(4, 1.23456, 0.123456, 0.654321)] * 5) == (1.23, 0.123, 0.654)
    assert shared([(5, 1.23456, 0.123456, 0.654321)] * 4) == (None, None, None)
    assert shared([(4, 1.5, 0.5, 0.5)] * 4 + [(3, 1.5, 0.5, 0.5)]) == (None, None, None)


def test_how_much_an_accounts_sites_differ_is_told_unless_most_of_it_is_of_one() -> None:
    """Sites .2 off: of ten of one account and ten alone it would be that account's; of twice six, 12 · .04 over 10."""
    alone = [(1, 1.0, 0.5, 0.5)]
    assert lesson([(10, 1.0, 0.5, 0.5), *alone * 10], 0.2)["site_variance"] is None
    assert lesson([(6, 1.0, 0.5, 0.5)] * 2 + alone * 8, 0.2)["site_variance"] == 0.048
    assert lesson([(6, 1.0, 0.5, 0.5)] * 2 + alone * 8, 1.013)["site_variance"] == 1.23
    assert lesson([(7, 1.0, 0.5, 0.5), (5, 1.0, 0.5, 0.5), *alone * 8], 0.2)["site_variance"] is None


def common_change(changes: Sequence[tuple[int, float]]) -> list[float]:
    """What all sites' prices changed by at yesterday's midnight, by sites of (account, logarithm of the change)."""
    between = {"stage_number": 1, "earlier_on": TODAY - 2 * DAY, "completed_on": TODAY - DAY}
    steps = [between | {"site_id": n, "log_change": change} for n, (_, change) in enumerate(changes)]
    rows = computed(
        "common_changes",
        load_day=[{"today": TODAY}],
        price_steps=steps,
        sites=[{"site_id": n, "account_key": account} for n, (account, _) in enumerate(changes)],
        price_noise=[{"stage_number": 1, "completed_on": TODAY - DAY, "noise": 0.1}],
    )
    assert all((row["changed_on"], row["known_from"]) == (TODAY - DAY, TODAY) for row in rows)
    return [row["log_change"] for row in rows]


def test_an_account_is_no_more_than_half_of_a_common_change() -> None:
    """Twenty sites of account 1 weigh as much as the four others': of .5 and .7 .6, where a site's mean is .533."""
    assert common_change([(1, 0.5)] * 20 + [(2 + n, 0.7) for n in range(4)]) == [0.6]


def test_a_change_that_nearly_all_sites_of_one_account_show_is_not_common() -> None:
    """Half of .5 and half of -.25 is .125, no change; the mean of sites would be .375."""
    assert common_change([(1, 0.5)] * 20 + [(2 + n, -0.25) for n in range(4)]) == []


def test_a_common_change_is_of_five_accounts_and_has_three_digits() -> None:
    change = math.log(1.5)  # .405465…
    assert common_change([(account, change) for account in FIVE]) == [0.405]
    assert common_change([(account, 3 * change) for account in FIVE]) == [1.22]
    assert common_change([(1 + n % 4, change) for n in range(20)]) == []
    assert common_change([(account, change) for account in FIVE[:19]]) == []


def spend_pool(errors: Sequence[tuple[int, int, float, float]]) -> dict[str, Any]:
    """The pool of this week's errors of forecasts of 7 days: (site, account, relative, of logarithms)."""
    pool = {"scope": "site", "horizon_days": 7, "method": "rhythm", "known_runs_from": 0}
    owners = {site_id: {"scope": "site", "owner_id": site_id, "sites": 1} for site_id, *_ in errors}
    rows = [
        pool | {"known_week": 100, "pool_lot": 1, "owner_id": site_id, "account_key": account}
        | {"absolute_error": relative * 100, "size_credits": 100.0, "log_error": log_error}
        for site_id, account, relative, log_error in errors
    ]  # fmt: skip
    weeks = [{"week": 100}]
    (row,) = computed(
        "spend_pools", spend_errors=rows, spend_mondays=weeks, spend_owners=list(owners.values())
    )
    return row


def of_sites(accounts: Sequence[int], of_first: int = 1) -> list[tuple[int, int, float, float]]:
    """So many errors of the first site, one of each other."""
    each = [(n, account, 0.2, 0.3) for n, account in enumerate(accounts)]
    return [each[0]] * of_first + each[1:]


TWENTY_TWO = [1 + n % 6 for n in range(22)]


@pytest.mark.parametrize(
    ("errors", "is_platform"),
    [
        (of_sites(FIVE), True),
        (of_sites(FIVE[:19]), False),
        (of_sites([1 + n % 4 for n in range(20)]), False),
        (of_sites(TWENTY_TWO, 7), True),  # 7 of 28
        (of_sites(TWENTY_TWO, 8), False),  # 8 of 29
        (of_sites([1] * 10 + [2 + n % 5 for n in range(10)]), True),
        (of_sites([1] * 11 + [2 + n % 5 for n in range(10)]), False),  # 11 of 21
    ],
    ids=["twenty of five", "19 sites", "four accounts", "a quarter", "above a quarter", "half", "above half"],
)
def test_whose_errors_of_spend_are_a_pool(
    errors: list[tuple[int, int, float, float]], is_platform: bool
) -> None:
    row = spend_pool(errors)
    assert (row["is_platform"], row["errors"]) == (is_platform, len(errors))


def test_what_all_sites_teach_of_spend_has_three_digits() -> None:
    """Errors of .11234, -.21234, .31234, … -2.01234: of 20, the ranks of 80 and 90 % are 16.8 and 18.9.

    Of the sizes those are the 17th and the 19th; of the errors, ten of which are above none, 1.31 and 1.71.
    """
    row = spend_pool([(n, a, 0.123456, (n / 10 + 0.11234) * (-1) ** n) for n, a in enumerate(FIVE)])
    assert row["is_platform"]
    figures = ("relative_error", "size_80", "size_90", "log_80", "log_90")
    assert [row[name] for name in figures] == [0.123, 1.71, 1.91, 1.31, 1.71]
    row = spend_pool([(n, a, 1.23456, n / 1000 + 0.011234) for n, a in enumerate(FIVE)])
    assert [row[name] for name in figures] == [1.23, 0.0272, 0.0292, 0.0272, 0.0292]
