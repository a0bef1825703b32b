"""What all sites teach a stranger: no site's own rate, no account's, and no more than three digits."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.load import load
from tests.cases import AS_OF, items, make_source, run, site

STRANGER = 99


def pooled(folder: Path, sites: list[tuple[int, int, float, float]]) -> Warehouse:
    """One run each of sites of (account, items, credits an item, clusters an item); one keyword of a stranger waits."""
    runs = [
        run(number, AS_OF - timedelta(days=40), stages={1: (items, round(items * made), round(items * price))},
            site_id=number, tenant_id=account, initial_snapshot=f'{{"stage_1_initial": {items}}}')
        for number, (account, items, price, made) in enumerate(sites, 1)
    ]  # fmt: skip
    rows = [site(number, tenant_id=account) for number, (account, *_) in enumerate(sites, 1)]
    waiting = list(items("keywords", "new", 1, site_id=STRANGER))
    source = make_source(folder / "source.sqlite", [*rows, site(STRANGER, tenant_id=STRANGER)], runs, waiting)
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    return igny8_analysis.connect(folder / "data")


def shown(warehouse: Warehouse) -> dict[str, Any]:
    (row,) = warehouse.sql(
        "select credits / expected_items, output / expected_items, basis from forecast_stages "
        "where site_id = ? and method = 'flow' and stage_number = 1",
        [STRANGER],
    ).fetchall()
    return dict(zip(("price", "made", "basis"), row, strict=True))


def test_a_site_with_nearly_all_items_is_one_of_twenty(tmp_path: Path) -> None:
    """Nineteen sites charge 2 an item and make one of it, the twentieth 3.71 and .4231, of 100,000 items."""
    sites = [(1 + n % 4, 1, 2.0, 1.0) for n in range(19)] + [(5, 100_000, 3.71, 0.4231)]
    with pooled(tmp_path, sites) as warehouse:
        assert shown(warehouse) == {
            "price": float(f"{2 ** (19 / 20) * 3.71 ** (1 / 20):.3g}"),
            "made": pytest.approx(0.971),
            "basis": "all sites",
        }


def test_an_account_with_nearly_all_sites_weighs_half(tmp_path: Path) -> None:
    """Twenty sites of one account charge 4, four of others 1: half of ln 4 and half of ln 1 is ln 2."""
    sites = [(1, 100, 4.0, 1.0)] * 20 + [(2 + n, 100, 1.0, 0.5) for n in range(4)]
    with pooled(tmp_path, sites) as warehouse:
        assert shown(warehouse) == {"price": 2.0, "made": 0.75, "basis": "all sites"}


def test_below_twenty_sites_or_five_accounts_strangers_see_the_defaults(tmp_path: Path) -> None:
    for folder, sites in (
        ("sites", [(1 + n % 6, 100, 4.0, 1.0) for n in range(19)]),
        ("accounts", [(1 + n % 4, 100, 4.0, 1.0) for n in range(40)]),
    ):
        (tmp_path / folder).mkdir()
        with pooled(tmp_path / folder, sites) as warehouse:
            assert shown(warehouse) == {"price": 0.4, "made": 0.08, "basis": "default"}


def test_the_difference_of_two_loads_tells_a_rate_by_some_percent_at_best(tmp_path: Path) -> None:
    """Who knows nineteen sites works the twentieth's rate out of the shared one; its three digits are what is left."""
    others = [(1 + n % 4, 1000, 2.0, 1.0) for n in range(19)]
    told = {}
    for rate in (3.0, 3.01, 3.05, 6.0):
        folder = tmp_path / str(rate)
        folder.mkdir()
        with pooled(folder, [*others, (5, 1000, rate, 1.0)]) as warehouse:
            told[rate] = shown(warehouse)["price"]
    assert told[3.0] == told[3.01] == told[3.05]
    assert told[6.0] / told[3.0] < 1.01 * 2 ** (1 / 20)
    worked_out = math.exp(20 * math.log(told[3.0]) - 19 * math.log(2))
    assert abs(worked_out / 3.0 - 1) > 0.005


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ([1 + n % 5 for n in range(20)], 0.307),
        ([1 + n % 4 for n in range(20)], 0.2),
        ([1] * 11 + [2 + n for n in range(9)], 0.2),
    ],
    ids=["of five", "of four", "of one with more than half"],
)
def test_how_much_prices_differ_is_pooled_as_prices_are(
    accounts: list[int], expected: float, tmp_path: Path
) -> None:
    """Each site's price went from 1 to √2 an item: 0.886 · ln √2 = .3071, to three digits; else what is usual."""
    runs = [
        run(3 * number + n, AS_OF - timedelta(days=40 - n), stages={1: (100, 10, credits)},
            site_id=number, tenant_id=account)
        for number, account in enumerate(accounts, 1) for n, credits in enumerate((1000, 1414, 1414))
    ]  # fmt: skip
    rows = [site(number, tenant_id=account) for number, account in enumerate(accounts, 1)]
    source = make_source(tmp_path / "source.sqlite", rows, runs, [])
    load(f"sqlite:///{source}", tmp_path / "data", as_of=AS_OF)
    with igny8_analysis.connect(tmp_path / "data") as warehouse:
        ((noise,),) = warehouse.sql(
            "select noise from price_noise where stage_number = 1 order by completed_on desc limit 1"
        ).fetchall()
    assert noise == expected


def test_all_that_is_pooled_has_three_digits(tmp_path: Path) -> None:
    """How much sites and accounts differ too."""
    sites = [(1 + n % 6, 100, 2.0 + n / 7, 0.5 + n / 100) for n in range(24)]
    with pooled(tmp_path, sites) as warehouse:
        rows = warehouse.sql(
            "select price, output_ratio, site_variance, account_weight_sites from platform_lessons "
            "where stage_number = 1 and site_variance is not null"
        ).fetchall()
    assert rows
    assert [value for row in rows for value in row if value != float(f"{value:.3g}")] == []
