"""`igny8 overview`, `igny8 history`, `igny8 run`, `igny8 sites`: the payloads, and finding a site."""

from pathlib import Path
from typing import Any

import click

from igny8_analysis.cli.options import examples, open_warehouse, reading_options, site_argument
from igny8_analysis.stages import with_label

Payload = dict[str, Any]


@click.command(
    "overview",
    epilog=examples("igny8 overview mysite.com", "igny8 overview 42 --format json --warehouse /srv/igny8"),
)
@site_argument
@reading_options
def overview_command(site: str, directory: Path | None, version: str | None, format_: str) -> None:
    """Show a site's statistics, prediction, attention items and averages.

    SITE is an id or a domain; an id wins.
    """
    from igny8_analysis.cli.output import print_payload

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.overview_stats(site)
    if format_ == "table":
        _show_overview(payload)
    else:
        print_payload(payload, format_)


@click.command(
    "history",
    epilog=examples("igny8 history mysite.com", "igny8 history 42 --page 2 --page-size 50 --format json"),
)
@site_argument
@click.option("--page", type=int, default=1, show_default=True, help="Page, from 1.")
@click.option("--page-size", type=int, default=20, show_default=True, help="Runs a page, 1 to 100.")
@reading_options
def history_command(
    site: str, page: int, page_size: int, directory: Path | None, version: str | None, format_: str
) -> None:
    """List a site's runs, most recent first."""
    from igny8_analysis.cli.output import flat, print_json, print_rows

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.history(site, page, page_size)
    if format_ == "json":
        print_json(payload)
        return
    rows = [flat(run) for run in payload["runs"]]
    columns = [
        "run_title",
        "run_id",
        "status",
        "trigger_type",
        "started_at",
        "duration_seconds",
        "total_credits_used",
        "summary.items_processed",
        "summary.items_created",
        "stages_completed",
        "stages_failed",
    ]
    names = [column.removeprefix("summary.") for column in columns]
    page_of = payload["pagination"]
    title = f"page {page_of['page']} of {page_of['total_pages']}, {page_of['total_count']:,} runs"
    print_rows(names, [[row.get(column) for column in columns] for row in rows], format_, title)


@click.command(
    "run",
    epilog=examples(
        "igny8 run mysite.com latest",
        "igny8 run mysite.com 298",
        "igny8 run 42 run_20260113_140523_manual --format json",
    ),
)
@site_argument
@click.argument("run_id")
@reading_options
def run_command(site: str, run_id: str, directory: Path | None, version: str | None, format_: str) -> None:
    """Show one run: its stages beside their baseline, its efficiency and its insights.

    RUN_ID is a run_id, a number as titles show it (298, #298), `latest`, or the first 8 or more characters of a run_id.
    """
    from igny8_analysis.cli.output import print_payload

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.run_detail(site, run_id)
    if format_ == "table":
        _show_run(payload)
    else:
        print_payload(payload, format_)


@click.command(
    "sites", epilog=examples("igny8 sites", "igny8 sites bakery", "igny8 sites --deleted --format csv")
)
@click.argument("part", default="")
@click.option("--deleted", is_flag=True, help="Deleted sites too, and those of deleted accounts.")
@reading_options
def sites_command(
    part: str, deleted: bool, directory: Path | None, version: str | None, format_: str
) -> None:
    """List the sites, or those with PART in their name, domain or id."""
    from igny8_analysis.cli.output import print_rows

    with open_warehouse(directory, version) as warehouse:
        sites = warehouse.sql(
            f"""
            select s.site_id, s.domain, s.name, s.account_id, s.account_name, r.total_runs, r.total_credits_used
                {", not s.is_live as is_deleted" if deleted else ""}
            from sites as s
            join run_statistics as r on r.site_id = s.site_id
            where contains(lower(concat_ws(' ', s.site_id, s.domain, s.name)), lower($part))
                and (s.is_live or $deleted)
            order by s.site_id
            """,
            {"part": part, "deleted": deleted},
        )
        columns, rows = sites.columns, sites.fetchall()
    print_rows(columns, rows, format_)
    if not rows and format_ == "table":
        click.echo(f"No site has {part!r} in its name, domain or id.")


def _show_overview(payload: Payload) -> None:
    from igny8_analysis.cli.output import print_table

    site = payload["site"]
    print_table(
        ("run statistics", "value"),
        payload["run_statistics"].items(),
        f"{site['domain'] or site['name']} (site {site['site_id']}), as of {payload['as_of']}",
    )
    prediction = payload["predictive_analysis"]
    columns = list(prediction["stages"][0])
    totals = prediction["totals"]
    total = ["", "Total", *list(totals.values())[:3], f"buffer {totals['recommended_buffer_credits']:,}"]
    rows = [list(with_label(stage).values()) for stage in prediction["stages"]]
    print_table(
        columns, [*rows, total], f"prediction for the whole queue, confidence {prediction['confidence']}"
    )
    click.echo(
        "That is the whole queue. IGNY8 starts a run where the balance covers its own estimate plus 20 %;"
    )
    click.echo("what the next run will cost: igny8 forecast.")
    attention = dict(payload["attention_items"])
    unrecognised = attention.pop("unrecognised_statuses")
    rows = [[name, items] for name, items in attention.items()]
    rows += [[f"unrecognised: {row['entity']} {row['status']}", row["items"]] for row in unrecognised]
    print_table(("attention", "items"), rows)
    averages = dict(payload["historical_averages"])
    stages = averages.pop("stages")
    print_table(("historical averages", "value"), averages.items())
    print_table(list(stages[0]), [list(with_label(stage).values()) for stage in stages])


def _show_run(payload: Payload) -> None:
    from igny8_analysis.cli.output import flat, print_table

    run = dict(payload["run"])
    print_table(("run", "value"), run.items(), run["run_title"])
    stages = [flat(with_label(stage)) for stage in payload["stages"]]
    columns = [name.removeprefix("comparison.") for name in stages[0]]
    print_table(columns, [list(stage.values()) for stage in stages])
    print_table(("efficiency", "value"), payload["efficiency"].items())
    print_table(("baseline", "value"), payload["historical_comparison"].items())
    if payload["insights"]:
        print_table(
            ("severity", "type", "insight"),
            [(i["severity"], i["type"], i["message"]) for i in payload["insights"]],
        )
