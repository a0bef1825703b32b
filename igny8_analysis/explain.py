"""Where a number of a payload comes from: its definition, its query, the rows that went in, the data's version."""

import re
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from igny8_analysis import payloads
from igny8_analysis import warehouse as views
from igny8_analysis.connection import as_dicts
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.payloads import AS_IS, TIME, Fields

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse


@dataclass(frozen=True)
class Explanation:
    """One number of a payload, explained. `query` gives `result`; `rows_query` gives `rows`, what it is made of.

    Both queries can be pasted into `igny8 sql`. `file` makes the view that `query` reads. `rows` are at most the newest
    MOST_ROWS; `rows_in_all` counts all.
    """

    site_id: int
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
    """A part of a payload: the view and fields it selects, what numbers its rows, and the rows its view is made of.

    `position` is a column that holds the number in the path (`stages.4`), or the order that gives it its place.
    """

    view: str
    fields: Fields
    inputs: str
    position: str | None = None
    order: str | None = None


MOST_ROWS = 1_000

_PREDICTION = """
select i.stage_number, i.pending_items, s.has_sufficient_data, h.credits_per_processed_item, h.avg_output_ratio,
    p.default_credits_per_processed_item, p.default_output_ratio
from pending_items as i
join site_history as s on s.site_id = i.site_id
join stage_history as h on h.site_id = i.site_id and h.stage_number = i.stage_number
join stage_parameters as p on p.stage_number = i.stage_number
where i.site_id = {site_id} and i.stage_number = {position}
"""
_PREDICTIONS = """
select p.stage_number, p.pending_items, p.estimated_credits, p.estimated_output, p.basis, h.total_runs_analyzed
from prediction_stages as p
join site_history as h on h.site_id = p.site_id
where p.site_id = {site_id} order by p.stage_number
"""
_ITEMS = """
select i.entity, i.status, i.site_status, i.is_pending, i.items
from pipeline_items as i
join current_load as l on l.load_number = i.load_number
where i.site_id = {site_id} order by i.entity, i.status, i.site_status
"""
_RUNS = """
select id, run_id, status, started_at, completed_at, duration_seconds, total_credits_used, is_stale
from runs
where site_id = {site_id} order by started_at desc, id desc
"""
_ANALYZED = """
select c.id, c.run_id, c.started_at, c.completed_at, c.duration_seconds, c.total_credits_used, s.items_created
from completions as c
join known_completions as k on k.site_id = c.site_id
join run_summary as s on s.site_id = c.site_id and s.id = c.id
cross join parameters as p
where c.site_id = {site_id} and c.completion_number <= k.completions_known
    and c.completion_number > k.completions_known - p.analyzed_runs
order by c.completion_number desc
"""
_ANALYZED_STAGE = """
select g.id, g.run_id, g.stage_number, g.credits_used, g.items_processed, g.items_created, g.duration_seconds
from analyzed_stages as a
join run_stages as g on g.site_id = a.site_id and g.id = a.id and g.stage_number = a.stage_number
where a.site_id = {site_id} and a.stage_number = {position} order by a.completion_number desc
"""
_RUN = """
select s.label, r.run_number, r.run_id, r.status, r.trigger_type, r.current_stage, r.started_at, r.completed_at,
    r.paused_at, r.resumed_at, r.cancelled_at, r.total_credits_used, r.error_message
from runs as r
join sites as s on s.site_id = r.site_id
where r.site_id = {site_id} and r.id = {id}
"""
_STAGE = """
select g.stage_number, r.status as run_status, r.current_stage, g.has_result, g.credits_used, g.items_processed,
    g.items_created, g.duration_seconds, g.error
from run_stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
where g.site_id = {site_id} and g.id = {id} and g.stage_number = {position}
"""
_BASELINE_STAGE = """
select c.id, c.run_id, c.completed_at, g.credits_used, g.items_processed, g.items_created, g.has_run
from completions as c
join completions_before as k on k.site_id = c.site_id and k.id = {id}
join run_stages as g on g.site_id = c.site_id and g.id = c.id and g.stage_number = {position}
cross join parameters as p
where c.site_id = {site_id} and c.completion_number <= k.completions_before
    and c.completion_number > k.completions_before - p.analyzed_runs
union all
select id, run_id, null, credits_used, items_processed, items_created, has_run
from run_stages
where site_id = {site_id} and id = {id} and stage_number = {position}
"""
_BASELINE = """
select c.id, c.run_id, c.started_at, c.completed_at, c.duration_seconds, c.total_credits_used, s.items_created
from completions as c
join completions_before as k on k.site_id = c.site_id and k.id = {id}
join run_summary as s on s.site_id = c.site_id and s.id = c.id
cross join parameters as p
where c.site_id = {site_id} and c.completion_number <= k.completions_before
    and c.completion_number > k.completions_before - p.analyzed_runs
order by c.completion_number desc
"""
_EFFICIENCY = """
select r.total_credits_used, r.duration_seconds, s.items_created
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
where r.site_id = {site_id} and r.id = {id}
"""
_INSIGHTS = """
select g.stage_number, g.stage_name, g.status, g.error, g.credits_used, c.historical_avg_credits,
    c.credit_variance_pct, c.items_variance_pct, e.credits_per_item, b.avg_credits_per_item, b.total_runs_analyzed
from run_stages as g
join stage_comparison as c on c.site_id = g.site_id and c.id = g.id and c.stage_number = g.stage_number
join run_efficiency as e on e.site_id = g.site_id and e.id = g.id
join run_baseline as b on b.site_id = g.site_id and b.id = g.id
where g.site_id = {site_id} and g.id = {id} order by g.stage_number
"""
_SITE = "select site_id, domain, name, account_id, account_name from sites where site_id = {site_id}"
_SETTINGS = """
select a.load_number, a.as_of, a.is_present, a.is_enabled, a.frequency, a.scheduled_time, a.credit_limit,
    s.last_run_at, s.next_run_at
from lake.automation_settings as a
left join lake.automation_schedules as s on s.site_id = a.site_id
where a.site_id = {site_id} order by a.load_number desc
"""
_STAGE_SETTINGS = """
select load_number, as_of, is_present, stage_{position}_is_on, stage_{position}_limit
from lake.automation_settings
where site_id = {site_id} order by load_number desc
"""
_LOAD = "select load_number, load_id, as_of, source_kind from loads order by load_number desc limit 1"

OVERVIEW = {
    "site": Section("sites", payloads.SITE, _SITE),
    "": Section("current_load", {"as_of": TIME}, _LOAD),
    "run_statistics": Section("run_statistics", payloads.RUN_STATISTICS, _RUNS),
    "predictive_analysis.stages": Section(
        "prediction_stages", payloads.PREDICTION_STAGES, _PREDICTION, "stage_number"
    ),
    "predictive_analysis.totals": Section("prediction_totals", payloads.PREDICTION_TOTALS, _PREDICTIONS),
    "predictive_analysis": Section("prediction_totals", {"confidence": AS_IS}, _PREDICTIONS),
    "attention_items.unrecognised_statuses": Section(
        "unrecognised_statuses", payloads.UNRECOGNISED_STATUSES, _ITEMS, order="entity, status"
    ),
    "attention_items": Section("attention_items", payloads.ATTENTION_ITEMS, _ITEMS),
    "historical_averages.stages": Section(
        "stage_history", payloads.STAGE_HISTORY, _ANALYZED_STAGE, "stage_number"
    ),
    "historical_averages": Section("site_history", payloads.SITE_HISTORY, _ANALYZED),
    "settings.site": Section("site_settings", payloads.SITE_SETTINGS, _SETTINGS),
    "settings.stages": Section("stage_settings", payloads.STAGE_SETTINGS, _STAGE_SETTINGS, "stage_number"),
}
RUN = {
    "run": Section("runs", payloads.RUN, _RUN),
    "stages.comparison": Section("stage_comparison", payloads.COMPARISON, _BASELINE_STAGE, "stage_number"),
    "stages": Section("run_stages", payloads.STAGE, _STAGE, "stage_number"),
    "efficiency": Section("run_efficiency", payloads.EFFICIENCY, _EFFICIENCY),
    "insights": Section("run_insights", payloads.INSIGHT, _INSIGHTS, order="insight_number"),
    "historical_comparison": Section("run_baseline", payloads.RUN_BASELINE, _BASELINE),
}


def _columns(names: str) -> Fields:
    return dict.fromkeys(names.split(), AS_IS)


_BACKTEST = """
select id, run_id, started_at, method, forecast_credits, actual_credits, is_covered_80, is_covered_90, is_champion
from forecast_backtest
where site_id = {site_id} order by started_at desc, id desc, method
"""
_SPEND = """
select horizon_days, origin_at, known_runs, recent_credits, recent_runs, mean_credits, credits_before, rhythm_credits,
    month_credits, is_off
from spend_origins
where scope = 'site' and owner_id = {site_id} and is_live order by horizon_days
"""
_CHARGES = """
select r.id, r.run_id, r.started_at, g.stage_number, g.credits_used, g.items_processed, r.total_credits_used
from run_stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
where g.site_id = {site_id} order by r.started_at desc, r.id desc, g.stage_number
"""

# Rows of views that are in no payload: they go by their place in this order.
VIEWS = {
    "forecast_totals": Section(
        "forecast_totals",
        _columns(
            "method credits output duration_seconds p80_low p80_high p90_low p90_high budget_80 budget_90 is_champion "
            "reason"
        ),
        _BACKTEST,
        order="is_champion desc, method",
    ),
    "spend_forecasts": Section(
        "spend_forecasts",
        _columns(
            "scope account_id horizon_days method credits p80_low p80_high p90_low p90_high budget_80 budget_90 "
            "is_champion reason"
        ),
        _SPEND,
        order="horizon_days, is_champion desc, method",
    ),
    "spend_months": Section(
        "spend_months",
        _columns(
            "scope account_id month_start credits_so_far days_gone days_left credits_expected p80_low p80_high "
            "credits_month_before"
        ),
        _SPEND,
    ),
    "cost_changes": Section(
        "cost_changes",
        _columns(
            "period stage_number stage_name credits_before credits_after items_before items_after rate_before "
            "rate_after volume_credits rate_credits is_new_stage credits_per_article_before credits_per_article_after"
        ),
        _CHARGES,
        order="period desc, stage_number nulls last",
    ),
    "price_effects": Section(
        "price_effects",
        _columns("stage_number stage_name since rate_before rate_after items_per_run effect_per_run"),
        _CHARGES,
        order="since desc, stage_number",
    ),
    "alerts": Section(
        "alerts",
        _columns(
            "alert severity account_id id run_id stage_number since message alert_key is_new severity_rank"
        ),
        _RUNS,
        order="severity_rank, alert, run_id, stage_number",
    ),
}


def metrics(is_run: bool) -> list[str]:
    """Every metric that can be explained, `<n>` for the number of a stage or of a row."""
    return [
        ".".join(part for part in (_numbered(name, section), field) if part)
        for name, section in (RUN if is_run else OVERVIEW | VIEWS).items()
        for field in section.fields
    ]


def _numbered(name: str, section: Section) -> str:
    if name == "stages.comparison":
        return "stages.<n>.comparison"
    return f"{name}.<n>" if section.position or section.order else name


def explain(warehouse: "Warehouse", site: int | str, run_id: str | None, metric: str) -> Explanation:
    """Explain a field of the site's overview, or with `run_id` of that run, named by its path in the payload.

    Rows of forecasts, spend, changes and alerts go by their place: `spend_forecasts.1.credits`. A field of the
    site's settings comes after `settings.`: `settings.stages.4.item_limit`.

    Stages go by their number: `stages.4.comparison.credit_variance_pct`. Raises UsageError for an unknown metric,
    SiteNotFound and RunNotFound.
    """
    site_id = warehouse.resolve_site(site)
    section, field, position = _find(metric, run_id is not None)
    keys: dict[str, Any] = {"site_id": site_id, "position": position}
    where = [] if section.view == "current_load" else [f"site_id = {site_id}"]
    if run_id is not None:
        keys["id"] = warehouse.run_source_id(site, run_id)
        where.append(f"id = {keys['id']}")
    if section.position:
        where.append(f"{section.position} = {position}")
    query = f"select {section.fields[field].sql(field)} as {field} from {section.view}"
    if where:
        query += f" where {' and '.join(where)}"
    if section.order and position:
        query += f" order by {section.order} limit 1 offset {position - 1}"
    values = warehouse.sql(query).fetchall()
    if not values:
        raise UsageError(f"metric {metric!r} has no {f'row {position}' if position else 'value'} here")
    rows_query = " ".join(section.inputs.format(**keys).split())
    rows = as_dicts(warehouse.sql(f"select * from ({rows_query}) limit {MOST_ROWS}"))
    rows_in_all = len(rows)
    if rows_in_all == MOST_ROWS:
        ((rows_in_all,),) = warehouse.sql(f"select count(*) from ({rows_query})").fetchall()
    definition, grain = _described(warehouse, section.view, field)
    return Explanation(
        site_id=site_id,
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


def _find(metric: str, is_run: bool) -> tuple[Section, str, int | None]:
    """The section and field that a metric's path names, and the number in it. Raises UsageError for an unknown one."""
    numbers = re.findall(r"(?<=\.)\d+(?=\.)", metric)
    general = re.sub(r"\.\d+(?=\.)", ".<n>", metric)
    known = metrics(is_run)
    if general not in known or len(numbers) > 1:
        near = get_close_matches(general, known, 3, 0.4) or known[:3]
        of = "a run" if is_run else "an overview; a run's come after its RUN_ID"
        raise UsageError(f"there is no metric {metric!r} of {of}; try {', '.join(near)}")
    name, _, field = general.replace(".<n>", "").rpartition(".")
    return (RUN if is_run else OVERVIEW | VIEWS)[name], field, int(numbers[0]) if numbers else None


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
