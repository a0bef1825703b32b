"""Where a number of a payload comes from: its definition, its query, the rows that went in, the data's version."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from igny8_analysis import payloads
from igny8_analysis import warehouse as views
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.etl.templates import filled
from igny8_analysis.payloads import AS_IS, TIME, Fields
from igny8_analysis.queries import read_query

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse


@dataclass(frozen=True)
class Explanation:
    """One number of a payload, explained. `query` gives `result`; `rows_query` gives `rows`, what it is made of.

    Both queries can be pasted into `igny8 sql`. `file` makes the view that `query` reads. `rows` are at most the newest
    MOST_ROWS; `rows_in_all` counts all.
    """

    site_id: int | None
    account_id: int | None
    run_id: str | None
    metric: str
    definition: str
    grain: str
    file: str
    query: str
    result: Any
    rows_query: str
    rows: list[dict[str, Any]]
    rows_in_all: int
    version: str

    def to_dict(self) -> dict[str, Any]:
        """The explanation as a plain dict."""
        return asdict(self)


@dataclass(frozen=True)
class Section:
    """A part of a payload: the view and fields it selects, what numbers its rows, and the query of the rows its view
    is made of.

    `position` is a column that holds the number in the path (`stages.4`), or the order that gives it its place;
    `condition` finds the rows of the site or account, `columns` names the view's columns of fields called otherwise.
    `others` are the queries of fields that other rows make, of alerts those of each alert.
    """

    view: str
    fields: Fields
    inputs: str
    position: str | None = None
    order: str | None = None
    condition: str = "site_id = {{ site_id }}"
    columns: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)


MOST_ROWS = 1_000
BEYOND_ROWS = 10**9
KEYWORDS = {"window"}


OVERVIEW = {
    "site": Section("sites", payloads.SITE, "explain_site"),
    "": Section("current_load", {"as_of": TIME}, "explain_load"),
    "run_statistics": Section("run_statistics", payloads.RUN_STATISTICS, "explain_runs"),
    "predictive_analysis.stages": Section(
        "prediction_stages", payloads.PREDICTION_STAGES, "explain_prediction", "stage_number"
    ),
    "predictive_analysis.totals": Section(
        "prediction_totals", payloads.PREDICTION_TOTALS, "explain_predictions"
    ),
    "predictive_analysis": Section("prediction_totals", {"confidence": AS_IS}, "explain_predictions"),
    "attention_items.unrecognised_statuses": Section(
        "unrecognised_statuses", payloads.UNRECOGNISED_STATUSES, "explain_items", order="entity, status"
    ),
    "attention_items": Section("attention_items", payloads.ATTENTION_ITEMS, "explain_items"),
    "historical_averages.stages": Section(
        "stage_history", payloads.STAGE_HISTORY, "explain_analyzed_stage", "stage_number"
    ),
    "historical_averages": Section("site_history", payloads.SITE_HISTORY, "explain_analyzed"),
    "settings.site": Section("site_settings", payloads.SITE_SETTINGS, "explain_settings"),
    "settings.stages": Section(
        "stage_settings", payloads.STAGE_SETTINGS, "explain_stage_settings", "stage_number"
    ),
}
RUN = {
    "run": Section("runs", payloads.RUN, "explain_run"),
    "stages.comparison": Section(
        "stage_comparison", payloads.COMPARISON, "explain_baseline_stage", "stage_number"
    ),
    "stages": Section("run_stages", payloads.STAGE, "explain_stage", "stage_number"),
    "efficiency": Section("run_efficiency", payloads.EFFICIENCY, "explain_efficiency"),
    "insights": Section("run_insights", payloads.INSIGHT, "explain_insights", order="insight_number"),
    "historical_comparison": Section("run_baseline", payloads.RUN_BASELINE, "explain_baseline"),
}


def _columns(names: str, key: str = "site_id") -> Fields:
    return dict.fromkeys([key, *names.split()], AS_IS)


ACCURACY = (
    "method window n wape bias coverage_80 coverage_90 covered_80 covered_90 intervals_80 intervals_90 band_low_80 "
    "band_high_80 band_low_90 band_high_90 width_80 width_90 pinball_10 pinball_50 pinball_80 pinball_90"
)

SPENT = ("credits_so_far", "credits_month_before")
PER_ARTICLE = ("credits_per_article_before", "credits_per_article_after")

# Rows of views that are in no payload: they go by their place in this order.
OF_VIEWS = {
    "forecast_totals": Section(
        "forecast_totals",
        _columns(
            "method credits output duration_seconds p80_low p80_high p90_low p90_high budget_80 budget_90 "
            "credit_limit is_limited is_champion reason track_record"
        ),
        "explain_backtest",
        order="is_champion desc, method",
    ),
    "forecast_stages": Section(
        "forecast_stages",
        _columns(
            "method stage_number expected_items credits output duration_seconds basis items_limit bound_by"
        ),
        "explain_forecast_inputs",
        order="method, stage_number",
    ),
    "spend_forecasts": Section(
        "spend_forecasts",
        _columns(
            "scope account_id horizon_days method credits p80_low p80_high p90_low p90_high budget_80 budget_90 "
            "is_champion reason"
        ),
        "explain_spend",
        order="horizon_days, is_champion desc, method",
    ),
    "spend_months": Section(
        "spend_months",
        _columns(
            "scope account_id month_start credits_so_far days_gone days_left credits_expected p80_low p80_high "
            "credits_month_before"
        ),
        "explain_spend",
        others=dict.fromkeys(SPENT, "explain_month_runs"),
    ),
    "forecast_backtest": Section(
        "forecast_backtest",
        _columns(
            "id run_id started_at method forecast_credits p80_low p80_high p90_low p90_high budget_80 budget_90 "
            "actual_credits is_covered_80 is_covered_90 is_champion"
        ),
        "explain_backtest",
        order="started_at desc, id desc, method",
    ),
    "forecast_accuracy": Section(
        "forecast_accuracy",
        _columns(f"{ACCURACY} mae_ratio_last mae_ratio_mean_10"),
        "explain_backtest",
        order='"window", method',
    ),
    "unusual_runs": Section(
        "unusual_runs",
        _columns(
            "id run_id credits runs_before median_credits median_deviation modified_z_score credits_difference "
            "is_higher"
        ),
        "explain_runs",
        order="id desc",
    ),
    "spend_backtest": Section(
        "spend_backtest",
        _columns(
            "scope account_id horizon_days origin_at method forecast_credits p80_low p80_high p90_low p90_high "
            "budget_80 budget_90 actual_credits is_covered_80 is_covered_90 is_champion"
        ),
        "explain_spend_backtest",
        order="origin_at desc, horizon_days, method",
    ),
    "spend_accuracy": Section(
        "spend_accuracy",
        _columns(f"{ACCURACY} scope account_id horizon_days mae_ratio_recent_rate mae_ratio_same_as_before"),
        "explain_spend_backtest",
        order='horizon_days, "window", method',
    ),
    "cost_changes": Section(
        "cost_changes",
        _columns(
            "period stage_number stage_name credits_before credits_after items_before items_after rate_before "
            "rate_after volume_credits rate_credits is_new_stage credits_per_article_before credits_per_article_after"
        ),
        "explain_charges",
        order="period desc, stage_number nulls last",
        others=dict.fromkeys(PER_ARTICLE, "explain_articles"),
    ),
    "price_breaks": Section(
        "price_breaks",
        _columns("stage_number since rate_before rate_after change_pct"),
        "explain_charges",
        order="since desc, stage_number",
    ),
    "price_effects": Section(
        "price_effects",
        _columns("stage_number stage_name since rate_before rate_after items_per_run effect_per_run"),
        "explain_charges",
        order="since desc, stage_number",
    ),
    "site_figures": Section("site_figures", dict.fromkeys(payloads.SITE_FIGURES, AS_IS), "explain_runs"),
    "publishing": Section(
        "publishing",
        _columns("articles drafts in_review approved scheduled publishing published failed other"),
        "explain_items",
    ),
    "alerts": Section(
        "alerts",
        _columns(
            "alert severity account_id id run_id stage_number since message alert_key is_new severity_rank"
        ),
        "explain_runs",
        order="severity_rank, alert, run_id, stage_number",
        others={
            "price_changed": "explain_charges",
            "cost_risen": "explain_articles",
            "items_failed": "explain_items",
            "schedule_missed": "explain_settings",
            "data_errors": "explain_findings",
            "balance_short": "explain_next_runs",
            "balance_ends": "explain_runway",
        },
    ),
}


OF_ACCOUNT = "account_id = {{ account_id }}"
SPENT_BY_ACCOUNT = f"scope = 'account' and {OF_ACCOUNT}"
SITES_OF_ACCOUNT = f"site_id in (select site_id from sites where {OF_ACCOUNT} and is_live)"

ACCOUNT_PAYLOAD = {
    "account": Section(
        "accounts",
        payloads.ACCOUNT,
        "explain_account_balance",
        condition=OF_ACCOUNT,
        columns={"name": "account_name", "status": "account_status"},
    ),
    "balances": Section(
        "account_balances", payloads.BALANCES, "explain_account_balance", condition=OF_ACCOUNT
    ),
    "sites": Section(
        "site_figures",
        payloads.SITE_FIGURES,
        "explain_account_runs",
        order="site_id",
        condition=SITES_OF_ACCOUNT,
    ),
    "months": Section(
        "credit_months",
        payloads.CREDIT_MONTHS,
        "explain_account_months",
        order="month_start",
        condition=OF_ACCOUNT,
    ),
}
# An account's rows of the same views, and those that only accounts have.
ACCOUNT = {
    "spend_forecasts": replace(
        OF_VIEWS["spend_forecasts"], inputs="explain_account_spend", condition=SPENT_BY_ACCOUNT
    ),
    "spend_backtest": replace(OF_VIEWS["spend_backtest"], condition=SPENT_BY_ACCOUNT),
    "spend_accuracy": replace(OF_VIEWS["spend_accuracy"], condition=SPENT_BY_ACCOUNT),
    "spend_months": replace(
        OF_VIEWS["spend_months"],
        inputs="explain_account_spend",
        condition=SPENT_BY_ACCOUNT,
        others=dict.fromkeys(SPENT, "explain_account_month_runs"),
    ),
    "runways": Section(
        "runways",
        _columns(
            "available_credits credits_per_day runway_days runway_days_low runway_days_high ends_on ends_on_low "
            "ends_on_high",
            key="account_id",
        ),
        "explain_runway",
        condition=OF_ACCOUNT,
    ),
    "cost_changes": replace(
        OF_VIEWS["cost_changes"],
        inputs="explain_account_charges",
        condition=SITES_OF_ACCOUNT,
        order="period desc, stage_number nulls last, site_id",
        others=dict.fromkeys(PER_ARTICLE, "explain_account_articles"),
    ),
    "alerts": replace(
        OF_VIEWS["alerts"],
        condition=OF_ACCOUNT,
        order="severity_rank, site_id, alert, run_id, stage_number",
    ),
}


def metrics(sections: dict[str, Section]) -> list[str]:
    """Every metric of these that can be explained, `<n>` for the number of a stage or of a row."""
    return [
        ".".join(part for part in (_numbered(name, section), field) if part)
        for name, section in sections.items()
        for field in section.fields
    ]


def _numbered(name: str, section: Section) -> str:
    if name == "stages.comparison":
        return "stages.<n>.comparison"
    return f"{name}.<n>" if section.position or section.order else name


def explain(warehouse: "Warehouse", site: int | str, run_id: str | None, metric: str) -> Explanation:
    """Explain a field of the site's overview, or with `run_id` of that run, named by its path in the payload.

    Stages go by their number: `stages.4.comparison.credit_variance_pct`. Other rows go by their place in their order,
    from 1 (0 is the first too): `insights.1.message`, `spend_forecasts.1.credits`. A field of the site's settings comes
    after `settings.`: `settings.stages.4.item_limit`. Raises UsageError for an unknown metric, SiteNotFound and
    RunNotFound.
    """
    site_id = warehouse.resolve_site(site)
    if run_id is None:
        of = "an overview; a run's come after its RUN_ID"
        found = _find(OVERVIEW | OF_VIEWS, metric, of)
        return _explain(warehouse, found, metric, {"site_id": site_id})
    found = _find(RUN, metric, "a run")
    id_ = warehouse.run_source_id(site, run_id)
    ((run_id,),) = warehouse.sql(
        "select run_id from runs where site_id = $site_id and id = $id", {"site_id": site_id, "id": id_}
    ).fetchall()
    return _explain(warehouse, found, metric, {"site_id": site_id, "id": id_}, run_id)


def explain_account(warehouse: "Warehouse", account: int | str, metric: str) -> Explanation:
    """Explain a field of the account's payload (`balances.available_credits`, `months.1.run_credits`), or a column of
    its rows of a view: `runways.runway_days`, `spend_forecasts.1.credits`.

    Rows go by their place; of `cost_changes` they are its sites' (an account's are their sums). Raises UsageError for
    an unknown metric, and AccountNotFound.
    """
    keys = {"account_id": warehouse.resolve_account(account)}
    return _explain(warehouse, _find(ACCOUNT_PAYLOAD | ACCOUNT, metric, "an account"), metric, keys)


def _explain(
    warehouse: "Warehouse",
    found: tuple[Section, str, int | None],
    metric: str,
    keys: dict[str, int],
    run_id: str | None = None,
) -> Explanation:
    section, field, position = found
    if position is not None and position >= BEYOND_ROWS:
        raise UsageError(f"metric {metric!r} has no such row here")
    of_whom = filled(section.condition, keys)
    column = section.columns.get(field, field)
    selected, told = (f'"{name}"' if name in KEYWORDS else name for name in (column, field))
    rows_of_view = _rows_of_view(section, of_whom, keys.get("id"), position)
    query = f"select {section.fields[field].sql(selected)} as {told} {rows_of_view}"
    values = warehouse.sql(query).fetchall()
    if not values:
        raise UsageError(
            f"metric {metric!r} has no {'value' if position is None else f'row {position}'} here"
        )
    what, of_site = field, keys
    if section.view == "alerts":
        ((what, site_id),) = warehouse.sql(f"select alert, site_id {rows_of_view}").fetchall()
        of_site = keys | ({} if site_id is None else {"site_id": site_id})
    inputs = section.others.get(what, section.inputs)
    rows_query = " ".join(read_query(inputs, **of_site, position=position, condition=of_whom).split())
    rows = warehouse.rows(f"select * from ({rows_query}) limit {MOST_ROWS}")
    rows_in_all = len(rows)
    if rows_in_all == MOST_ROWS:
        ((rows_in_all,),) = warehouse.sql(f"select count(*) from ({rows_query})").fetchall()
    definition, grain = _described(warehouse, section.view, column)
    return Explanation(
        site_id=keys.get("site_id"),
        account_id=keys.get("account_id"),
        run_id=run_id,
        metric=metric,
        definition=definition,
        grain=grain,
        file=sql_file(section.view),
        query=query,
        result=section.fields[field].value(values[0][0]),
        rows_query=rows_query,
        rows=rows,
        rows_in_all=rows_in_all,
        version=warehouse.version,
    )


def _rows_of_view(section: Section, of_whom: str, run: int | None, position: int | None) -> str:
    """The one row of the section's view that a metric is read from, as the end of a query."""
    where = [of_whom] if section.view != "current_load" else []
    if run is not None:
        where.append(f"id = {run}")
    if section.position:
        where.append(f"{section.position} = {position}")
    rows = f"from {section.view}"
    if where:
        rows += f" where {' and '.join(where)}"
    if section.order and position is not None:
        rows += f" order by {section.order} limit 1 offset {max(position - 1, 0)}"
    return rows


def _find(sections: dict[str, Section], metric: str, of: str) -> tuple[Section, str, int | None]:
    """The section and field that a metric's path names, and the number in it. Raises UsageError for an unknown one."""
    numbers = re.findall(r"(?<=\.)\d+(?=\.)", metric)
    general = re.sub(r"\.\d+(?=\.)", ".<n>", metric)
    known = metrics(sections)
    if general not in known or len(numbers) > 1 or "<n>" in metric:
        near = get_close_matches(general, known, 3, 0.4) or known[:3]
        near = [name.replace("<n>", numbers[0] if numbers else "1") for name in near]
        raise UsageError(f"there is no metric {metric!r} of {of}; try {', '.join(near)}")
    name, _, field = general.replace(".<n>", "").rpartition(".")
    if not numbers:
        return sections[name], field, None
    return sections[name], field, int(numbers[0]) if len(numbers[0]) < 10 else BEYOND_ROWS


def sql_file(view: str) -> str:
    """The file that makes the view: `warehouse/<layer>/<view>.sql`."""
    folder = Path(views.__path__[0])
    (file,) = folder.rglob(f"{view}.sql")
    return file.relative_to(folder.parent).as_posix()


def _described(warehouse: "Warehouse", view: str, column: str) -> tuple[str, str]:
    """What the catalogue says of the column, and of the view's rows."""
    ((definition,),) = warehouse.sql(
        "select comment from duckdb_columns() where schema_name = 'main' and table_name = $view "
        "and column_name = $column",
        {"view": view, "column": column},
    ).fetchall()
    ((grain,),) = warehouse.sql(
        "select comment from duckdb_views() where schema_name = 'main' and view_name = $view "
        "union all "
        "select comment from duckdb_tables() where schema_name = 'main' and table_name = $view",
        {"view": view},
    ).fetchall()
    return definition, grain
