"""What an account made, used and had by month, computed by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date

import duckdb
import pytest

from tests.cases import make_source, run, site
from tests.lakes import views_of

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Account 1 with two sites, one deleted; account 2, whose transactions miss 10 credits of its balance."""
    folder = tmp_path_factory.mktemp("statements")
    sites = [site(1), site(2, is_deleted=1), site(3, tenant_id=2)]
    runs = [
        run(1, "2026-01-31T23:59:59Z", stages={1: (9, 1, 4), 4: (2, 2, 30), 5: (2, 6, 5), 6: (6, 6, 20)}),
        run(2, "2026-02-01T00:00:00Z", stages={4: (1, 1, 15), 6: (3, 3, 10), 7: (1, 0, 2)}, credits=30),
        run(3, "2026-02-20T08:00:00Z", stages={2: (1, 8, 12)}),
        run(4, "2026-02-21T08:00:00Z", stages={4: (2, 2, 40)}, site_id=2),
        run(5, "2026-02-21T08:00:00Z", stages={4: (2, 2, 7)}, site_id=3, tenant_id=2),
    ]
    calls = [(1, "2026-01-31", 59), (1, "2026-02-05", 90), (2, "2026-02-21", 5)]
    moves = [(1, "2026-01-05", 500), (1, "2026-01-31", -59), (1, "2026-02-28", 60), (1, "2026-02-28", -101)]
    others = {
        "igny8_credit_usage_log": [
            {
                "tenant_id": t,
                "site_id": t,
                "operation_type": "x",
                "credits_used": n,
                "created_at": f"{on}T12:00:00Z",
            }
            for t, on, n in calls
        ],
        "igny8_credit_transactions": [
            {"tenant_id": t, "transaction_type": "x", "amount": n, "created_at": f"{on}T12:00:00Z"}
            for t, on, n in [*moves, (2, "2026-02-03", 90)]
        ],
    }
    source = make_source(folder / "source.sqlite", sites, runs, others=others)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("update igny8_tenants set credits = 300, bonus_credits = 100")
        connection.execute("insert into igny8_tenants (id, name, credits) values (2, 'B', 100)")
    with views_of(source, "statements", "site_months") as views:
        yield views


def test_a_month_of_a_site_is_that_of_the_runs_that_started_in_it(views: duckdb.DuckDBPyConnection) -> None:
    rows = views.sql(
        "select site_id, month_start, total_runs, content_created, images_generated, article_credits, image_credits, "
        "total_credits_used from site_months order by site_id, month_start"
    ).fetchall()
    assert rows == [
        (1, JANUARY, 1, 2, 6, 4 + 30, 5 + 20, 59),
        (1, FEBRUARY, 2, 1, 3, 15 + 2 + 12, 10, 30 + 12),  # 30 were charged, the stages say 27
        (2, FEBRUARY, 1, 2, 0, 40, 0, 40),
        (3, FEBRUARY, 1, 2, 0, 7, 0, 7),
    ]


def test_a_statement_adds_work_by_hand_to_runs_and_never_takes_off(views: duckdb.DuckDBPyConnection) -> None:
    rows = views.sql(
        "select account_id, month_start, total_runs, content_created, images_generated, "
        "article_credits, image_credits, run_credits, other_credits, used_credits, added_credits "
        "from statements order by account_id, month_start"
    ).fetchall()
    assert rows == [
        (1, JANUARY, 1, 2, 6, 34, 25, 59, 0, 59, 500),
        (1, FEBRUARY, 3, 3, 3, 69, 10, 82, 90 - 82, 90, 60),  # with the deleted site's run
        (1, MARCH, 0, 0, 0, 0, 0, 0, 0, 0, 0),  # up to the load's month
        (2, FEBRUARY, 1, 2, 0, 7, 0, 7, 5 - 7, 7, 90),
        (2, MARCH, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]


def test_a_statement_tells_work_by_hand_from_what_the_ledger_lacks(views: duckdb.DuckDBPyConnection) -> None:
    rows = views.sql(
        "select account_id, month_start, unstaged_credits, by_hand_credits, unlisted_credits "
        "from statements order by account_id, month_start"
    ).fetchall()
    assert rows == [
        (1, JANUARY, 0, 0, 0),
        (1, FEBRUARY, 82 - 69 - 10, 90 - 82, 0),
        (1, MARCH, 0, 0, 0),
        (2, FEBRUARY, 0, None, 7 - 5),
        (2, MARCH, 0, 0, 0),
    ]


def test_a_past_balance_is_known_where_all_transactions_sum_to_the_present_one(
    views: duckdb.DuckDBPyConnection,
) -> None:
    rows = views.sql(
        "select account_id, month_start, month_end_credits from statements order by account_id, month_start"
    ).fetchall()
    # 500 − 59 = 441; 441 + 60 − 101 = 400 = 300 + 100; account 2 has 100, its one transaction says 90
    assert rows == [
        (1, JANUARY, 441),
        (1, FEBRUARY, 400),
        (1, MARCH, 400),
        (2, FEBRUARY, None),
        (2, MARCH, None),
    ]
