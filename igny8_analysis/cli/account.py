"""`igny8 account`, `igny8 settings`: whose credits there are, and what holds a site's runs."""

from pathlib import Path
from typing import Any

import click

from igny8_analysis.cli.options import (
    account_argument,
    examples,
    open_warehouse,
    reading_options,
    site_argument,
)

SITE_COLUMNS = {
    "site_id": "site_id",
    "label": "site",
    "total_runs": "runs",
    "total_credits_last_30_days": "credits in 30 days",
    "next_run_credits": "next run",
    "next_run_budget_90": "balance to have",
    "total_estimated_credits": "whole queue",
    "queue_runs": "in runs",
    "attention_count": "attention",
}
# As pages tell them: of sites that will run alone, what is to be had rounded up; the payload rounds to the nearest.
NEXT_RUNS = """
select s.site_id, f.next_run_credits, f.next_run_budget_90
from sites as s
left join running_sites as r on r.site_id = s.site_id
left join site_figures as f on f.site_id = r.site_id
where s.account_id = ?
"""


@click.command(
    "account", epilog=examples('igny8 account "Brightwater Media"', "igny8 account 7 --format json")
)
@account_argument
@reading_options
def account_command(account: str, directory: Path | None, version: str | None, format_: str) -> None:
    """Show an account: its balance, its sites, and its credits by month.

    ACCOUNT is an id or a name; an id wins. The balance is what is left of the plan and of bought credits together. A
    month has the credits of its runs, of the ledger, of the ledger beyond the runs (what people did by hand; below 0
    what the ledger did not log), and those that were added.
    """
    from igny8_analysis.cli.output import print_payload

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.account(account)
        next_runs = warehouse.rows(NEXT_RUNS, [payload["account"]["account_id"]])
    if format_ == "table":
        _show_account(payload, next_runs)
    else:
        print_payload(payload, format_)


@click.command("settings", epilog=examples("igny8 settings mysite.com", "igny8 settings 42 --format json"))
@site_argument
@reading_options
def settings_command(site: str, directory: Path | None, version: str | None, format_: str) -> None:
    """Show the settings of a site's automation: its schedule, a run's limits, and which stages are on.

    A limit that is missing is none: a run takes in all that waits.
    """
    from igny8_analysis.cli.output import print_payload

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.settings(site)
        names = dict(warehouse.sql("select stage_number, stage_name from stage_parameters").fetchall())
    if format_ == "table":
        _show_settings(site, payload, names)
    else:
        print_payload(payload, format_)


def _show_account(payload: dict[str, Any], next_runs: list[dict[str, Any]]) -> None:
    from igny8_analysis.cli.figures import facts, short
    from igny8_analysis.cli.output import print_table

    account, sites, months = payload["account"], payload["sites"], payload["months"]
    print_table(
        ("account", "value"),
        facts((account | payload["balances"]).items()),
        short(account["name"] or str(account["account_id"])),
    )
    by_site = {row["site_id"]: row for row in next_runs}
    rows = [[(site | by_site[site["site_id"]])[name] for name in SITE_COLUMNS] for site in sites]
    print_table(list(SITE_COLUMNS.values()), rows, spare=("attention", "in runs", "runs"))
    columns = [name for name in (months[0] if months else {}) if name != "account_id"]
    print_table(columns, [[month[name] for name in columns] for month in months], "credits by month (UTC)")


def _show_settings(site: str, payload: dict[str, Any], names: dict[int, str]) -> None:
    from igny8_analysis.cli.figures import facts
    from igny8_analysis.cli.output import print_table
    from igny8_analysis.stages import stage_label

    if payload["site"] is None:
        click.echo(f"The source has no automation settings of {site!r}.")
        return
    print_table(("settings", "value"), facts(payload["site"].items()))
    print_table(
        ("stage", "name", "is_on", "item_limit", "batch_size"),
        [
            (
                stage["stage_number"],
                stage_label(names[stage["stage_number"]]),
                stage["is_on"],
                stage["item_limit"],
                stage["batch_size"],
            )
            for stage in payload["stages"]
        ],
    )
