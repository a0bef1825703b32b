"""What an account sees of its sites, computed by hand."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.load import load
from tests.cases import AS_OF, items, make_source, run, site

START = datetime(2026, 1, 22, 8, tzinfo=UTC)


def article_runs(site_id: int, count: int, credits: int) -> list[dict[str, object]]:
    """Runs a day apart from START, each of two articles: the first ten cost 20 credits each, later ones `credits`."""
    return [
        run(
            site_id * 100 + n,
            START + timedelta(days=n),
            stages={4: (2, 2, 40 if n < 10 else 2 * credits)},
            site_id=site_id,
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accounts")
    sites = [
        site(1, "dearer.example"),
        site(2, "steady.example"),
        site(3, "young.example"),
        site(4, "other.example", tenant_id=2),
        site(5, "waiting.example"),
    ]
    runs = [
        *article_runs(1, 20, 25),
        *article_runs(2, 20, 24),
        *article_runs(3, 12, 90),
        *article_runs(4, 3, 20),
        run(501, "2026-02-20T08:00:00Z", None, status="running", site_id=5),
    ]
    rows = [*items("tasks", "queued", 10, site_id=1), *items("images", "failed", 3, site_id=5)]
    source = make_source(folder / "source.sqlite", sites, runs, rows)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("update igny8_tenants set credits = 250")
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    return folder / "data"


@pytest.fixture
def warehouse(accounts: Path) -> Warehouse:
    return igny8_analysis.connect(accounts)


def test_cost_of_an_article_against_the_ten_completions_before(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        "select site_id, recent_runs, earlier_runs, recent_credits_per_article, earlier_credits_per_article, "
        "cost_change_pct, has_cost_risen from account_article_costs order by site_id"
    ).fetchall()
    assert rows[:4] == [
        (1, 10, 10, 25, 20, 25, True),  # (25 - 20) / 20 is 25 %, beyond the 20 % of the parameters
        (2, 10, 10, 24, 20, 20, False),  # 20 % is not beyond 20 %
        (3, 10, 2, (8 * 20 + 2 * 90) / 10, 20, None, False),  # two runs before are too few to compare with
        (4, 3, 0, 20, None, None, False),
    ]


def test_credits_by_month_are_those_of_the_runs_that_started_in_it(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        "select month_start, total_runs, total_credits_used, content_created, credits_per_article "
        "from account_months where site_id = 1 order by month_start"
    ).fetchall()
    # Ten runs from January 22 to 31 at 40 credits, ten from February 1 to 10 at 50.
    assert rows == [(date(2026, 1, 1), 10, 400, 20, 20), (date(2026, 2, 1), 10, 500, 20, 25)]


def test_months_and_sites_add_up_to_the_runs(demo: Warehouse) -> None:
    for view in ("account_months", "account_sites"):
        ((in_view,),) = demo.sql(f"select sum(total_credits_used) from {view}").fetchall()
        of_runs = "select sum(total_credits_used) from runs join sites using (site_id) where is_live"
        assert demo.sql(of_runs).fetchall() == [(in_view,)]


def test_sites_say_what_they_need(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        "select site_id, account_id, total_pending_items, balance_credits, needs_attention, attention_reason "
        "from account_sites order by site_id"
    ).fetchall()
    assert rows == [
        # Ten tasks at the 25 credits of the analyzed runs, and a fifth on top.
        (1, 1, 10, 300, True, "an article costs 25% more than before"),
        (2, 1, 0, 0, False, None),
        (3, 1, 0, 0, False, None),
        (4, 2, 0, 0, False, None),
        (5, 1, 0, 0, True, "items that need a person: 3; stale runs: 1"),
    ]


def test_an_account_is_its_sites_together(warehouse: Warehouse) -> None:
    rows = warehouse.sql(
        "select account_id, total_sites, attention_sites, dearer_sites, total_runs, total_credits_used, "
        "total_pending_items, balance_credits, account_credits, missing_credits "
        "from account_figures order by account_id"
    ).fetchall()
    # Account 1: 400 + 500 credits of site 1, 400 + 480 of site 2, 400 + 360 of site 3, and a run so far without.
    # Of the 300 credits that site 1 needs it has 250. Account 2 is one that only its site names.
    assert rows == [(1, 4, 2, 1, 53, 2540, 10, 300, 250, 50), (2, 1, 0, 0, 3, 120, 0, 0, None, None)]


def test_accounts_add_up_to_their_sites(demo: Warehouse) -> None:
    columns = "sum(total_runs), sum(total_credits_used), sum(total_pending_items), sum(balance_credits)"
    of_sites = demo.sql(f"select {columns} from account_sites where account_id is not null").fetchall()
    assert demo.sql(f"select {columns} from account_figures").fetchall() == of_sites
