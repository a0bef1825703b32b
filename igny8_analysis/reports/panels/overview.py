"""The panels of a site's overview, in reading order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from igny8_analysis import charts
from igny8_analysis.charts.credits_per_run import NARROW_RUNS
from igny8_analysis.payloads import rounded_decimal
from igny8_analysis.reports import formats, words
from igny8_analysis.reports.names import HISTORY_LIMIT, run_file
from igny8_analysis.reports.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows

# What to do about one item of each kind of attention, and about more; the count's column names it.
ATTENTION = {
    "skipped_ideas": (
        ("skipped idea", "Review it in the idea list: queue it if it is worth writing, else delete it."),
        ("skipped ideas", "Review them in the idea list: queue those worth writing, delete the rest."),
    ),
    "failed_content": (
        ("failed article", "Open it, read its error, and write or publish it again."),
        ("failed articles", "Open each, read its error, and write or publish it again."),
    ),
    "failed_images": (
        ("failed image", "Start image generation again for its article; check the prompt if it fails twice."),
        (
            "failed images",
            "Start image generation again for their articles; check the prompts that fail twice.",
        ),
    ),
}
UNRECOGNISED = "Such items are counted, but not as waiting. Tell whoever runs the analysis."

# What the script of `what_if` says; `{}` is a figure.
WHAT_IF = {
    "cost": "Such a run would cost about {} credits.",
    "likely": f"{formats.LIKELY.capitalize()}.",
    "likely_one": f"{formats.LIKELY_ONE.capitalize()}.",
    "unsure": "Between almost nothing and {}: too little is known yet.",
    "have": "Have {} ready: enough in nine of ten cases.",
    "nine": "A balance of {} is enough in nine of ten cases.",
    "four": "A balance of {} is enough in four of five cases.",
    "most": "A balance of {} is not enough: it covers a run of at most {} articles.",
    "one": "A balance of {} is not enough: it covers a run of at most one article.",
    "none": "A balance of {} is not enough: it does not cover a run of even one article.",
    "unknown": "Whether a balance of {} is enough cannot be said yet: too few runs.",
    "now": "As things stand it would cost about {}.",
    "wrong": "Articles take a whole number from 0 on, the balance any number from 0 on.",
    "off": "switched off",
    "stop": "the run's credit limit",
    "limit": "its limit",
    "learned": "where its runs usually stop",
    "free": "",
}
WHAT_IF_STAGE = (
    "stage_number", "fed_by", "items_waiting", "flow_share", "output_ratio", "price", "item_limit",
    "learned_limit", "is_on",
)  # fmt: skip
WHAT_IF_RUN = ("credits_per_stage_credit", "credit_limit", "size_80", "log_80", "log_90")


def header(report: Report, rows: Rows) -> Panel:
    """Show whose overview this is, and the instant and version of its data."""
    account_link = next((link for link in report.links if link.startswith("../account-")), None)
    return render(
        "overview_header.html.j2",
        rows,
        site=rows.first,
        has_index="../index.html" in report.links,
        account_link=account_link,
    )


def brief(report: Report, account: Rows) -> Panel:
    """Show the site in a few sentences; of the account in `account`, where there is one, how long the balance lasts."""
    sentences = report.warehouse.brief(site=report.parameters["site_id"])["sentences"]
    if not any("brief_balance" in sentence["query"] for sentence in sentences):
        sentences += [
            sentence
            for row in account
            if row["account_id"] is not None
            for sentence in report.warehouse.brief(account=row["account_id"])["sentences"]
            if "brief_balance" in sentence["query"]
        ]
    return render("brief.html.j2", sentences=sentences)


def attention(rows: Rows, alerts: Rows) -> Panel:
    """Show what waits for a person, each with what to do; nothing where there is nothing.

    Failed items are told by their counts in `rows`, not again by an alert.
    """
    first = rows.first
    known = [
        (first[column], *(one if first[column] == 1 else many))
        for column, (one, many) in ATTENTION.items()
        if first[column]
    ]
    unknown = [row for row in rows if row["status"] is not None]
    return render(
        "attention.html.j2",
        rows,
        alerts=[row for row in alerts if row["alert"] != "items_failed"],
        advice=words.ADVICE,
        known=known,
        unknown=unknown,
        unrecognised=UNRECOGNISED,
    )


def run_statistics(rows: Rows) -> Panel:
    """Show the run statistics as tiles; those of a window beside the window before."""
    return render("run_statistics.html.j2", rows, site=rows.first, statuses=(*words.RUN_STATUSES, "other"))


def what_it_will_cost(rows: Rows, queue: Rows, stages: Rows, balance: Rows) -> Panel:
    """Show what the next run will cost, by stage and in all; below it the whole queue, and how good forecasts were.

    `rows` are the forecasts by every method, the champion first; `balance` is empty where it is not to be shown.
    """
    champion = next((row for row in rows if row["is_champion"]), None)
    title = f"{'A run' if queue.first['rests_as'] else 'The next run'}, by stage"
    total = champion["credits"] if champion else None
    chart = charts.stage_credits(stages, "credits", total, title, "next-run")
    return render(
        "what_it_will_cost.html.j2",
        rows,
        champion=champion,
        likely=champion and formats.likely_range(champion["p80_low"], champion["p80_high"]),
        to_have=champion and _to_have(champion),
        held=_held(stages),
        methods=[
            row
            | {
                "range": formats.likely_range(row["p80_low"], row["p80_high"]).removeprefix(
                    "in four of five cases "
                )
            }
            for row in rows
        ],
        ways=words.WAYS,
        why_chosen=champion and champion["reason"].replace("flow", f"“{words.WAYS['flow']}”"),
        chart=chart,
        queue=queue,
        totals=queue.first,
        articles=queue.first["pending_articles"],
        balance=balance.first if balance else None,
    )


def what_if(rows: Rows, balance: Rows) -> Panel:
    """Show a form that reckons the next run under other limits; hidden until its script runs.

    `rows` are what the live flow rests on, one a stage; `balance` is empty where it is not to be shown. Nothing where
    nothing waits.
    """
    first = rows.first
    writing = next(place for place, row in enumerate(rows) if row["makes"] == "articles")
    told = {
        "stages": [{name: _plain(row[name]) for name in WHAT_IF_STAGE} for row in rows],
        "writing": writing,
        "run": {name: _plain(first[name]) for name in WHAT_IF_RUN},
        "widest": formats.WIDEST_RANGE,
        "words": WHAT_IF,
    }
    credits = balance.first["available_credits"] if balance else None
    return render(
        "what_if.html.j2",
        rows,
        told=json.dumps(told, separators=(",", ":")),
        waits=any(row["items_waiting"] for row in rows),
        balance=None if credits is None else max(rounded_decimal(credits, 0), 0),
        limit=rows[writing]["item_limit"],
        has_off=any(row["is_on"] is False for row in rows),
    )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _to_have(champion: dict[str, Any]) -> int | None:
    """Return the balance that covers nine runs of ten, in whole credits; None where too little is known of it."""
    low, high, budget = (champion[name] for name in ("p80_low", "p80_high", "budget_90"))
    return None if budget is None or formats.is_unsure(low, high) else ceil(rounded_decimal(budget, 9))


def _held(stages: Rows) -> list[str]:
    """Return in sentences what keeps the next run from taking in all that waits: settings, and the site's habit."""

    def most(by: str) -> list[str]:
        found = [row for row in stages if row["bound_by"] == by]
        return [f"{formats.number(row['items_limit'])} {row['takes_in']}" for row in found]

    off = [row["stage_name"] for row in stages if row["bound_by"] == "off"]
    settings = [
        *([f"takes in at most {words.listed(most('limit'))}"] if most("limit") else []),
        *([f"leaves out {words.listed(off)}"] if off else []),
        *(
            [f"stops at {formats.number(stages.first['credit_limit'])} credits"]
            if any(row["bound_by"] == "credit limit" for row in stages)
            else []
        ),
    ]
    return [
        *([f"By the site's settings a run {words.listed(settings)}."] if settings else []),
        *(
            [f"Its runs usually take in no more than {words.listed(most('learned limit'))}."]
            if most("learned limit")
            else []
        ),
    ]


def run_history(report: Report, rows: Rows) -> Panel:
    """Show the runs, newest first, as a table to sort, filter and page; titles of made reports are links."""
    files = {
        row["id"]: run_file(row["run_number"], row["id"], is_shared=row["shares_number"])
        for row in rows
        if row["id"] in report.linked
    }
    unusual = {row["id"] for row in rows if row["is_unusual"]}
    without = [row["id"] not in files for row in rows]
    total = rows.first["total_runs"] if rows else 0
    label = rows.first["run_title"].rpartition(" #")[0] if rows else ""
    return render(
        "run_history.html.j2",
        rows,
        files=files,
        unusual=unusual,
        total=total,
        limit=HISTORY_LIMIT,
        label=label,
        missing=sum(without),
        are_older=without == sorted(without),
    )


def trends(report: Report, rows: Rows, breaks: Rows) -> Panel:
    """Show credits, credits per article and duration run by run, against what was known when each began.

    `breaks` are the site's price breaks, each a rule in the drawing of credits.
    """
    oldest_first = Rows(reversed(rows), rows.query)
    files = {
        row["id"]: run_file(row["run_number"], row["id"], is_shared=row["shares_number"])
        for row in rows
        if row["id"] in report.linked
    }
    drawn = [
        charts.credits_per_run(oldest_first, "Credits per run", breaks, files),
        charts.run_measure(
            oldest_first, "credits_per_article", "Credits per article", "credits", formats.rate, files
        ),
        charts.run_measure(oldest_first, "duration_seconds", "Duration", "", formats.duration, files),
    ]
    linked = charts.linked_trends(oldest_first, breaks) if report.is_interactive and rows else None
    return render(
        "trends.html.j2",
        rows,
        total=rows.first["runs_in_all"] if rows else 0,
        narrow=NARROW_RUNS,
        charts=[chart for chart in drawn if chart],
        linked=linked,
        drawn=_drawn(oldest_first, breaks),
        drawn_narrow=_drawn(oldest_first[-NARROW_RUNS:], breaks),
    )


def _drawn(oldest_first: Sequence[dict[str, Any]], breaks: Rows) -> set[str]:
    """Return which kinds of mark the drawing of these runs holds; a baseline known of one run alone is no line."""
    kinds = {charts.shown_status(row) for row in oldest_first}
    if sum(row["baseline_avg_credits"] is not None for row in oldest_first) > 1:
        kinds.add("baseline")
    if any(row["is_unusual"] for row in oldest_first):
        kinds.add("unusual")
    if any(row["since"] >= first["started_at"] for first in oldest_first[:1] for row in breaks):
        kinds.add("price")
    return kinds


def pending_history(rows: Rows) -> Panel:
    """Show how many items waited at each stage, load after load."""
    return render("pending_history.html.j2", rows, chart=charts.pending_over_loads(rows))


def stage_history(rows: Rows) -> Panel:
    """Show each stage's averages over the analyzed runs, with a small drawing of what it cost in each."""
    drawn = {row["stage_number"]: _recent(row) for row in rows}
    return render("stage_history.html.j2", rows, charts=drawn)


def data_quality(report: Report, rows: Rows) -> Panel:
    """Show what the checks found, a sentence each."""
    return render(
        "data_quality.html.j2",
        rows,
        finding=words.finding,
        severities=words.SEVERITIES,
        site_id=report.parameters["site_id"],
    )


def _recent(row: dict[str, Any]) -> charts.Chart | None:
    credits, items = row["recent_credits"] or [], row["recent_items"] or []
    measured, unit = (credits, "credits") if any(credits) else (items, "items")
    return charts.stage_recent(row["stage_number"], row["stage_name"], measured, unit)
