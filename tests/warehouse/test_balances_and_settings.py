"""Balances, settings, publishing and the ledger: rows of the lake in, rows of the views out, by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.lakes import AS_OF, LOAD, lake_run, lake_site, lake_views

MONTHS = "select month_start, run_credits, ledger_credits, other_credits, added_credits from credit_months"


def settings(load_number: int, site_id: int = 1, **columns: Any) -> dict[str, Any]:
    on = {f"stage_{n}_is_on": True for n in range(1, 8)}
    return {
        "load_number": load_number,
        "load_id": str(load_number),
        "as_of": AS_OF,
        "site_id": site_id,
        "is_present": True,
        **on,
        **columns,
    }


def usage(account_id: int | None, used_on: str, credits: float, site_id: int | None = 1) -> dict[str, Any]:
    return {"account_id": account_id, "site_id": site_id, "used_on": used_on, "operation": "clustering",
            "calls": 1, "credits": credits}  # fmt: skip


def added(account_id: int, made_on: str, amount: float, amount_added: float) -> dict[str, Any]:
    return {"account_id": account_id, "made_on": made_on, "kind": "purchase", "transactions": 1,
            "amount": amount, "amount_added": amount_added}  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "bonus", "available"),
    [
        (0, 5000, 5000),
        (5000, None, 5000),
        (None, 300, 300),
        (None, None, None),
        (-200, 50, -150),
        (0, None, 0),
    ],
)
def test_a_balance_is_both_pools(plan: int | None, bonus: int | None, available: int | None) -> None:
    account = {"account_id": 7, "name": "A", "credits": plan, "bonus_credits": bonus,
               "plan_name": "Growth", "plan_included_credits": 2000}  # fmt: skip
    views = lake_views(accounts=[account])
    assert views.execute("from account_balances").fetchall() == [(7, "Growth", 2000, plan, bonus, available)]
    figures = "select account_credits, plan_credits, bonus_credits from account_figures"
    assert views.execute(figures).fetchall() == [(available, plan, bonus)]


def test_every_account_that_anything_names_has_a_balance() -> None:
    views = lake_views(
        accounts=[{"account_id": 1}],
        sites=[lake_site(1, 2), lake_site(2, None)],
        credit_usage=[usage(3, "2026-02-01", 1), usage(None, "2026-02-01", 1)],
        credit_transactions=[added(4, "2026-02-01", 5, 5)],
    )
    rows = views.execute("select account_id from account_balances order by 1").fetchall()
    assert rows == [(1,), (2,), (3,), (4,)]


def test_settings_are_those_of_the_latest_change() -> None:
    views = lake_views(
        loads=[LOAD, LOAD | {"load_number": 2}, LOAD | {"load_number": 3}],
        sites=[lake_site(1), lake_site(2), lake_site(3)],
        automation_settings=[
            settings(1, is_enabled=True, credit_limit=500),
            settings(2, is_enabled=False, frequency="daily", scheduled_time="02:00:00",
                     stage_4_limit=25, stage_6_is_on=False, stage_1_batch_size=20),
            settings(1, site_id=2, is_enabled=True),
            {**settings(3, site_id=2), "is_present": False},
        ],
        automation_schedules=[
            {"site_id": 1, "last_run_at": "2026-02-28 02:00:00+00", "next_run_at": "2026-03-01 02:00:00+00"}
        ],
    )  # fmt: skip
    rows = views.execute(
        "select site_id, is_enabled, frequency, scheduled_time, credit_limit, "
        "cast(last_run_at as varchar), cast(next_run_at as varchar) from site_settings"
    ).fetchall()
    assert rows == [(1, False, "daily", "02:00:00", None, "2026-02-28 02:00:00+00", "2026-03-01 02:00:00+00")]
    stages = views.execute(
        "select site_id, stage_number, is_on, item_limit, batch_size from stage_settings order by 1, 2"
    ).fetchall()
    assert stages == [
        (1, 1, True, None, 20),
        (1, 2, True, None, None),
        (1, 3, True, None, None),
        (1, 4, True, 25, None),
        (1, 5, True, None, None),
        (1, 6, False, None, None),
        (1, 7, True, None, None),
    ]


def test_an_article_is_in_the_first_state_that_fits() -> None:
    states = [  # status, site_status, items: each count another power of two, so that sums tell them apart
        ("failed", "published", 1),
        ("published", "failed", 2),
        ("published", "scheduled", 4),
        ("draft", "published", 8),
        ("approved", "publishing", 16),
        ("approved", "scheduled", 32),
        ("approved", "not_published", 64),
        ("review", None, 128),
        ("draft", "not_published", 256),
        ("draft", "limbo", 512),
        ("strange", None, 1024),
    ]
    rows = [
        {"load_number": number, "load_id": "x", "as_of": AS_OF, "site_id": 1, "entity": entity, "status": status,
         "site_status": site_status, "is_pending": False, "items": items}
        for number, entity in ((1, "content"), (1, "tasks"), (0, "content"))
        for status, site_status, items in states
    ]  # fmt: skip
    views = lake_views(sites=[lake_site(1), lake_site(2)], pipeline_items=rows)
    found = views.execute(
        "select site_id, articles, drafts, in_review, approved, scheduled, publishing, published, failed, other "
        "from publishing order by site_id"
    ).fetchall()
    assert found == [(1, 2047, 256 + 512, 128, 64, 32, 16, 4 + 8, 1 + 2, 1024), (2, *[0] * 9)]


LEDGER_AND_RUNS = {
    "sites": [lake_site(1), lake_site(2, is_deleted=True), lake_site(3, 9), lake_site(4, None)],
    "runs": [
        lake_run(1, 1, "2025-11-30 23:59:59+00", 40),
        lake_run(2, 2, "2025-12-01 00:00:00+00", 60, status="failed"),
        lake_run(4, 3, "2025-10-05 00:00:00+00", 1000),
    ],
    "credit_usage": [
        usage(1, "2025-11-30", 55),
        usage(1, "2025-11-02", 5, site_id=None),
        usage(1, "2025-12-15", 50),
        usage(9, "2026-02-10", 7),
        usage(None, "2025-09-01", 1000),
    ],
    "credit_transactions": [added(1, "2026-02-03", 400, 500), added(1, "2026-02-04", -30, 0)],
}


def test_months_of_an_account_from_its_first_to_its_last() -> None:
    views = lake_views(**LEDGER_AND_RUNS)
    rows = views.execute(f"{MONTHS} where account_id = 1 order by 1").fetchall()
    assert rows == [
        (date(2025, 11, 1), 40, 60, 20, 0),  # 55 + 5 by the ledger; 20 of them by hand
        (date(2025, 12, 1), 60, 50, -10, 0),  # the deleted site counts; the ledger lacks 10
        (date(2026, 1, 1), 0, 0, 0, 0),  # a quiet month
        (date(2026, 2, 1), 0, 0, 0, 500),
    ]
    others = views.execute(
        "select distinct account_id from credit_months where account_id is distinct from 1"
    ).fetchall()
    assert others == [(9,)]


@pytest.mark.parametrize(
    ("not_read", "expected"),
    [
        ("credit_usage_log, plans", (40, None, None, 0)),
        ("plans, credit_transactions", (40, 0, -40, None)),
        ("plans", (40, 0, -40, 0)),
        (None, (40, 0, -40, 0)),
    ],
)
def test_what_the_source_has_not_is_null_and_no_0(not_read: str | None, expected: tuple[Any, ...]) -> None:
    views = lake_views(
        loads=[LOAD | {"not_read": not_read}], sites=[lake_site(1)], runs=LEDGER_AND_RUNS["runs"][:1]
    )
    assert views.execute(MONTHS).fetchall() == [(date(2025, 11, 1), *expected)]


def test_the_ledger_by_day_keeps_what_names_no_site() -> None:
    row = usage(1, "2026-02-10", -2.5, site_id=None) | {
        "calls": 3,
        "cost_usd": Decimal("0.125"),
        "tokens_input": 10,
    }
    views = lake_views(credit_usage=[row])
    assert views.execute("from credit_days").fetchall() == [
        (1, None, date(2026, 2, 10), "clustering", 3, Decimal("-2.5"), Decimal("0.125"), 10, None)
    ]


def test_deleted_sites_and_those_of_deleted_accounts_are_in_no_account_view() -> None:
    views = lake_views(
        accounts=[
            {"account_id": 1, "is_deleted": False},
            {"account_id": 2, "is_deleted": True, "credits": 5},
        ],
        sites=[
            lake_site(1),
            lake_site(2, is_deleted=True),
            lake_site(3, 2, is_deleted=False),
            lake_site(4, None),
        ],
        runs=[lake_run(n, n, "2026-02-01 00:00:00+00", 10 * n) for n in (1, 2, 3, 4)],
    )
    marks = views.execute("select site_id, is_deleted, is_live from sites order by 1").fetchall()
    assert marks == [(1, False, True), (2, True, False), (3, False, False), (4, False, True)]
    for view in ("account_sites", "account_article_costs"):
        assert views.execute(f"select site_id from {view} order by 1").fetchall() == [(1,), (4,)], view
    figures = "select account_id, is_deleted, total_sites, total_credits_used from account_figures order by 1"
    assert views.execute(figures).fetchall() == [(1, False, 1, 10), (2, True, 0, 0)]
    # They answer all the same, and what was spent stays spent.
    assert views.execute("select site_id from site_figures order by 1").fetchall() == [(1,), (2,), (3,), (4,)]
    spent = views.execute("select account_id, run_credits from credit_months order by 1").fetchall()
    assert spent == [(1, 30), (2, 30)]


def test_why_a_site_rests() -> None:
    """Deleted goes before inactive; one that the source says nothing of may run."""
    views = lake_views(
        accounts=[{"account_id": 1, "is_deleted": False}, {"account_id": 2, "is_deleted": True}],
        sites=[
            lake_site(1),
            lake_site(2, is_active=False),
            lake_site(3, is_active=None),
            lake_site(4, is_active=False, is_deleted=True),
            lake_site(5, 2),
        ],
    )
    rests = views.execute("select site_id, rests_as from sites order by 1").fetchall()
    assert rests == [(1, None), (2, "inactive"), (3, None), (4, "deleted"), (5, "deleted")]


def test_a_finding_about_an_account_names_it_and_one_of_a_site_its_value() -> None:
    finding = {
        "account_id": 7,
        "key": "accounts.credits",
        "value_text": "lots",
        "check_name": "unparsable_value",
    }
    repeated = {"site_id": 1, "key": "x", "value_text": "2 rows", "check_name": "repeated_settings"}
    flags = {
        "site_id": 1,
        "key": "keywords.is_deleted",
        "value_text": "later in 2 rows",
        "check_name": "unparsable_value",
    }
    views = lake_views(value_findings=[finding, repeated, flags])
    rows = views.execute(
        "select check_name, severity, site_id, detail from data_quality order by 1, 3 nulls first"
    ).fetchall()
    assert rows == [
        (
            "repeated_settings",
            "warning",
            1,
            "2 rows of automation settings for this site; the one of the highest id counts",
        ),
        ("unparsable_value", "error", None, "accounts.credits of account 7 is lots"),
        ("unparsable_value", "error", 1, "keywords.is_deleted is later in 2 rows"),
    ]
