"""The payloads: rows of the views, rounded once per field, as plain dicts. Nothing is computed here.

What is asked by the second is kept as texts (`warehouse/payloads/`): values in the order of the fields here.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate
from typing import Any

import duckdb

from igny8_analysis.errors import of_another_program
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.queries import read_query

Payload = dict[str, Any]
Fields = dict[str, "Field"]

JSON_DEPTH = 100
LAST_PLACE = 2**62
_NINE_PLACES = Decimal("1e-9")
_PLACES = [Decimal(1).scaleb(-places) for places in range(10)]
_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)  # a double may have 309 digits before its nine decimals
_STATEMENTS: dict[str, duckdb.Statement] = {}


@dataclass(frozen=True)
class Field:
    """How a payload field reads its column: a SQL template around the column's name.

    A number with `places` is fetched as it is and rounded here to the same: that spares a query most of its planning.
    """

    template: str
    places: int | None = None
    is_nullable: bool = True
    is_json: bool = False
    null: str | None = None

    def sql(self, column: str) -> str:
        """The SQL expression of the field."""
        return self.template.format(column)

    def fetched(self, column: str) -> str:
        """The SQL expression that `value` takes."""
        return column if self.places is not None else self.sql(column)

    def value(self, value: Any) -> Any:
        """The plain Python value of what `fetched` gave, or of what a kept payload holds."""
        if self.places is not None:
            return value if type(value) is int and not self.places else self._rounded(value)
        if value is None:
            return self.null
        return read_json(value) if self.is_json else value

    def _rounded(self, value: Any) -> int | float | None:
        if value is None:
            if self.is_nullable:
                return None
            value = 0
        if not self.places:
            is_whole = not isinstance(value, float) and value == int(value)
            return int(value if is_whole else rounded_decimal(value, 0))
        return float(rounded_decimal(value, self.places))


def _rounded(places: int, null: str = "0") -> Field:
    """Half away from zero, of the value as DECIMAL(38, 9); `null` in place of NULL.

    By way of the text of a double: cast at once, those beyond some millions gain digits that tip ties.
    """
    rounding = f"round(cast(cast({{}} as varchar) as decimal(38, 9)), {places})"
    number = f"cast({rounding} as double)" if places else rounding
    return Field(f"coalesce({number}, {null})", places, is_nullable=null == "null")


def rounded_decimal(value: Any, places: int) -> Decimal:
    """Round half away from zero as SQL does by the expression above: to nine places, then to so many."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    nine = number.quantize(_NINE_PLACES, context=_HALF_UP)
    rounded = nine.quantize(_PLACES[places], context=_HALF_UP)
    return rounded or rounded.copy_abs()  # no −0


AS_IS = Field("{}")
TEXT = Field("coalesce({}, '')", null="")
TIME = Field("strftime({}, '%Y-%m-%dT%H:%M:%SZ')")
DATE = Field("strftime({}, '%Y-%m-%d')")
JSON = Field("{}", is_json=True)
WHOLE = _rounded(0)
PERCENT = _rounded(1)
RATE = _rounded(2)
RATIO = _rounded(3)
WHOLE_OR_NULL = _rounded(0, "null")
PERCENT_OR_NULL = _rounded(1, "null")
RATE_OR_NULL = _rounded(2, "null")

SITE: Fields = {"site_id": AS_IS, "domain": AS_IS, "name": AS_IS}
RUN_STATISTICS: Fields = {
    "total_runs": WHOLE,
    "completed_runs": WHOLE,
    "failed_runs": WHOLE,
    "running_runs": WHOLE,
    "paused_runs": WHOLE,
    "cancelled_runs": WHOLE,
    "other_runs": WHOLE,
    "stale_runs": WHOLE,
    "success_rate_pct": PERCENT,
    "total_credits_used": WHOLE,
    "total_credits_last_30_days": WHOLE,
    "avg_credits_per_run": WHOLE,
    "avg_duration_last_7_days_seconds": WHOLE,
}
PREDICTION_STAGES: Fields = {
    "stage_number": AS_IS,
    "stage_name": AS_IS,
    "pending_items": WHOLE,
    "estimated_credits": WHOLE,
    "estimated_output": WHOLE,
    "basis": AS_IS,
}
PREDICTION_TOTALS: Fields = {
    "total_pending_items": WHOLE,
    "total_estimated_credits": WHOLE,
    "total_estimated_output": WHOLE,
    "recommended_buffer_credits": WHOLE,
}
ATTENTION_ITEMS: Fields = {"skipped_ideas": WHOLE, "failed_content": WHOLE, "failed_images": WHOLE}
UNRECOGNISED_STATUSES: Fields = {"entity": AS_IS, "status": AS_IS, "items": WHOLE}
SITE_HISTORY: Fields = {
    "avg_total_credits": WHOLE,
    "avg_duration_seconds": WHOLE,
    "avg_credits_per_item": RATE,
    "total_runs_analyzed": WHOLE,
    "has_sufficient_data": AS_IS,
}
STAGE_HISTORY: Fields = {
    "stage_number": AS_IS,
    "stage_name": AS_IS,
    "runs_with_stage": WHOLE,
    "avg_credits": WHOLE,
    "avg_items_created": WHOLE,
    "avg_output_ratio": RATIO,
}
RUN_HEAD: Fields = {
    "run_id": AS_IS,
    "run_number": WHOLE,
    "run_title": AS_IS,
    "status": AS_IS,
    "trigger_type": AS_IS,
    "started_at": TIME,
    "completed_at": TIME,
    "duration_seconds": WHOLE_OR_NULL,
}
RUN_REST: Fields = {"total_credits_used": WHOLE, "current_stage": WHOLE, "initial_snapshot": JSON}
STAGE_COUNTS: Fields = {"stages_completed": WHOLE, "stages_failed": WHOLE}
SUMMARY: Fields = {
    "items_processed": WHOLE,
    "items_created": WHOLE,
    "content_created": WHOLE,
    "images_generated": WHOLE,
}
RUN: Fields = RUN_HEAD | {
    "active_seconds": WHOLE_OR_NULL,
    "current_stage": WHOLE,
    "total_credits_used": WHOLE,
    "initial_snapshot": JSON,
    "error_message": TEXT,
}
STAGE: Fields = {
    "stage_number": AS_IS,
    "stage_name": AS_IS,
    "status": AS_IS,
    "credits_used": WHOLE,
    "items_processed": WHOLE,
    "items_created": WHOLE,
    "duration_seconds": WHOLE_OR_NULL,
    "error": TEXT,
}
COMPARISON: Fields = {
    "historical_avg_credits": WHOLE_OR_NULL,
    "historical_avg_items": WHOLE_OR_NULL,
    "credit_variance_pct": PERCENT_OR_NULL,
    "items_variance_pct": PERCENT_OR_NULL,
}
EFFICIENCY: Fields = {"credits_per_item": RATE, "items_per_minute": RATE, "credits_per_minute": RATE}
INSIGHT: Fields = {"type": AS_IS, "severity": AS_IS, "message": AS_IS}
RUN_BASELINE: Fields = {
    "avg_credits": WHOLE_OR_NULL,
    "avg_duration_seconds": WHOLE_OR_NULL,
    "avg_credits_per_item": RATE_OR_NULL,
    "total_runs_analyzed": WHOLE,
    "has_sufficient_data": AS_IS,
}

COMPARED_RUN: Fields = {
    "run_id": AS_IS,
    "run_title": AS_IS,
    "status": AS_IS,
    "trigger_type": AS_IS,
    "started_at": TIME,
    "completed_at": TIME,
    "duration_seconds": WHOLE_OR_NULL,
    "active_seconds": WHOLE_OR_NULL,
    "total_credits_used": WHOLE,
    "items_processed": WHOLE,
    "items_created": WHOLE,
    "content_created": WHOLE,
    "images_generated": WHOLE,
    "credits_per_item": RATE_OR_NULL,
    "items_per_minute": RATE_OR_NULL,
    "credits_per_minute": RATE_OR_NULL,
}
DIFFERENCES: Fields = {
    "credits_difference": RATE,
    "volume_credits": RATE_OR_NULL,
    "rate_credits": RATE_OR_NULL,
    "duration_difference_seconds": WHOLE_OR_NULL,
}
COMPARED_STAGE: Fields = {
    "stage_number": AS_IS,
    "stage_name": AS_IS,
    "status_a": AS_IS,
    "status_b": AS_IS,
    "items_processed_a": WHOLE_OR_NULL,
    "items_processed_b": WHOLE_OR_NULL,
    "items_created_a": WHOLE_OR_NULL,
    "items_created_b": WHOLE_OR_NULL,
    "credits_used_a": WHOLE,
    "credits_used_b": WHOLE,
    "credits_per_processed_item_a": RATE_OR_NULL,
    "credits_per_processed_item_b": RATE_OR_NULL,
    "duration_seconds_a": WHOLE_OR_NULL,
    "duration_seconds_b": WHOLE_OR_NULL,
    **DIFFERENCES,
}

ACCOUNT: Fields = {"account_id": AS_IS, "name": AS_IS, "status": AS_IS}
BALANCES: Fields = {
    "account_id": AS_IS,
    "plan_name": AS_IS,
    "plan_credits_per_month": WHOLE_OR_NULL,
    "plan_credits": WHOLE_OR_NULL,
    "bonus_credits": WHOLE_OR_NULL,
    "available_credits": WHOLE_OR_NULL,
}
SITE_FIGURES: Fields = {
    "site_id": AS_IS,
    "label": AS_IS,
    "name": AS_IS,
    "account_name": AS_IS,
    "is_active": AS_IS,
    "total_runs": WHOLE,
    "success_rate_pct": PERCENT,
    "total_credits_used": WHOLE,
    "total_credits_last_30_days": WHOLE,
    "last_run_started_at": TIME,
    "total_pending_items": WHOLE,
    "total_estimated_credits": WHOLE,
    "balance_credits": WHOLE,
    "queue_runs": WHOLE_OR_NULL,
    "pending_articles": WHOLE,
    "next_run_credits": WHOLE_OR_NULL,
    "next_run_budget_90": WHOLE_OR_NULL,
    "confidence": AS_IS,
    "attention_count": WHOLE,
    "total_runs_analyzed": WHOLE,
    "runs_needed": WHOLE,
}
CREDIT_MONTHS: Fields = {
    "account_id": AS_IS,
    "month_start": DATE,
    "run_credits": WHOLE,
    "ledger_credits": WHOLE_OR_NULL,
    "other_credits": WHOLE_OR_NULL,
    "added_credits": WHOLE_OR_NULL,
}
SITE_SETTINGS: Fields = {
    "site_id": AS_IS,
    "is_enabled": AS_IS,
    "frequency": AS_IS,
    "scheduled_time": AS_IS,
    "last_run_at": TIME,
    "next_run_at": TIME,
    "credit_limit": WHOLE_OR_NULL,
}
STAGE_SETTINGS: Fields = {
    "site_id": AS_IS,
    "stage_number": AS_IS,
    "is_on": AS_IS,
    "item_limit": WHOLE_OR_NULL,
    "batch_size": WHOLE_OR_NULL,
}

FORECAST_TOTALS = (
    *(
        "site_id",
        "method",
        "credits",
        "output",
        "duration_seconds",
        "p80_low",
        "p80_high",
        "p90_low",
        "p90_high",
    ),
    *("budget_80", "budget_90", "credit_limit", "is_limited", "is_champion", "reason", "track_record"),
)
FORECAST_STAGES = (
    *(
        "site_id",
        "method",
        "stage_number",
        "expected_items",
        "credits",
        "output",
        "duration_seconds",
        "basis",
    ),
    *("items_limit", "bound_by"),
)

OF_SITE = "where site_id = ?"
ACCOUNT_BY_ID = "select account from account_payloads where account_id = ?"
FORECAST_OF_SITE = "select forecast from forecast_payloads where site_id = ?"
OVERVIEW_OF_SITE = "select overview from site_payloads where site_id = ?"
RUN_COUNT = "select total_runs from run_statistics where site_id = ?"
HISTORY_ROWS = (
    "select place, history_row, total_runs from run_payloads where site_id = ? and place between ? and ?"
)
RUN_BY_ID = "select place, history_row, detail from run_payloads where site_id = ? and run_id = ?"
RUN_BY_SOURCE_ID = "select place, history_row, detail from run_payloads where site_id = ? and id = ?"


def overview(connection: duckdb.DuckDBPyConnection, as_of: datetime, site_id: int) -> Payload | None:
    """The overview of one site; None where there is none."""
    found = execute(connection, OVERVIEW_OF_SITE, [site_id])
    if not found:
        return None
    site, statistics, stages, totals, confidence, attention, statuses, averages, stage_averages = _read_text(
        found[0][0]
    )
    return {
        "site": _named(SITE, site),
        "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        "run_statistics": _named(RUN_STATISTICS, statistics),
        "predictive_analysis": {
            "stages": [_named(PREDICTION_STAGES, stage) for stage in stages],
            "totals": _named(PREDICTION_TOTALS, totals),
            "confidence": confidence,
        },
        "attention_items": {
            **_named(ATTENTION_ITEMS, attention),
            "unrecognised_statuses": [_named(UNRECOGNISED_STATUSES, status) for status in statuses],
        },
        "historical_averages": {
            **_named(SITE_HISTORY, averages),
            "stages": [_named(STAGE_HISTORY, stage) for stage in stage_averages],
        },
    }


def history(connection: duckdb.DuckDBPyConnection, site_id: int, page: int, page_size: int) -> Payload | None:
    """A page of the site's runs, most recent first; None where there is no such site."""
    last = min(page * page_size, LAST_PLACE)
    rows = sorted(execute(connection, HISTORY_ROWS, [site_id, last - page_size + 1, last]))
    counts = [total for *_, total in rows] or [
        total for (total,) in execute(connection, RUN_COUNT, [site_id])
    ]
    if not counts:
        return None
    total_count = counts[0]
    return {
        "runs": [_history_run(*_read_text(text)) for _, text, _ in rows],
        "pagination": {
            "page": page,
            "page_size": page_size,
            "total_count": total_count,
            "total_pages": math.ceil(total_count / page_size),
        },
    }


def _history_run(
    head: list[Any], rest: list[Any], counts: list[Any], summary: list[Any], statuses: list[str]
) -> Payload:
    named = _named(RUN_REST, rest)
    snapshot = named.pop("initial_snapshot")
    return {
        **_named(RUN_HEAD, head),
        **named,
        **_named(STAGE_COUNTS, counts),
        "initial_snapshot": snapshot,
        "summary": _named(SUMMARY, summary),
        "stage_statuses": statuses,
    }


def run(connection: duckdb.DuckDBPyConnection, query: str, site_id: int, run: int | str) -> Payload | None:
    """One run of a site, found by a query above, beside its baseline; None where there is none."""
    found = execute(connection, query, [site_id, run])
    if not found:
        return None
    _, history_row, detail = min(found)  # the latest of several that share a run_id
    head, rest, *_ = _read_text(history_row)
    (active_seconds, error_message), stages, efficiency, insights, baseline = _read_text(detail)
    total_credits_used, current_stage, initial_snapshot = rest
    own = [active_seconds, current_stage, total_credits_used, initial_snapshot, error_message]
    return {
        "run": _named(RUN, [*head, *own]),
        "stages": [
            _named(STAGE, stage) | {"comparison": _named(COMPARISON, comparison)}
            for stage, comparison in stages
        ],
        "efficiency": _named(EFFICIENCY, efficiency),
        "insights": [_named(INSIGHT, insight) for insight in insights],
        "historical_comparison": _named(RUN_BASELINE, baseline),
    }


def compare(connection: duckdb.DuckDBPyConnection, site_id: int, id_a: int, id_b: int) -> Payload:
    """Two runs of a site, by their source ids: b beside a, stage by stage."""
    pair: dict[str, object] = {"site_id": site_id, "id_a": id_a, "id_b": id_b}
    stages = read_query("compare_stages")
    runs = {
        run_.pop("id"): run_
        for run_ in _select(
            connection, f"({read_query('compare_runs')})", {"id": AS_IS} | COMPARED_RUN, "", pair
        )
    }
    totals = (
        f"(select {', '.join(f'total_{name} as {name}' for name in DIFFERENCES)} from ({stages}) limit 1)"
    )
    return {
        "run_a": runs[id_a],
        "run_b": runs[id_b],
        "stages": _select(connection, f"({stages})", COMPARED_STAGE, "", pair),
        "totals": _select(connection, totals, DIFFERENCES, "", pair)[0],
    }


def account(connection: duckdb.DuckDBPyConnection, account_id: int) -> Payload | None:
    """An account: its balances, the figures of its sites that are not deleted, its credits by month; None for none."""
    found = execute(connection, ACCOUNT_BY_ID, [account_id])
    if not found:
        return None
    named, balances, sites, months = _read_text(found[0][0])
    return {
        "account": _named(ACCOUNT, named),
        "balances": _named(BALANCES, balances),
        "sites": [_named(SITE_FIGURES, site) for site in sites],
        "months": [_named(CREDIT_MONTHS, month) for month in months],
    }


def forecast(connection: duckdb.DuckDBPyConnection, as_of: datetime, site_id: int) -> Payload | None:
    """The forecasts of a site's next run by every method, the champion first; None where there is no such site."""
    found = execute(connection, FORECAST_OF_SITE, [site_id])
    if not found:
        return None
    totals, stages = json.loads(found[0][0])
    return {
        "site_id": site_id,
        "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        "totals": [dict(zip(FORECAST_TOTALS, row, strict=True)) for row in totals],
        "stages": [dict(zip(FORECAST_STAGES, row, strict=True)) for row in stages],
    }


def settings(connection: duckdb.DuckDBPyConnection, site_id: int) -> Payload:
    """The settings of a site's automation and of its stages, where the source has them."""
    site = _select(connection, "site_settings", SITE_SETTINGS, OF_SITE, [site_id])
    stages = f"{OF_SITE} order by stage_number"
    return {
        "site": site[0] if site else None,
        "stages": _select(connection, "stage_settings", STAGE_SETTINGS, stages, [site_id]),
    }


def read_json(text: str) -> Any:
    """The source's JSON as plain Python; NaN and Infinity are null.

    A number beyond Python's reach stays a text, and so does the whole if it is nested more than 100 deep.
    """
    if text.count("[") + text.count("{") > JSON_DEPTH and _depth(text) > JSON_DEPTH:
        return text
    try:
        return _read_numbers(text)
    except ValueError:  # a whole number of thousands of digits
        return _read_digits(text)


def _depth(json_text: str) -> int:
    brackets = re.sub(r'"(?:\\.|[^"\\])*"', "", json_text)
    return max(accumulate((sign in "[{") - (sign in "]}") for sign in brackets), default=0)


def _number(digits: str) -> int | float | str:
    try:
        return int(digits)
    except ValueError:
        pass
    try:
        number = float(digits)
    except ValueError:
        return digits
    return number if math.isfinite(number) else digits


def _no_number(name: str) -> None:
    """What NaN and Infinity are."""


def _amount(digits: str) -> int | Decimal:
    """A double by its shortest digits, as SQL writes it."""
    return int(digits[:-2]) if digits.endswith(".0") else Decimal(digits)


_read_text = json.JSONDecoder(parse_float=_amount).decode
_read_numbers = json.JSONDecoder(parse_float=_number, parse_constant=_no_number).decode
_read_digits = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_no_number).decode


def execute(
    connection: duckdb.DuckDBPyConnection, query: str, params: Sequence[object] | Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """The rows of a query, which is parsed once. Raises WarehouseNotFound where the version lacks what it reads."""
    if query not in _STATEMENTS:
        (_STATEMENTS[query],) = connection.extract_statements(query)
    try:
        with interruptible(connection):
            return connection.execute(_STATEMENTS[query], params).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise of_another_program(str(error).splitlines()[0]) from None


def _select(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    fields: Fields,
    tail: str,
    params: Sequence[object] | Mapping[str, object],
) -> list[Payload]:
    columns = ", ".join(f"{field.fetched(name)} as {name}" for name, field in fields.items())
    rows = execute(connection, f"select {columns} from {view} {tail}", params)
    return [_named(fields, row) for row in rows]


def _named(fields: Fields, values: Sequence[Any]) -> Payload:
    """The fields' plain values, of values in their order."""
    return {
        name: value if field is AS_IS else field.value(value)
        for (name, field), value in zip(fields.items(), values, strict=True)
    }
