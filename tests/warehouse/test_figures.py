"""The figures of sites side by side, computed by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.cases import items, make_source, run, site
from tests.lakes import VIEWS, views_of

START = datetime(2026, 2, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
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
    with views_of(source, "site_figures", "forecast_totals", "sites") as views:
        yield views


def test_the_queue_is_so_many_runs_of_the_next_ones_size(views: duckdb.DuckDBPyConnection) -> None:
    ((estimated, runs, credits, budget),) = views.sql(
        "select total_estimated_credits, queue_runs, next_run_credits, next_run_budget_90 "
        "from site_figures where site_id = 1"
    ).fetchall()
    ((champion, champions_budget),) = views.sql(
        "select credits, budget_90 from forecast_totals where site_id = 1 and is_champion"
    ).fetchall()
    assert (credits, budget) == (champion, champions_budget)
    assert estimated == 300  # 15 tasks at 20 credits
    assert runs - 1 < 300 / champion <= runs


def test_a_queue_of_three_runs_of_ten_thirds_is_no_fourth(tmp_path: Path) -> None:
    runs = [
        run(
            n,
            START + timedelta(days=n),
            stages={4: (tasks, tasks, credits)},
            initial_snapshot=json.dumps({"stage_4_initial": tasks}),
        )
        for n, (tasks, credits) in enumerate([(1, 3), (50, 4), (9, 3)], 1)
    ]
    source = make_source(tmp_path / "source.sqlite", [site(1)], runs, items("tasks", "queued", 60, site_id=1))
    with views_of(source, "site_figures") as views:
        rows = views.sql("select next_run_credits, total_estimated_credits, queue_runs from site_figures")
        assert rows.fetchall() == [(pytest.approx(10 / 3), 10, 3)]


@pytest.mark.parametrize("credits", [0.0, -5e-18, 4e-7])
def test_a_queue_is_no_number_of_runs_of_nothing(views: duckdb.DuckDBPyConnection, credits: float) -> None:
    """Nor of what sums leave of nothing, in binary."""
    forecast = (
        f"with forecast_totals as (select * replace ({credits!r} as credits) from main.forecast_totals)"
    )
    rows = views.sql(
        f"{forecast} select next_run_credits, queue_runs from ({VIEWS['site_figures'].sql}) limit 1"
    )
    assert rows.fetchall() == [(credits, None)]


def test_no_queue_or_no_forecast_is_no_number_of_runs(views: duckdb.DuckDBPyConnection) -> None:
    rows = views.sql(
        "select site_id, total_estimated_credits, queue_runs from site_figures where site_id > 1 order by 1"
    ).fetchall()
    assert rows == [(2, 0, None), (3, 0, None), (4, 0, None)]


def test_a_site_without_an_account_has_a_key_of_its_own(views: duckdb.DuckDBPyConnection) -> None:
    rows = views.sql("select site_id, account_id, account_key from sites order by site_id").fetchall()
    assert rows == [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, None, -5)]
