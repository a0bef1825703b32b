"""`igny8 quality`: what a load found wrong with its data, and whether all of the source arrived."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from igny8_analysis.cli.options import complete_sites, examples, open_warehouse, reading_options
from igny8_analysis.text import counted

FINDINGS = """
select severity, check_name, site_id, id, run_id, stage_number, detail
from data_quality
where $site_id is null or site_id = $site_id
order by severity_rank, check_name, site_id, id, stage_number, detail
"""
SEVERITIES = {"error": "error", "warning": "warning", "info": "note"}
QUARANTINE = "select source_table, row_key, reason from lake.quarantine order by source_table, row_number"


@click.command(
    "quality",
    epilog=examples(
        "igny8 quality",
        "igny8 quality mysite.com --format csv > findings.csv",
        "igny8 quality --strict --quiet",
    ),
)
@click.argument("site", required=False, shell_complete=complete_sites)
@click.option("--strict", is_flag=True, help="Exit with 1 if there are errors or quarantined rows.")
@click.option("--quiet", is_flag=True, help="Print nothing; for --strict.")
@reading_options
@click.pass_context
def quality_command(
    context: click.Context,
    site: str | None,
    strict: bool,
    quiet: bool,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """Show the load's reconciliation with its source, and the data quality findings of all sites or of SITE.

    docs/words.md says what each check means. As CSV: the findings alone. Quarantined rows belong to no site: they show
    where no SITE is named.
    """
    with open_warehouse(directory, version) as warehouse:
        site_id = None if site is None else warehouse.resolve_site(site)
        findings = warehouse.sql(FINDINGS, {"site_id": site_id})
        columns, rows = findings.columns, findings.fetchall()
        quarantined = [] if site else warehouse.sql(QUARANTINE).fetchall()
        manifest = warehouse.manifest
    if not quiet:
        _show(manifest, columns, rows, quarantined, format_)
    if strict and (quarantined or any(severity == "error" for severity, *_ in rows)):
        context.exit(1)


def _show(
    manifest: dict[str, Any],
    columns: list[str],
    findings: list[tuple[Any, ...]],
    quarantined: list[tuple[Any, ...]],
    format_: str,
) -> None:
    from igny8_analysis.cli.figures import facts
    from igny8_analysis.cli.output import print_csv, print_json, print_table, print_text
    from igny8_analysis.reports.words import FINDINGS as KNOWN
    from igny8_analysis.reports.words import finding

    load = {
        "version": manifest["version"],
        "as_of": manifest["as_of"],
        "source": manifest["source"]["kind"],
        "missing": manifest["source"]["missing"],
        "duration_seconds": manifest["duration_seconds"],
    }
    measures = [{"measure": name} | counts for name, counts in manifest["reconciliation"].items()]
    quarantine_columns = ("source_table", "row_key", "reason")
    if format_ == "json":
        print_json(
            {
                "load": load,
                "reconciliation": measures,
                "quarantine": [dict(zip(quarantine_columns, row, strict=True)) for row in quarantined],
                "findings": [dict(zip(columns, row, strict=True)) for row in findings],
            }
        )
    elif format_ == "csv":
        print_csv(columns, findings)
    else:
        print_table(("load", "value"), facts(load.items()))
        print_table(list(measures[0]), [list(measure.values()) for measure in measures], "reconciliation")
        if quarantined:
            print_table(quarantine_columns, quarantined, "quarantine")
        if findings:
            spare = ["stage_number", "id", "site_id" if len({row[2] for row in findings}) == 1 else "run_id"]
            print_table(columns, findings, "findings", spare=spare)
        groups = Counter((severity, check) for severity, check, *_ in findings)
        print_table(
            ("severity", "check_name", "findings", "in words"),
            [
                (
                    severity,
                    check,
                    n,
                    finding({"check_name": check, "findings": n}) if check in KNOWN else None,
                )
                for (severity, check), n in groups.items()
            ],
        )
        print_text(_summary(Counter(severity for severity, *_ in findings), len(quarantined)))


def _summary(severities: Counter[str], quarantined: int) -> str:
    """How many findings there are of each severity, and rows in quarantine."""
    found = [counted(severities[severity], one) for severity, one in SEVERITIES.items()]
    return f"In all: {', '.join(found)}; {counted(quarantined, 'row')} in quarantine."
