"""`igny8 overview`, `igny8 history`, `igny8 run`, `igny8 sites`: the payloads, and finding a site."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igny8_analysis.cli.options import examples, open_warehouse, reading_options, site_argument
from igny8_analysis.stages import with_label
from igny8_analysis.text import counted

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

Payload = dict[str, Any]
RUN_SPARE = ("error", "historical_avg_items", "items_variance_pct", "historical_avg_credits", "items_created")
# Of a page of runs: how many credits more or fewer than usual each cost.
DIFFERENCES = """
select difference_credits, credits_change_pct
from run_history
where site_id = $site_id
order by started_at desc, id desc
limit $n offset $before
"""
DIFFERENCE_COLUMNS = ("difference", "change_pct")
COSTS = ("what it will cost", "")
HISTORY_SPARE = (
    "stages_failed",
    "stages_completed",
    "items_processed",
    "trigger_type",
    "items_created",
    "run_id",
)


@click.command(
    "overview",
    epilog=examples("igny8 overview mysite.com", "igny8 overview 42 --format json --warehouse /srv/igny8"),
)
@site_argument
@reading_options
def overview_command(site: str, directory: Path | None, version: str | None, format_: str) -> None:
    """Show a site: in a few sentences, what its next run and its whole queue will cost, its statistics and averages.

    SITE is an id or a domain; an id wins.
    """
    from igny8_analysis.cli.output import print_payload

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.overview_stats(site)
        if format_ == "table":
            _show_overview(payload, warehouse)
            return
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
    """List a site's runs, most recent first, each with the number by which other commands name it."""
    from igny8_analysis.cli.figures import short
    from igny8_analysis.cli.output import flat, print_csv, print_json, print_table

    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.history(site, page, page_size)
        of_page = {"site_id": warehouse.resolve_site(site), "n": page_size, "before": (page - 1) * page_size}
        beside = (
            warehouse.sql(DIFFERENCES, of_page).fetchall() if format_ == "table" and payload["runs"] else []
        )
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
    if format_ == "csv":
        print_csv(names, [[row.get(column) for column in columns] for row in rows])
        return
    pages, runs = payload["pagination"]["total_pages"], payload["pagination"]["total_count"]
    if not runs:
        click.echo("The site has no runs.")
        return
    if not rows:
        click.echo(
            f"Page {page:,} is empty: there {'is' if pages == 1 else 'are'} {counted(pages, 'page')}, "
            f"{counted(runs, 'run')}."
        )
        return
    label = short(rows[0]["run_title"].rpartition(" #")[0])
    credits = names.index("total_credits_used") + 1
    names = ["run", *names[1:credits], *DIFFERENCE_COLUMNS, *names[credits:]]
    lines = []
    for row, differences in zip(rows, beside, strict=True):
        values = [row.get(column) for column in columns]
        lines.append([f"#{row['run_number']}", *values[1:credits], *differences, *values[credits:]])
    title = f"{label}: page {page:,} of {pages:,}, {counted(runs, 'run')}"
    print_table(names, lines, title, spare=HISTORY_SPARE)


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


def _show_overview(payload: Payload, warehouse: "Warehouse") -> None:
    from igny8_analysis.cli.figures import facts, short, written
    from igny8_analysis.cli.output import print_table, print_text

    site = payload["site"]
    sentences = warehouse.brief(site["site_id"])["sentences"]
    costs = costs_in_words(site["site_id"], warehouse)
    ((buffer_pct,),) = warehouse.sql("select buffer_pct from parameters").fetchall()
    for sentence in sentences:
        print_text(sentence["text"])
    print_table(COSTS, costs)
    prediction = payload["predictive_analysis"]
    totals = prediction["totals"]
    columns = list(prediction["stages"][0])
    rows = [list(with_label(stage).values()) for stage in prediction["stages"]]
    rows.append([None, "Total", *list(totals.values())[:3], None])
    print_table(columns, rows, "the whole queue, by stage")
    print_text(
        f"IGNY8 starts a run where the balance covers its own estimate plus {buffer_pct} %, "
        f"of the whole queue that would be {totals['recommended_buffer_credits']:,} more."
    )
    as_of = written(payload["as_of"], "as_of")
    title = f"{short(site['domain'] or site['name'])} (site {site['site_id']}), as of {as_of}"
    print_table(("run statistics", "value"), facts(payload["run_statistics"].items()), title)
    attention = dict(payload["attention_items"])
    unrecognised = attention.pop("unrecognised_statuses")
    rows = [[name, items] for name, items in attention.items()]
    rows += [[f"unrecognised: {row['entity']} {row['status']}", row["items"]] for row in unrecognised]
    print_table(("attention", "items"), rows)
    averages = dict(payload["historical_averages"])
    stages = averages.pop("stages")
    print_table(("historical averages", "value"), facts(averages.items()))
    print_table(list(stages[0]), [list(with_label(stage).values()) for stage in stages])


def costs_in_words(site_id: int, warehouse: "Warehouse") -> list[tuple[str, str]]:
    """What the next run will cost by its best forecast, and what the whole queue, each a row of COSTS."""
    from igny8_analysis.reports.formats import likely_range, number
    from igny8_analysis.reports.words import WAYS

    ((credits, runs, articles, rests_as),) = warehouse.sql(
        "select f.total_estimated_credits, f.queue_runs, f.pending_articles, s.rests_as "
        "from site_figures as f join sites as s on s.site_id = f.site_id where f.site_id = $site_id",
        {"site_id": site_id},
    ).fetchall()
    lines = [
        (
            "the next run",
            (f"the site is {rests_as}; a run would cost " if rests_as else "")
            + f"about {counted(number(row['credits']), 'credit')}"
            + (f", {likely}" if (likely := likely_range(row["p80_low"], row["p80_high"])) else "")
            + f" ({WAYS[row['method']]})",
        )
        for row in warehouse.forecast(site_id)["totals"]
        if row["is_champion"] and row["credits"] is not None
    ]
    cost = counted(number(credits), "credit")
    queue = f"about {cost} for {counted(number(articles), 'article')}"
    if runs:
        queue += ", no more than one run costs" if runs == 1 else f", some {number(runs)} runs"
    return [*lines, ("the whole queue", f"{queue} ({WAYS['original']})")]


def _show_run(payload: Payload) -> None:
    from igny8_analysis.cli.figures import facts, short
    from igny8_analysis.cli.output import flat, print_table

    run = dict(payload["run"])
    print_table(("run", "value"), facts(run.items()), short(run["run_title"]))
    stages = [flat(with_label(stage)) for stage in payload["stages"]]
    columns = [name.removeprefix("comparison.") for name in stages[0]]
    print_table(columns, [list(stage.values()) for stage in stages], spare=RUN_SPARE)
    print_table(("efficiency", "value"), facts(payload["efficiency"].items()))
    print_table(("baseline", "value"), facts(payload["historical_comparison"].items()))
    if payload["insights"]:
        print_table(
            ("severity", "type", "insight"),
            [(i["severity"], i["type"], i["message"]) for i in map(with_label, payload["insights"])],
        )
