"""The figures of sites side by side, computed by hand."""

from datetime import UTC, datetime, timedelta

import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.load import load
from tests.cases import AS_OF, items, make_source, run, site

START = datetime(2026, 2, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("figures")
    runs = [
        run(site_id * 100 + n, START + timedelta(days=n), stages={4: (2, 2, 40)}, site_id=site_id)
        for site_id in (1, 2)
        for n in range(12)
    ]
    rows = items("tasks", "queued", 15, site_id=1)
    source = make_source(
        folder / "source.sqlite", [site(1), site(2), site(3), site(4, tenant_id=None)], runs, rows
    )
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    return igny8_analysis.connect(folder / "data")


def test_the_queue_is_so_many_runs_of_the_next_ones_size(warehouse: Warehouse) -> None:
    ((estimated, runs, credits, budget),) = warehouse.sql(
        "select total_estimated_credits, queue_runs, next_run_credits, next_run_budget_90 "
        "from site_figures where site_id = 1"
    ).fetchall()
    ((champion, champions_budget),) = warehouse.sql(
        "select credits, budget_90 from forecast_totals where site_id = 1 and is_champion"
    ).fetchall()
    assert (credits, budget) == (champion, champions_budget)
    assert estimated == 300  # 15 tasks at 20 credits
    assert runs - 1 < 300 / champion <= runs


def test_no_queue_or_no_forecast_is_no_number_of_runs(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        "select site_id, total_estimated_credits, queue_runs from site_figures where site_id > 1 order by 1"
    ).fetchall()
    assert rows == [(2, 0, None), (3, 0, None), (4, 0, None)]


def test_a_site_without_an_account_has_a_key_of_its_own(warehouse: Warehouse) -> None:
    rows = warehouse.sql("select site_id, account_id, account_key from sites order by site_id").fetchall()
    assert rows == [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, None, -4)]
