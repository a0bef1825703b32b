"""`igny8 alerts`: what needs someone, on the terminal or posted to an address."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igny8_analysis.alerts import MAX_AGE_HOURS, SEVERITIES
from igny8_analysis.cli.options import (
    NumberRange,
    complete_accounts,
    complete_sites,
    examples,
    open_warehouse,
    reading_options,
)
from igny8_analysis.errors import PostError
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.stages import with_label

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

FROM_ENVIRONMENT = "IGNY8_POST_URL"
SPARE = ("account_id", "site_id", "is_new", "since", "alert")
SHOWN = ("severity", "alert", "since", "message", "is_new", "account_id", "site_id")


@click.command(
    "alerts",
    epilog=examples(
        "igny8 alerts",
        "igny8 alerts mysite.com --severity warning",
        "igny8 alerts --account 7 --format json",
        "igny8 alerts --new --strict",
        "IGNY8_POST_URL=https://chat.example/hook igny8 alerts --new --post",
    ),
)
@click.argument("site", required=False, shell_complete=complete_sites)
@click.option(
    "--account",
    metavar="ACCOUNT",
    shell_complete=complete_accounts,
    help="Only this account's and its sites'.",
)
@click.option(
    "--new", "is_new", is_flag=True, help="Only what the load before had not, or a post failed to deliver."
)
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help="Only what is at least so severe.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 where there is an alert.")
@click.option(
    "--post",
    "address",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help=f"Post them as one JSON to this http(s) address, else to {FROM_ENVIRONMENT}.",
)
@click.option(
    "--max-age",
    type=NumberRange(min=0),
    default=MAX_AGE_HOURS,
    show_default=True,
    metavar="HOURS",
    help="Say load_late where the data is older.",
)
@reading_options
@click.pass_context
def alerts_command(
    context: click.Context,
    site: str | None,
    account: str | None,
    is_new: bool,
    severity: str,
    strict: bool,
    address: str | None,
    max_age: float,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """List what needs someone: failed, stale and odd runs, prices that changed, balances that end, failed items, missed
    schedules, errors in the data, changes of the source, a load that is late.

    Without SITE and --account: of all. docs/words.md says what each means.

    --post sends {"text": …, "alerts": […]}, as chat webhooks take it: up to three attempts of 10 s where more than one
    helps. Others on the machine see an address among the arguments, but not one in IGNY8_POST_URL; it is never shown.
    Nothing is sent where there are no alerts. With --new, what was delivered for this version of the data is not sent
    again; what could not be delivered is sent after later loads, for as long as it needs someone.
    """
    from igny8_analysis import alerts
    from igny8_analysis.cli.streams import spared

    if site is not None and account is not None:
        raise UsageError("name a SITE or an --account, not both")
    if address is not None:
        address = address or os.environ.get(FROM_ENVIRONMENT, "")
        if not address:
            raise UsageError(f"--post needs an address, after it or in {FROM_ENVIRONMENT}")
        alerts.check_address(address)
    with open_warehouse(directory, version) as warehouse:
        rows = alerts.alerts(warehouse, site, account, severity, max_age)
        if is_new:
            posted = alerts.posted(warehouse)
            rows = [row for row in rows if posted.asks_for(row, warehouse.version)]
        if address is not None and rows:
            try:
                _deliver(warehouse, rows, address, is_new)
            except PostError:
                with spared():
                    _print(warehouse, rows, is_new, format_)
                raise
        _print(warehouse, rows, is_new, format_)
    if strict and rows:
        context.exit(1)


def _deliver(warehouse: "Warehouse", rows: list[dict[str, Any]], address: str, is_new: bool) -> None:
    import json

    from igny8_analysis.alerts import deliver, message_of
    from igny8_analysis.cli.values import plain

    body = json.dumps(plain(message_of(rows)), allow_nan=False).encode()
    try:
        deliver(warehouse, rows, body, address, is_owed=is_new)
    except OSError as error:
        click.echo(
            f"igny8: posted, but that could not be noted ({error.strerror}): it will be sent again", err=True
        )


def _print(warehouse: "Warehouse", rows: list[dict[str, Any]], is_new: bool, format_: str) -> None:
    from igny8_analysis.cli.output import print_rows, print_table

    if format_ == "table" and not rows:
        click.echo("Nothing needs anyone." if not is_new else "Nothing new needs anyone.")
    elif format_ == "table":
        print_table(SHOWN, [[row[name] for name in SHOWN] for row in map(with_label, rows)], spare=SPARE)
    else:
        columns = (
            list(rows[0]) if rows else warehouse.sql("select * exclude (severity_rank) from alerts").columns
        )
        print_rows(columns, [list(row.values()) for row in rows], format_)
