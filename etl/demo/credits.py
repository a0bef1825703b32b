"""Plans, the ledger and the transactions: what credits are given for, used for, and bought."""

from datetime import datetime, timedelta

from igny8_analysis.etl.demo.cast import ACCOUNT_OF, AS_OF, DemoAccount, DemoSite
from igny8_analysis.etl.demo.values import Row, Schema, Value, utc

LEDGER_SINCE = AS_OF - timedelta(days=30)


def plans() -> list[Row]:
    """Give the rows of `igny8_plans`; one of them leaves open how many credits it includes."""
    told = ((1, "Starter", 1_000), (2, "Agency", 10_000), (3, "By contract", None))
    return [{"id": number, "name": name, "included_credits": credits} for number, name, credits in told]


def ledger(runs: list[Row], schema: Schema) -> list[Row]:
    """Give an entry a run of the last 30 days that cost anything, and what people had made by hand."""
    entries: list[Row] = []

    def add(account: Value, site: Value, operation: str, credits: Value, at: Value, **told: Value) -> None:
        costs: Row = {"cost_usd": None, "tokens_input": None, "tokens_output": None} | told
        entries.append(
            {
                "id": len(entries) + 1,
                "tenant_id": account,
                "site_id": site,
                "operation_type": operation,
                "credits_used": credits,
                **costs,
                "model_used": "gpt-4o-mini",
                "created_at": at,
            }
        )

    for run in runs:
        started_at = run["started_at"]
        assert isinstance(started_at, datetime)
        if run["total_credits_used"] and started_at > LEDGER_SINCE:
            add(run["tenant_id"], run["site_id"], "automation", run["total_credits_used"], run["updated_at"])
    site = DemoSite.BONUS_ONLY
    who = ACCOUNT_OF[site], int(site)
    for day in range(1, 29, 3):
        at = utc(f"2026-02-{day:02d}T14:20:11")
        add(*who, "idea_generation", 15, at, cost_usd=0.0213, tokens_input=1_830, tokens_output=912)
        add(*who, "content_writing", 17.5, at, cost_usd=0.0487, tokens_input=2_410, tokens_output=3_377)
    add(*who, "content_writing", -17.5, utc("2026-02-28T23:59:59.750000"))  # given back
    add(who[0], None, "image_generation", 5, utc("2026-02-11T08:01:00"), cost_usd=0.04)
    if schema == "loose":
        add(*who, "content_writing", None, utc("2026-02-12T08:00:00"))
        add(*who, "content_writing", "a lot", utc("2026-02-12T09:00:00"))
        add(*who, "content_writing", 8, "someday")
        add("nobody", None, "content_writing", 9, utc("2026-02-12T10:00:00"))
        add(*who[:1], ORPHAN, "content_writing", 4, utc("2026-02-12T11:00:00"))
    return entries


ORPHAN = 998
"""A site that the ledger of a loose copy alone names."""


def transactions() -> list[Row]:
    """Give the rows of `igny8_credit_transactions`: renewals, purchases, credits used, corrections both ways a day."""
    bonus, agency = DemoAccount.BONUS_ONLY, DemoAccount.BOTH_POOLS
    told = (
        (bonus, "purchase", 6_000, "2026-01-15T10:00:00"),
        (bonus, "usage", -700, "2026-02-09T03:10:00"),
        (bonus, "usage", -300, "2026-02-23T03:10:00"),
        (agency, "subscription", 10_000, "2026-01-01T00:05:00"),
        (agency, "subscription", 10_000, "2026-02-01T00:05:00"),
        (agency, "adjustment", 120, "2026-02-10T09:00:00"),
        (agency, "adjustment", -45.5, "2026-02-10T16:30:00"),
        (agency, "purchase", 300, "2026-02-28T23:59:59.999999"),
    )
    return [
        {
            "id": number,
            "tenant_id": int(account),
            "transaction_type": kind,
            "amount": amount,
            "created_at": utc(at),
        }
        for number, (account, kind, amount, at) in enumerate(told, 1)
    ]
