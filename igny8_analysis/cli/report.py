"""`igny8 report overview|run|compare|account|statement|site|all`: reports as self-contained HTML files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from igny8_analysis.cli.options import (
    account_argument,
    examples,
    open_warehouse,
    quiet_option,
    site_argument,
    version_option,
    warehouse_option,
)
from igny8_analysis.cli.streams import tell

F = TypeVar("F", bound=Callable[..., Any])


@click.group(
    "report",
    invoke_without_command=True,
    epilog=examples("igny8 report overview mysite.com", "igny8 report all --jobs 2 --only-changed"),
)
@click.pass_context
def report_command(context: click.Context) -> None:
    """Make reports: self-contained HTML files that need no network."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _making_options(command: F) -> F:
    """Options of every report command."""
    options = (
        click.option("--isolated", is_flag=True, help="A fresh kernel for every report."),
        version_option,
        warehouse_option,
        quiet_option,
        click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks."),
    )
    for option in reversed(options):
        command = option(command)
    return command


_interactive_option = click.option(
    "--interactive", is_flag=True, help="Charts that zoom and select; some 500 kB more a file."
)
_balance_option = click.option(
    "--with-balance",
    is_flag=True,
    help="Show the account's balance, how long it lasts and its alerts on the overview also where the account has "
    "other sites.",
)
_file_option = click.option(
    "-o", "--output", "output", type=click.Path(path_type=Path), metavar="FILE", help="The file to write."
)
_folder_option = click.option(
    "-o", "--output", "output", type=click.Path(path_type=Path), metavar="DIR", help="The folder to write to."
)
_parameter_option = click.option(
    "-p",
    "--parameter",
    "parameters",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter of the notebook; may be repeated.",
)
_jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Kernels that work at once."
)
_changed_option = click.option(
    "--only-changed", is_flag=True, help="Leave reports alone whose data did not change."
)
_last_option = click.option(
    "--last", type=click.IntRange(min=0), metavar="N", help="Only each site's newest N runs; without it, all."
)


@report_command.command(
    "overview",
    short_help="A site: its runs, costs, trends, and what comes next.",
    epilog=examples(
        "igny8 report overview mysite.com",
        "igny8 report overview 42 -o overview.html -p since 2026-01-01",
    ),
)
@site_argument
@_file_option
@_parameter_option
@_balance_option
@_interactive_option
@_making_options
def overview_command(
    site: str, output: Path | None, parameters: tuple[tuple[str, str], ...], **options: Any
) -> None:
    """Make the overview of a site.

    SITE is an id or a domain. Without -o the file is <warehouse>/reports/<site>/index.html.
    """
    _make(options, lambda reports: reports.overview(site, output, dict(parameters)))


@report_command.command(
    "run",
    short_help="One run: what each stage did, and why it cost that.",
    epilog=examples(
        "igny8 report run mysite.com run_20260115_020000_scheduled",
        "igny8 report run 42 run_20260115_020000_scheduled -o run.html --interactive",
    ),
)
@site_argument
@click.argument("run_id")
@_file_option
@_parameter_option
@_interactive_option
@_making_options
def run_command(
    site: str, run_id: str, output: Path | None, parameters: tuple[tuple[str, str], ...], **options: Any
) -> None:
    """Make the report of a run, named as for igny8 run: by its run_id, its number, `latest` …

    Without -o the file is <warehouse>/reports/<site>/run-<number>.html.
    """
    _make(options, lambda reports: reports.run(site, run_id, output, dict(parameters)))


@report_command.command(
    "compare",
    short_help="One run beside another of its site.",
    epilog=examples(
        "igny8 report compare mysite.com run_20260114_020000_scheduled run_20260115_020000_scheduled",
        "igny8 report compare 42 run_20260114_020000_scheduled run_20260115_020000_scheduled -o pair.html",
    ),
)
@site_argument
@click.argument("run_a")
@click.argument("run_b")
@_file_option
@_making_options
def compare_command(site: str, run_a: str, run_b: str, output: Path | None, **options: Any) -> None:
    """Make the report of RUN_B beside RUN_A: stage by stage, volume and rate, duration.

    Without -o the file is <warehouse>/reports/<site>/compare-<number A>-<number B>.html.
    """
    _make(options, lambda reports: reports.compare(site, run_a, run_b, output))


@report_command.command(
    "account",
    short_help="An account: its sites together.",
    epilog=examples(
        'igny8 report account "Brightwater Media"',
        "igny8 report account 7 -o account.html",
    ),
)
@account_argument
@_file_option
@_making_options
def account_command(account: str, output: Path | None, **options: Any) -> None:
    """Make the report of an account: its sites together, and nothing of another account's.

    ACCOUNT is an id or a name. Without -o the file is <warehouse>/reports/account-<account>.html.
    """
    _make(options, lambda reports: reports.account(account, output))


@report_command.command(
    "statement",
    short_help="An account's month, to print: two sheets at most.",
    epilog=examples(
        'igny8 report statement "Brightwater Media"',
        "igny8 report statement 7 --month 2026-02 -o statement.html",
    ),
)
@account_argument
@click.option("--month", metavar="YYYY-MM", help="The month (UTC); without it, the last whole one.")
@_file_option
@_making_options
def statement_command(account: str, month: str | None, output: Path | None, **options: Any) -> None:
    """Make an account's statement of a month: two sheets of paper at most.

    ACCOUNT is an id or a name. Without -o the file is <warehouse>/reports/account-<account>-statement-<month>.html.
    """
    _make(options, lambda reports: reports.statement(account, month, output))


@report_command.command(
    "site",
    short_help="A site's overview and its runs, linked.",
    epilog=examples("igny8 report site mysite.com --last 20", "igny8 report site 42 -o /srv/reports/42"),
)
@site_argument
@_folder_option
@_last_option
@_jobs_option
@_changed_option
@_balance_option
@_interactive_option
@_making_options
def site_command(site: str, output: Path | None, last: int | None, **options: Any) -> None:
    """Make a site's overview and the reports of its runs, linked to each other."""
    _make(options, lambda reports: reports.site(site, output, last))


@report_command.command(
    "all",
    short_help="Every site, run and account, and an index.",
    epilog=examples("igny8 report all --jobs 2", "igny8 report all -o /srv/reports --last 20 --only-changed"),
)
@_folder_option
@_last_option
@_jobs_option
@_changed_option
@_balance_option
@_interactive_option
@_making_options
def all_command(output: Path | None, last: int | None, **options: Any) -> None:
    """Make every site's and account's reports, each account's last whole month, and an index over all sites."""
    _make(options, lambda reports: reports.all(output, last))


def _make(options: dict[str, Any], work: Callable[[Any], Path]) -> None:
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.reports.make import Options, Reports

    chosen = Options(
        jobs=options.get("jobs", 1),
        is_isolated=options["isolated"],
        is_interactive=options.get("interactive", False),
        only_changed=options.get("only_changed", False),
        is_quiet=options["quiet"],
        with_balance=options.get("with_balance", False),
    )
    with open_warehouse(options["directory"], options["version"]) as warehouse:
        reports = Reports(warehouse, warehouse_directory(options["directory"]), chosen)
        made = work(reports)
    if not options["quiet"]:
        unchanged = len(reports.outcome.unchanged)
        note = f" ({len(reports.outcome.made)} made, {unchanged} unchanged)" if unchanged else ""
        tell(f"{made}{note}")
