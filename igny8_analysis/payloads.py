"""The payloads: rows of the views, rounded once per field, as plain dicts. Nothing is computed here."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate, groupby
from typing import Any

import duckdb

from igny8_analysis.etl.errors import WarehouseNotFound
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.queries import read_query

Payload = dict[str, Any]
Fields = dict[str, "Field"]

JSON_DEPTH = 100
_NINE_PLACES = Decimal("1e-9")
_HALF_UP = Context(prec=60, rounding=ROUND_HALF_UP)
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

    def sql(self, column: str) -> str:
        """The SQL expression of the field."""
        return self.template.format(column)

    def fetched(self, column: str) -> str:
        """The SQL expression that `value` takes."""
        return column if self.places is not None else self.sql(column)

    def value(self, value: Any) -> Any:
        """The plain Python value of what `fetched` gave."""
        if self.places is not None:
            return self._rounded(value)
        return read_json(value) if self.is_json and value is not None else value

    def _rounded(self, value: Any) -> int | float | None:
        if value is None:
            if self.is_nullable:
                return None
            value = 0
        if not self.places:
            if isinstance(value, int):
                return value
            return int(_round(value, 0))
        return float(_round(value, self.places)) + 0.0  # -0.0 + 0.0 is 0.0


def _rounded(places: int, null: str = "0") -> Field:
    """Half away from zero, of the value as DECIMAL(38, 9); `null` in place of NULL.

    By way of the text of a double: cast at once, those beyond some millions gain digits that tip ties.
    """
    rounding = f"round(cast(cast({{}} as varchar) as decimal(38, 9)), {places})"
    number = f"cast({rounding} as double)" if places else rounding
    return Field(f"coalesce({number}, {null})", places, is_nullable=null == "null")


def _round(value: Any, places: int) -> Decimal:
    """As SQL rounds by the expression above: to nine places, then to so many."""
    nine = Decimal(str(value)).quantize(_NINE_PLACES, context=_HALF_UP)
    return nine.quantize(Decimal(1).scaleb(-places), context=_HALF_UP)


AS_IS = Field("{}")
TEXT = Field("coalesce({}, '')")
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
HISTORY_RUN: Fields = RUN_HEAD | {
    "total_credits_used": WHOLE,
    "current_stage": WHOLE,
    "initial_snapshot": JSON,
}
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

OF_SITE = "where site_id = ?"
OF_RUN = "where site_id = ? and id = ?"
OF_RUNS = "where site_id = ? and id in (select unnest(?))"


def overview(connection: duckdb.DuckDBPyConnection, as_of: datetime, site_id: int) -> Payload:
    """The overview of one site."""

    def one(view: str, fields: Fields) -> Payload:
        return _select(connection, view, fields, OF_SITE, [site_id])[0]

    def many(view: str, fields: Fields, order: str) -> list[Payload]:
        return _select(connection, view, fields, f"{OF_SITE} order by {order}", [site_id])

    totals = one("prediction_totals", PREDICTION_TOTALS | {"confidence": AS_IS})
    confidence = totals.pop("confidence")
    return {
        "site": one("sites", SITE),
        "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}",
        "run_statistics": one("run_statistics", RUN_STATISTICS),
        "predictive_analysis": {
            "stages": many("prediction_stages", PREDICTION_STAGES, "stage_number"),
            "totals": totals,
            "confidence": confidence,
        },
        "attention_items": {
            **one("attention_items", ATTENTION_ITEMS),
            "unrecognised_statuses": many("unrecognised_statuses", UNRECOGNISED_STATUSES, "entity, status"),
        },
        "historical_averages": {
            **one("site_history", SITE_HISTORY),
            "stages": many("stage_history", STAGE_HISTORY, "stage_number"),
        },
    }


def history(connection: duckdb.DuckDBPyConnection, site_id: int, page: int, page_size: int) -> Payload:
    """A page of the site's runs, most recent first."""
    ((total_count,),) = execute(connection, "select count(*) from runs where site_id = ?", [site_id])
    runs = _select(
        connection,
        "runs",
        {"id": AS_IS} | HISTORY_RUN,
        f"{OF_SITE} order by runs.started_at desc, runs.id desc limit ? offset ?",
        [site_id, page_size, min((page - 1) * page_size, total_count)],
    )
    of_page = [site_id, [run_["id"] for run_ in runs]]
    summaries = {
        run_.pop("id"): run_
        for run_ in _select(
            connection, "run_summary", {"id": AS_IS} | STAGE_COUNTS | SUMMARY, OF_RUNS, of_page
        )
    }
    stages = execute(
        connection, f"select id, status from run_stages {OF_RUNS} order by id, stage_number", of_page
    )
    statuses = {id_: [status for _, status in rows] for id_, rows in groupby(stages, lambda row: row[0])}
    for run_ in runs:
        id_ = run_.pop("id")
        summary = summaries[id_]
        snapshot = run_.pop("initial_snapshot")
        run_ |= {name: summary.pop(name) for name in STAGE_COUNTS}
        run_ |= {"initial_snapshot": snapshot, "summary": summary, "stage_statuses": statuses[id_]}
    return {
        "runs": runs,
        "pagination": {
            "page": page,
            "page_size": page_size,
            "total_count": total_count,
            "total_pages": math.ceil(total_count / page_size),
        },
    }


def run(connection: duckdb.DuckDBPyConnection, site_id: int, id_: int) -> Payload:
    """One run of a site, by its source id, beside its baseline."""
    of_run: list[object] = [site_id, id_]

    def one(view: str, fields: Fields) -> Payload:
        return _select(connection, view, fields, OF_RUN, of_run)[0]

    def many(view: str, fields: Fields, order: str) -> list[Payload]:
        return _select(connection, view, fields, f"{OF_RUN} order by {order}", of_run)

    stages = many("run_stages", STAGE, "stage_number")
    comparisons = many("stage_comparison", COMPARISON, "stage_number")
    return {
        "run": one("runs", RUN),
        "stages": [
            stage | {"comparison": comparison} for stage, comparison in zip(stages, comparisons, strict=True)
        ],
        "efficiency": one("run_efficiency", EFFICIENCY),
        "insights": many("run_insights", INSIGHT, "insight_number"),
        "historical_comparison": one("run_baseline", RUN_BASELINE),
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


def account(connection: duckdb.DuckDBPyConnection, account_id: int) -> Payload:
    """An account: its balances, the figures of its sites that are not deleted, its credits by month."""

    def many(view: str, fields: Fields, order: str) -> list[Payload]:
        return _select(connection, view, fields, f"where account_id = ? order by {order}", [account_id])

    named = "(select account_id, account_name as name, account_status as status from accounts)"
    of_account = (
        "where site_id in (select site_id from sites where account_id = ? and is_live) order by site_id"
    )
    return {
        "account": many(named, ACCOUNT, "account_id")[0],
        "balances": many("account_balances", BALANCES, "account_id")[0],
        "sites": _select(connection, "site_figures", SITE_FIGURES, of_account, [account_id]),
        "months": many("credit_months", CREDIT_MONTHS, "month_start"),
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
    if _depth(text) > JSON_DEPTH:
        return text
    return json.loads(text, parse_float=_number, parse_int=_number, parse_constant=lambda name: None)


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
        lacking = str(error).splitlines()[0]
        raise WarehouseNotFound(
            f"this version of the data is of another igny8-analysis ({lacking}); load again: igny8 etl"
        ) from None


def _select(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    fields: Fields,
    tail: str,
    params: Sequence[object] | Mapping[str, object],
) -> list[Payload]:
    columns = ", ".join(f"{field.fetched(name)} as {name}" for name, field in fields.items())
    rows = execute(connection, f"select {columns} from {view} {tail}", params)
    return [
        {name: field.value(value) for (name, field), value in zip(fields.items(), row, strict=True)}
        for row in rows
    ]
