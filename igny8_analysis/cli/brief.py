"""`igny8 brief`: a site or an account in a few sentences."""

from pathlib import Path

import click

from igny8_analysis.cli.options import (
    complete_accounts,
    complete_sites,
    examples,
    open_warehouse,
    reading_options,
)
from igny8_analysis.etl.errors import UsageError


@click.command(
    "brief",
    epilog=examples("igny8 brief mysite.com", "igny8 brief --account 7", "igny8 brief 42 --format json"),
)
@click.argument("site", required=False, shell_complete=complete_sites)
@click.option(
    "--account", metavar="ACCOUNT", shell_complete=complete_accounts, help="Of this account instead."
)
@reading_options
def brief_command(
    site: str | None, account: str | None, directory: Path | None, version: str | None, format_: str
) -> None:
    """Tell in a few sentences what a site made and what that cost, why it was more or less than before, what comes
    next, and what needs someone.

    JSON has each sentence with the report's panel that shows more, the query behind it and the values in its text.
    """
    from igny8_analysis.cli.output import print_csv, print_json, print_text, refuse_columns

    if (site is None) == (account is None):
        raise UsageError("name a SITE, or an account with --account")
    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.brief(site, account)
    if format_ == "json":
        print_json(payload)
    elif format_ == "csv":
        columns = ("text", "panel", "query")
        print_csv(columns, [[sentence[column] for column in columns] for sentence in payload["sentences"]])
    else:
        refuse_columns("without a format this is text")
        for sentence in payload["sentences"]:
            print_text(sentence["text"])
