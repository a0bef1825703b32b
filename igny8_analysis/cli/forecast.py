"""`igny8 forecast`, `igny8 backtest`, `igny8 explain`: what the next run will cost, how good that is, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igny8_analysis.cli.options import (
    complete_accounts,
    complete_sites,
    examples,
    open_warehouse,
    reading_options,
    site_argument,
)
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.stages import with_label

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

method_option = click.option("--method", metavar="NAME", help="Only this forecast method.")


@click.command(
    "forecast", epilog=examples("igny8 forecast mysite.com", "igny8 forecast 42 --method flow --format json")
)
@site_argument
@method_option
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="STAGE=N",
    help="What if the stage took in at most N; 0 lifts the limit.",
)
@click.option("--off", multiple=True, metavar="STAGE", help="What if the stage were off.")
@click.option("--on", multiple=True, metavar="STAGE", help="What if the stage were on.")
@click.option("--pending", multiple=True, metavar="STAGE=N", help="What if N items waited for the stage.")
@click.option("--credit-limit", metavar="N", help="What if a run stopped at N credits; 0 lifts the limit.")
@click.option(
    "--balance", metavar="N", help="Whether N credits cover the run, and the most articles that they cover."
)
@reading_options
def forecast_command(
    site: str,
    method: str | None,
    limits: tuple[str, ...],
    off: tuple[str, ...],
    on: tuple[str, ...],
    pending: tuple[str, ...],
    credit_limit: str | None,
    balance: str | None,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """Forecast a site's next full run by every method: credits, interval, budget, output, time.

    Four runs in five should cost p80_low to p80_high, nine in ten p90_low to p90_high. A balance of budget_80 covers
    four in five, budget_90 nine in ten. The champion is the method to use; `igny8 sql "from forecast_methods"` tells
    what each does.

    JSON has the rows of forecast_totals under `totals` and of forecast_stages under `stages`.

    With --limit, --off, --on, --pending, --credit-limit or --balance it answers what if: the stages and totals of flow
    with these in place of the site's, and the totals without. A stage goes by number or name.
    """
    from igny8_analysis.cli.output import print_csv, print_json, print_table
    from igny8_analysis.cli.read import COSTS, costs_in_words

    if limits or off or on or pending or credit_limit is not None or balance is not None:
        if method is not None:
            raise UsageError("what if is asked of flow alone: leave --method out")
        asked: dict[str, Any] = {
            "limits": _pairs("--limit", limits), "off": off, "on": on, "pending": _pairs("--pending", pending),
            "credit_limit": credit_limit, "balance": balance,
        }  # fmt: skip
        with open_warehouse(directory, version) as warehouse:
            answer = warehouse.what_if(site, **asked)
        if format_ == "json":
            print_json(answer)
        elif format_ == "csv":
            print_csv(list(answer["stages"][0]), [list(stage.values()) for stage in answer["stages"]])
        else:
            _show_what_if(answer)
        return
    with open_warehouse(directory, version) as warehouse:
        payload = warehouse.forecast(site, method)
        if format_ == "table":
            if method is None:
                print_table(COSTS, costs_in_words(payload["site_id"], warehouse))
            _show_forecast(payload)
    if format_ == "json":
        print_json(payload)
    elif format_ == "csv":
        print_csv(list(payload["totals"][0]), [list(row.values()) for row in payload["totals"]])


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    """STAGE=N of an option that may be repeated. Raises UsageError for what is none."""
    pairs = {}
    for text in given:
        stage, equals, number = text.rpartition("=")
        if not equals:
            raise UsageError(f"{option} takes STAGE=N, not {text!r}")
        if stage in pairs:
            raise UsageError(f"{option} gives stage {stage!r} twice")
        pairs[stage] = number
    return pairs


def _in_words(totals: dict[str, Any]) -> dict[str, Any]:
    """The totals, the lower end of a range that is too wide to be shown as one in words."""
    from igny8_analysis.reports.formats import ALMOST_NOTHING, is_unsure

    unsure = [f"p{n}_low" for n in (80, 90) if is_unsure(totals[f"p{n}_low"], totals[f"p{n}_high"])]
    return totals | dict.fromkeys(unsure, ALMOST_NOTHING)


def _show_what_if(answer: dict[str, Any]) -> None:
    from igny8_analysis.cli.figures import facts
    from igny8_analysis.cli.output import print_table

    columns = list(answer["stages"][0])
    print_table(
        columns,
        [[stage[name] for name in columns] for stage in map(with_label, answer["stages"])],
        "what if, by stage",
    )
    totals, without = _in_words(answer["totals"]), _in_words(answer["without"])
    both = ((name, totals[name], without[name]) for name in totals)
    print_table(("of the run", "with these", "without"), facts(both))
    if answer["balance"] is not None:
        print_table(list(answer["balance"]), [list(answer["balance"].values())], "balance")


def _show_forecast(payload: dict[str, Any]) -> None:
    from igny8_analysis.cli.figures import written
    from igny8_analysis.cli.output import print_table, print_text
    from igny8_analysis.reports.formats import likely_range
    from igny8_analysis.reports.words import WAYS

    totals = payload["totals"]
    columns = [
        "method",
        "is_champion",
        "credits",
        "p80_low",
        "p80_high",
        "p90_low",
        "p90_high",
        "budget_80",
        "budget_90",
        "output",
        "duration_seconds",
    ]
    rows = [[row[column] for column in columns] for row in map(_in_words, totals)]
    as_of = written(payload["as_of"], "as_of")
    print_table(columns, rows, f"next run of site {payload['site_id']}, as of {as_of}")
    records = [
        (
            row["method"],
            f"{WAYS[row['method']]}: {likely_range(row['p80_low'], row['p80_high']) or 'no range yet'}",
            row["track_record"],
        )
        for row in totals
    ]
    print_table(("method", "in words", "its range of 80 %, p80_low to p80_high"), records)
    print_text("A wide range means that the method's own past errors were large.")
    for row in (row for row in totals if row["is_champion"]):
        print_text(f"Use {row['method']}: {row['reason']}.")
        columns = ["stage_number", "expected_items", "credits", "output", "duration_seconds", "basis"]
        rows = [
            [stage[column] for column in columns]
            for stage in payload["stages"]
            if stage["method"] == row["method"]
        ]
        print_table(columns, rows, f"{row['method']}, by stage")


@click.command(
    "backtest",
    epilog=examples(
        "igny8 backtest", "igny8 backtest mysite.com", "igny8 backtest 42 --method flow --format json"
    ),
)
@click.argument("site", required=False, shell_complete=complete_sites)
@method_option
@reading_options
def backtest_command(
    site: str | None, method: str | None, directory: Path | None, version: str | None, format_: str
) -> None:
    """Show how well each method forecast past runs: of SITE, or of all sites together.

    wape is the error as a share of the credits (0.13: off by 13 %), bias its sign (below 0: too low), mae_ratio the
    error beside that of a simple method (below 1: better), coverage the share of runs that stayed in the interval,
    width the interval as a share of the forecast, window the past runs that count: all, or the last 30.

    JSON has these rows of forecast_accuracy under `accuracy` and, for a site, those of forecast_backtest, one a
    past run and method, under `backtest`.
    """
    from igny8_analysis.cli.output import print_csv, print_json, print_table
    from igny8_analysis.forecasts import backtest

    with open_warehouse(directory, version) as warehouse:
        payload = backtest(warehouse, site, method)
        names = warehouse.sql("select * from forecast_accuracy limit 0").columns
    if format_ == "json":
        print_json(payload)
        return
    if format_ == "csv":
        print_csv(names, [list(row.values()) for row in payload["accuracy"]])
        return
    columns = [
        "method",
        "window",
        "n",
        "wape",
        "bias",
        "mae_ratio_last",
        "mae_ratio_mean_10",
        "coverage_80",
        "coverage_90",
        "width_80",
        "width_90",
    ]
    lines = [[row[column] for column in columns] for row in payload["accuracy"]]
    print_table(columns, lines, "all sites" if site is None else f"site {payload['site_id']}")


def complete_site_or_metric(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Sites that begin so; with --account, a METRIC of accounts comes in their place."""
    from click.shell_completion import CompletionItem

    from igny8_analysis.explain import ACCOUNT, ACCOUNT_PAYLOAD, metrics

    if not ctx.params.get("account"):
        return complete_sites(ctx, param, incomplete)
    words = (metric.replace("<n>", "1") for metric in metrics(ACCOUNT_PAYLOAD | ACCOUNT))
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@click.command(
    "explain",
    epilog=examples(
        "igny8 explain mysite.com run_statistics.success_rate_pct",
        "igny8 explain mysite.com spend_forecasts.1.credits",
        "igny8 explain 42 run_20260113_140523_manual efficiency.credits_per_item",
        "igny8 explain 42 run_20260113_140523_manual stages.4.comparison.credit_variance_pct --format json",
        "igny8 explain --account 7 runways.runway_days",
    ),
)
@click.argument("site", required=False, shell_complete=complete_site_or_metric)
@click.argument("run_id_and_metric", nargs=-1, metavar="[RUN_ID] METRIC")
@click.option(
    "--account",
    metavar="ACCOUNT",
    shell_complete=complete_accounts,
    help="A metric of this account instead of a SITE.",
)
@reading_options
def explain_command(
    site: str | None,
    run_id_and_metric: tuple[str, ...],
    account: str | None,
    directory: Path | None,
    version: str | None,
    format_: str,
) -> None:
    """Explain a number: its definition, the SQL file that makes it, its query, the rows that went in, the result, the
    version of the data.

    RUN_ID names a run as for igny8 run. METRIC is the field's path in `igny8 run`'s JSON, or without RUN_ID in
    `igny8 overview`'s, or after `settings.` in `igny8 settings`'s; stages go by number. Columns of these views come
    after the view's name and, where it has several rows of a site, the row's place, as in spend_forecasts.1.credits:
    forecast_totals, forecast_stages, forecast_backtest, forecast_accuracy, spend_forecasts, spend_backtest,
    spend_accuracy, spend_months, cost_changes, price_breaks, price_effects, unusual_runs, site_figures, publishing and
    alerts. With --account, it is the path in `igny8 account`'s JSON (months.1.run_credits), or one of an account's rows
    of spend_forecasts, spend_backtest, spend_accuracy, spend_months, runways, cost_changes (its sites') and alerts.
    """
    from igny8_analysis.cli.figures import written
    from igny8_analysis.cli.output import print_csv, print_json, print_table

    if account is not None and (site is None or run_id_and_metric):
        raise UsageError("explain --account ACCOUNT takes no SITE, and one METRIC")
    if site is None or (account is None and len(run_id_and_metric) not in (1, 2)):
        raise UsageError("explain takes SITE, perhaps a RUN_ID, and one METRIC")
    with open_warehouse(directory, version) as warehouse:
        if account is not None:
            explanation = warehouse.explain_account(account, metric=site)
        else:
            run_id = run_id_and_metric[0] if len(run_id_and_metric) == 2 else None
            explanation = warehouse.explain(site, run_id, run_id_and_metric[-1])
    if format_ == "json":
        print_json(explanation.to_dict())
        return
    columns = list(explanation.rows[0]) if explanation.rows else ["row"]
    rows = [list(row.values()) for row in explanation.rows]
    if format_ == "csv":
        print_csv(columns, rows)
        return
    print_table(
        ("field", "value"),
        [
            ("metric", explanation.metric),
            ("result", written(explanation.result, explanation.metric)),
            ("definition", explanation.definition),
            ("of", explanation.grain),
            ("file", explanation.file),
            ("query", explanation.query),
            ("rows from", explanation.rows_query),
            ("version", explanation.version),
        ],
    )
    shown, in_all = len(rows), explanation.rows_in_all
    counted = "the row" if in_all == 1 else f"the {in_all:,} rows"
    title = f"{counted} that went in" + (f", {shown:,} of them" if shown < in_all else "")
    print_table(columns, rows, title)
