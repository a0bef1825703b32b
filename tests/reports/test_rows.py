"""What a notebook opens where its parameters name nothing, and how it names runs."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from igny8_analysis import RunNotFound, Warehouse, connect
from igny8_analysis.load import load
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.reports.panels.run import predicted_and_actual
from igny8_analysis.reports.rows import Rows, open_account, open_pair, open_run, open_site, resolve_run
from tests.cases import AS_OF, items, make_source, run, site
from tests.pages import notebooks_here


def test_without_names_it_is_the_busiest_site_its_latest_runs_and_the_largest_account(
    demo: Warehouse, demo_warehouse: Path
) -> None:
    latest, before = (
        id_
        for (id_,) in demo.sql(
            "select id from runs where site_id = 101 order by started_at desc limit 2"
        ).fetchall()
    )
    assert open_site(demo_warehouse).parameters["site_id"] == 101
    assert open_run(demo_warehouse).parameters == {"site_id": 101, "id": latest}
    assert open_pair(demo_warehouse).parameters == {"site_id": 101, "id_a": before, "id_b": latest}
    assert open_account(demo_warehouse).parameters == {"account_id": 7}


def test_a_run_is_named_by_run_id_or_by_source_id(demo: Warehouse) -> None:
    ((id_, run_id),) = demo.sql(
        "select id, run_id from runs where site_id = 101 and run_number = 298"
    ).fetchall()
    assert resolve_run(demo, 101, id_) == resolve_run(demo, 101, run_id) == id_
    for elsewhere in (id_, run_id):
        with pytest.raises(RunNotFound, match="has no run"):
            resolve_run(demo, 102, elsewhere)


def test_a_past_range_that_said_too_little_is_not_shown_as_one(demo: Warehouse) -> None:
    rows = demo.rows("from forecast_backtest where site_id = 101 and is_champion and p80_low > 0")
    unsure = next(row for row in rows if row["p80_high"] > 10 * row["p80_low"])
    sure = next(row for row in rows if row["p80_high"] <= 10 * row["p80_low"])
    told = predicted_and_actual(Rows([unsure])).html
    assert f"between almost nothing and {unsure['p80_high']:,.0f}, as too little was known. It cost" in told
    assert "in four of five" not in told
    assert (
        f"in four of five cases between {sure['p80_low']:,.0f} and" in predicted_and_actual(Rows([sure])).html
    )


def test_what_no_stage_accounts_for_is_no_item_more(tmp_path: Path) -> None:
    """Five runs of the same items and stages, of which the last was charged 50 credits on top."""
    runs = [
        run(number, f"2026-02-0{number}T08:00:00", stages={1: (10, 2, 20), 2: (5, 5, 30)})
        for number in range(1, 6)
    ]
    runs[-1]["total_credits_used"] += 50
    source = make_source(tmp_path / "source.sqlite", [site(1)], runs)
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    with notebooks_here(), connect(tmp_path / "data") as warehouse:
        page = Reports(warehouse, tmp_path / "data", Options(is_quiet=True)).run(1, 5)
    assert "50 credits more than usual: 50 for what no stage accounts for." in page.read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(("sites", "with_balance"), [(1, False), (2, False), (2, True)])
def test_a_site_tells_of_the_account_where_it_is_the_only_one_or_asked_to(
    tmp_path: Path, sites: int, with_balance: bool
) -> None:
    """A page may go to a customer of the account's owner: the balance, how long it lasts and its alerts."""
    runs = [run(n, AS_OF - timedelta(days=29 - n), stages={4: (10, 10, 100)}) for n in range(28)]
    waiting = items("tasks", "queued", 10, site_id=1)
    source = make_source(tmp_path / "source.sqlite", [site(n) for n in range(1, 1 + sites)], runs, waiting)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("update igny8_tenants set credits = 20")
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    options = Options(is_quiet=True, with_balance=with_balance)
    with notebooks_here(), connect(tmp_path / "data") as warehouse:
        told = set(warehouse.sql("select distinct alert from alerts where site_id is null").fetchall())
        page = Reports(warehouse, tmp_path / "data", options).overview(1).read_text(encoding="utf-8")
    assert told == {("balance_short",), ("balance_ends",)}
    is_told = sites == 1 or with_balance
    for text in (
        "the balance of 20 credits is below",
        "The balance of 20 credits lasts",
        "Add credits in time.",
    ):
        assert (text in page) == is_told, text
