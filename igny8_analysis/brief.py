"""In a few sentences: what a site or an account made, what it cost and why, what comes next, and who is needed.

Each sentence is made of one query's values, rounded as they are printed; every number in its text is among them.
"""

import calendar
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from igny8_analysis.payloads import execute
from igny8_analysis.reports.formats import between
from igny8_analysis.text import counted, shortened

Row = dict[str, Any]
Values = dict[str, Any]
Payload = dict[str, Any]

SMALL_DIFFERENCE_PCT = 5
SMALL_DIFFERENCE = 5
LONGEST_NAME = 60
_read_text = json.JSONDecoder(parse_float=lambda digits: int(Decimal(digits))).decode  # all are whole

NUMBERS = {"why": "cause_number", "alerts": "alert_number"}
"""Of sentences told of several rows: the column that puts these in order."""

# How many of each alert there are, in words: for one, and for several.
ALERTS_COUNTED = {
    "run_failed": ("the latest run that ended has failed", "the latest ended runs of {} sites have failed"),
    "run_stale": ("a run has not ended", "runs of {} sites have not ended"),
    "run_unusual": (
        "a run cost far more or less than runs usually do",
        "{} runs cost far more or less than runs usually do",
    ),
    "price_changed": ("the price of a stage has risen", "prices of {} stages have risen"),
    "cost_risen": ("an article costs more than before", "at {} sites an article costs more than before"),
    "balance_short": ("the balance does not cover the next runs", "{} balances do not cover the next runs"),
    "balance_ends": ("the balance ends within a week", "{} balances end within a week"),
    "items_failed": ("articles or images have failed", "articles or images of {} sites have failed"),
    "schedule_missed": ("a scheduled run has not started", "scheduled runs of {} sites have not started"),
    "data_errors": ("the data has errors", "the data of {} sites has errors"),
}


class Brief(Payload):
    """The sentences as a dict, `{"sentences": […]}`, which shows itself in a notebook as the report's panel."""

    def _repr_html_(self) -> str:
        from igny8_analysis.reports.panel import render, style

        panel = render("brief.html.j2", sentences=self["sentences"])
        return f'{style()._repr_html_()}<div class="igny8">{panel.html}</div>'


@dataclass(frozen=True)
class _Owner:
    """Whose brief it is: the name to call it by."""

    name: str
    is_account: bool


def of_site(connection: duckdb.DuckDBPyConnection, site_id: int) -> Payload | None:
    """At most six sentences about a site: `{"sentences": [{text, panel, query, values}]}`; None for no such site.

    `query` can be pasted into `igny8 sql`, and `values` are its rows', as printed. A balance is told of an account,
    and of its only site.
    """
    return _brief(connection, "site_id", site_id)


def of_account(connection: duckdb.DuckDBPyConnection, account_id: int) -> Payload | None:
    """The same about an account."""
    return _brief(connection, "account_id", account_id)


def _brief(connection: duckdb.DuckDBPyConnection, key: str, owner_id: int) -> Payload | None:
    found = execute(connection, f"select brief, outlook from briefs where {key} = ?", [owner_id])
    if not found:
        return None
    rows: dict[str, list[Row]] = {}
    for text in found[0]:
        for name, row in _read_text(text):
            rows.setdefault(name, []).append(row)
    owner = _Owner(shortened(rows["owner"][0]["name"], LONGEST_NAME), key == "account_id")
    told = []
    for name, panel, tell in SENTENCES:
        sentence = tell(owner, rows[name]) if name in rows else None
        if sentence:
            text, values = sentence
            told.append(
                {"text": text, "panel": panel, "query": _query(name, key, rows[name][0]), "values": values}
            )
    return {"sentences": told}


def _query(name: str, key: str, row: Row) -> str:
    order = f" order by {NUMBERS[name]}" if name in NUMBERS else ""
    return f"select * from brief_{name} where {key} = {row[key]}{order}"


# The sentences


def _made(owner: _Owner, rows: list[Row]) -> tuple[str, Values]:
    values = rows[0] | {"name": owner.name}
    days = values["days"]
    if not values["runs"]:
        return f"{owner.name} has not run in the last {days} days.", _kept(values, "name", "days", "runs")
    made = [
        counted(values[what], one)
        for what, one in (("articles", "article"), ("images", "image"))
        if values[what]
    ]
    runs = counted(values["runs"], "run")
    what = f"made {' and '.join(made)} in {runs}" if made else f"had {runs}"
    credits = counted(values["credits"], "credit")
    text = f"In the last {days} days {owner.name} {what}, for {credits}."
    return text, _kept(values, "days", "runs", "articles", "images", "credits", "name")


def _why(owner: _Owner, rows: list[Row]) -> tuple[str, Values] | None:
    head = rows[0]
    difference, percent, days = head["difference"], head["percent"], head["days"]
    values = _kept(head, "days", "credits_before", "difference", "percent")
    if not head["credits_before"] or not difference:
        return None
    if difference < SMALL_DIFFERENCE or percent < SMALL_DIFFERENCE_PCT:
        before = counted(head["credits_before"], "credit")
        return f"That is about as much as in the {days} days before, {before}.", _kept(
            values, "days", "credits_before"
        )
    causes = []
    for number, row in enumerate(rows, 1):
        credits = row["credits"]
        if credits is None:  # none is as much as a credit
            break
        values[f"credits_{number}"] = credits
        since = ""
        if row["since"]:
            values[f"since_{number}"] = row["since"]
            since = f" since {row['since']}"
        direction = "more" if row["is_cause_of_more"] else "less"
        causes.append(f"{_number(credits)} {direction} {_cause(owner, row)}{since}")
    if head["rest"]:
        values["rest"] = head["rest"]
        causes.append(f"{_number(head['rest'])} {'more' if head['is_rest_more'] else 'less'} for all else")
    side = "more" if head["is_more"] else "less"
    told = counted(difference, "credit")
    text = (
        f"That is {told} ({_number(percent)} %) {side} than in the {days} days "
        f"before{': ' if causes else ''}{'; '.join(causes)}."
    )
    return text, values


def _cause(owner: _Owner, row: Row) -> str:
    stage, is_more = row["stage_name"], row["is_cause_of_more"]
    match row["cause"]:
        case "new" if owner.is_account:
            return f"for {stage} at sites that had not used it"
        case "new":
            return f"for {stage}, which is new"
        case "rate":
            return f"because {stage} {'costs more' if is_more else 'costs less'} per item"
        case "volume":
            return f"because {stage} had {'more' if is_more else 'less'} to do"
    return "that no stage accounts for"


def _next(owner: _Owner, rows: list[Row]) -> tuple[str, Values] | None:
    values = rows[0]
    if not values["credits"]:
        return None
    credits = counted(values["credits"], "credit")
    kept = ["credits"]
    if owner.is_account and values["sites"] > 1:
        text = f"The next runs of its {_number(values['sites'])} sites will cost about {credits} together"
        kept.append("sites")
    else:
        text = f"The next run will cost about {credits}"
    text += _between(values, kept)
    if values["to_have"] is not None and not values["is_unsure"]:
        kept.append("to_have")
        text += f"; have {_number(values['to_have'])} ready"
        if values.get("sites_without_budget"):  # a version made before they were told has none
            kept.append("sites_without_budget")
            without = counted(values["sites_without_budget"], "site")
            text += f", with no reserve for {without} of which too little is known yet"
        else:
            text += ": enough in nine of ten cases"
    if values["past_runs"] and values["off_by"] is not None:
        kept += ["past_runs", "off_by"]
        over = counted(values["past_runs"], "past run")
        text += f". Over {over} such forecasts were off by {_number(values['off_by'])} %"
    return f"{text}.", _kept(values, *kept)


def _between(values: Values, kept: list[str]) -> str:
    """The range of a forecast, in words; notes which of the values it says."""
    if values["high"] is None:
        return ""
    kept.append("high")
    if values["is_unsure"]:
        return f", between almost nothing and {_number(values['high'])}: too little is known yet"
    kept.append("low")
    return f", {between(_number(values['low']), _number(values['high']))}"


def _month(owner: _Owner, rows: list[Row]) -> tuple[str, Values] | None:
    values = rows[0]
    if not values["expected"]:
        return None
    month = calendar.month_name[date.fromisoformat(values["month_start"]).month]
    kept = ["month_start", "expected"]
    text = f"By its end {month} will have cost about {counted(values['expected'], 'credit')}"
    text += _between(values, kept)
    kept.append("so_far")
    text += f"; so far it has cost {_number(values['so_far'])}"
    if values["month_before"]:
        kept.append("month_before")
        text += f", the month before {_number(values['month_before'])}"
    return f"{text}.", _kept(values, *kept)


def _balance(owner: _Owner, rows: list[Row]) -> tuple[str, Values] | None:
    values = rows[0]
    if values["balance"] is None or values["is_over_a_year"] is None:
        return None
    if values["balance"] <= 0:
        return "The balance is used up.", _kept(values, "balance")
    balance = f"The balance of {counted(values['balance'], 'credit')}"
    if values["is_over_a_year"]:
        return f"{balance} lasts more than a year, even if none are added.", _kept(values, "balance")
    if values["days"] == 0:
        return f"{balance} lasts less than a day, if none are added.", _kept(values, "balance")
    days = counted(values["days"], "day")
    text = f"{balance} lasts about {days}, until {values['ends_on']}, if none are added."
    return text, _kept(values, "balance", "days", "ends_on")


def _needs(owner: _Owner, rows: list[Row]) -> tuple[str, Values] | None:
    told, values = [], {}
    for row in rows:
        one, many = ALERTS_COUNTED[row["alert"]]
        if row["alerts"] > 1:
            values[row["alert"]] = row["alerts"]
        told.append(many.format(_number(row["alerts"])) if row["alerts"] > 1 else one)
    return f"Someone is needed: {'; '.join(told)}.", values


SENTENCES: tuple[tuple[str, str, Callable[[_Owner, list[Row]], tuple[str, Values] | None]], ...] = (
    ("made", "run_statistics", _made),
    ("why", "what_changed", _why),
    ("next", "what_it_will_cost", _next),
    ("month", "what_it_will_cost", _month),
    ("balance", "what_it_will_cost", _balance),
    ("alerts", "attention", _needs),
)


# Numbers as they are printed


def _kept(values: Values, *names: str) -> Values:
    return {name: values[name] for name in names}


def _number(value: int) -> str:
    return f"{value:,}"
