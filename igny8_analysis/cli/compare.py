"""`igny8 compare`: two runs of a site side by side."""

from pathlib import Path
from typing import Any

import click

from igny8_analysis.cli.figures import facts, short
from igny8_analysis.cli.options import examples, open_warehouse, reading_options, site_argument
from igny8_analysis.reports.words import DIFFERENCES, why_it_differs
from igny8_analysis.stages import with_label

STAGE_COLUMNS = {
    "stage_number": "stage",
    "stage_name": "name",
    "items_processed_a": "items A",
    "items_processed_b": "items B",
    "credits_used_a": "credits A",
    "credits_used_b": "credits B",
    "credits_difference": "difference",
    "volume_credits": "volume",
    "rate_credits": "rate",
    "duration_seconds_a": "duration A",
    "duration_seconds_b": "duration B",
    "duration_difference_seconds": "duration difference",
}

SPARE = ("duration difference", "duration A", "duration B", "items A", "items B", "stage")


@click.command(
    "compare",
    epilog=examples(
        "igny8 compare mysite.com 297 298",
        "igny8 compare 42 run_20260112_140000_manual run_20260113_140523_manual --format json",
    ),
)
@site_argument
@click.argument("run_a")
@click.argument("run_b")
@reading_options
def compare_command(
    site: str, run_a: str, run_b: str, directory: Path | None, version: str | None, format_: str
) -> None:
    """Show RUN_B beside RUN_A, stage by stage: items, credits, duration.

    The difference in credits is split into volume (more or fewer items, at A's credits per item) and rate (dearer or
    cheaper items). Runs are named as for igny8 run. Exit status 3 where the site or a run is not found.
    """
    from igny8_analysis.cli.output import print_json, print_rows

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.compare_runs(site, run_a, run_b)
    if format_ == "json":
        print_json(payload)
    elif format_ == "csv":
        columns = list(payload["stages"][0])
        print_rows(columns, [list(stage.values()) for stage in payload["stages"]], "csv")
    else:
        _show(payload)


def _show(payload: dict[str, Any]) -> None:
    from igny8_analysis.cli.output import print_table, print_text

    a, b = payload["run_a"], payload["run_b"]
    names = [short(run["run_title"]) for run in (a, b)]
    differences = (payload["totals"][part] for part in DIFFERENCES)
    print_text(why_it_differs(names[0], names[1], a["total_credits_used"], *differences))
    print_table(("run", "A", "B"), facts((name, a[name], b[name]) for name in a))
    rows = [[stage[name] for name in STAGE_COLUMNS] for stage in map(with_label, payload["stages"])]
    totals = {"stage_name": "Total", "credits_used_a": a["total_credits_used"]}
    totals |= {"credits_used_b": b["total_credits_used"], **payload["totals"]}
    rows.append([totals.get(name) for name in STAGE_COLUMNS])
    print_table(list(STAGE_COLUMNS.values()), rows, spare=SPARE)
