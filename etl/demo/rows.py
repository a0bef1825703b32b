"""The whole sample, table by table."""

from igny8_analysis.etl.demo import credits
from igny8_analysis.etl.demo import items as item_rows
from igny8_analysis.etl.demo.cases import case_runs
from igny8_analysis.etl.demo.cast import ACCOUNT_OF, HABITS, DemoSite, accounts, sites
from igny8_analysis.etl.demo.settings import settings
from igny8_analysis.etl.demo.simulation import Site
from igny8_analysis.etl.demo.values import Row, Schema

WAITING = (DemoSite.NO_RUNS, DemoSite.ODD_TIMES, DemoSite.SWITCHED_OFF, DemoSite.ODD_SETTINGS)
SINCE_SETTINGS = tuple(site for site in DemoSite if site >= DemoSite.LIMITED)
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
        elif site in WAITING:
            queues = item_rows.waiting_only()
            item_rows.add_site(collected, account, site.value, queues, skipped_ideas=0, failed_content=0)
        elif site is DemoSite.ODD_VALUES:
            item_rows.add_odd(collected, account, site.value)
        elif site is DemoSite.HOSTILE:
            item_rows.add_hostile(collected, account, site.value, HOSTILE_STATUSES)
    simulated.sort(key=lambda run: (run["site_id"] in SINCE_SETTINGS, run["started_at"]))
    for number, row in enumerate(simulated, start=1):
        row["id"] = number
    return {
        "igny8_plans": credits.plans(),
        "igny8_tenants": accounts(schema),
        "igny8_sites": sites(),
        "igny8_automation_runs": simulated + case_runs(schema),
        "igny8_automation_configs": settings(schema),
        **collected.tables,
        "igny8_credit_usage_log": credits.ledger(simulated, schema),
        "igny8_credit_transactions": credits.transactions(),
    }
