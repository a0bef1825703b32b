"""`igny8 compare`: two runs of a site side by side."""

from pathlib import Path
from typing import Any

import click

from igny8_analysis.cli.figures import facts, short
from igny8_analysis.cli.options import examples, open_warehouse, reading_options, site_argument
from igny8_analysis.reports.formats import number, signed
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
    print_text(_sentence(a, b, payload["totals"]))
    print_table(("run", "A", "B"), facts((name, a[name], b[name]) for name in a))
    rows = [[stage[name] for name in STAGE_COLUMNS] for stage in map(with_label, payload["stages"])]
    totals = {"stage_name": "Total", "credits_used_a": a["total_credits_used"]}
    totals |= {"credits_used_b": b["total_credits_used"], **payload["totals"]}
    rows.append([totals.get(name) for name in STAGE_COLUMNS])
    print_table(list(STAGE_COLUMNS.values()), rows, spare=SPARE)


def _sentence(a: dict[str, Any], b: dict[str, Any], totals: dict[str, Any]) -> str:
    """How many credits more or fewer B cost than A, and what made that."""
    names = [short(run["run_title"]) for run in (b, a)]
    difference = totals["credits_difference"]
    if number(difference) == "0":
        return f"{names[0]} cost as much as {names[1]}: {number(a['total_credits_used'])} credits."
    volume, rate = totals["volume_credits"] or 0, totals["rate_credits"] or 0
    parts = [
        (volume, "more items" if volume > 0 else "fewer items"),
        (rate, "dearer ones" if rate > 0 else "cheaper ones"),
        (difference - volume - rate, "what no stage accounts for"),
    ]
    told = [
        f"{signed(credits)} for {what}"
        for credits, what in sorted(parts, key=lambda part: -abs(part[0]))
        if number(credits) != "0"
    ]
    direction = "more" if difference > 0 else "fewer"
    return (
        f"{names[0]} cost {number(abs(difference))} credits {direction} than {names[1]}: {', '.join(told)}."
    )
