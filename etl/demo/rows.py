"""The whole sample, table by table."""

from datetime import datetime, timedelta

from igny8_analysis.etl.demo import items as item_rows
from igny8_analysis.etl.demo.cases import case_runs
from igny8_analysis.etl.demo.cast import ACCOUNT_OF, AS_OF, HABITS, DemoSite, accounts, sites
from igny8_analysis.etl.demo.simulation import Site
from igny8_analysis.etl.demo.values import Row, Schema

LEDGER_SINCE = AS_OF - timedelta(days=30)
HOSTILE_STATUSES = ("<img src=x onerror=alert(1)>", "=1+1", "'; drop table x; --", "{{7*7}}")


def demo_rows(schema: Schema = "documented") -> dict[str, list[Row]]:
    """Give all rows of the sample, table → rows in the order of insertion, the same at every call.

    Values are plain: JSON is text, times carry UTC. `schema` tells how much the tables let in.
    """
    collected = item_rows.Items()
    simulated: list[Row] = []
    for site in DemoSite:
        account = ACCOUNT_OF[site]
        if site in HABITS:
            habits = HABITS[site]
            lived = Site(account, site.value, habits)
            simulated += lived.runs
            item_rows.add_site(
                collected,
                account,
                site.value,
                lived.queues,
                skipped_ideas=habits.skipped_ideas,
                failed_content=habits.failed_content,
            )
        elif site is DemoSite.NO_RUNS or site is DemoSite.ODD_TIMES:
            queues = item_rows.waiting_only()
            item_rows.add_site(collected, account, site.value, queues, skipped_ideas=0, failed_content=0)
        elif site is DemoSite.ODD_VALUES:
            item_rows.add_odd(collected, account, site.value)
        else:
            item_rows.add_hostile(collected, account, site.value, HOSTILE_STATUSES)
    simulated.sort(key=_start)
    for number, row in enumerate(simulated, start=1):
        row["id"] = number
    return {
        "igny8_tenants": accounts(),
        "igny8_sites": sites(),
        "igny8_automation_runs": simulated + case_runs(schema),
        **collected.tables,
        "igny8_credit_usage_log": _ledger(simulated),
    }


def _start(run: Row) -> datetime:
    started_at = run["started_at"]
    assert isinstance(started_at, datetime)
    return started_at


def _ledger(runs: list[Row]) -> list[Row]:
    """Give one entry a run of the last 30 days that cost anything."""
    entries: list[Row] = []
    for run in runs:
        if run["total_credits_used"] and _start(run) > LEDGER_SINCE:
            entries.append(
                {
                    "id": len(entries) + 1,
                    "tenant_id": run["tenant_id"],
                    "site_id": run["site_id"],
                    "operation_type": "automation",
                    "credits_used": run["total_credits_used"],
                    "model_used": "gpt-4o-mini",
                    "created_at": run["updated_at"],
                }
            )
    return entries
