"""What holds for every view of the warehouse, read from its SQL and from the catalogue it is built into."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from igny8_analysis import Warehouse, explain
from igny8_analysis.completion import Dictionary
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.source_schema import STAGES
from igny8_analysis.reports import tokens
from igny8_analysis.reports.words import WAYS
from igny8_analysis.warehouse.build import TEXTS, View, column_descriptions, load_views
from igny8_analysis.warehouse.renew import BEHIND

ROOT = Path(__file__).parents[2]
VIEWS = {view.name: view for view in load_views()}
PARAMETERS = ("parameters", "stage_parameters", "forecast_parameters")

# What is of all sites by nature: made at build time, looked up by day.
OF_ALL_SITES = (
    *("account_days", "account_errors", "account_lessons", "account_record", "common_changes"),
    *("platform_lessons", "platform_record", "price_noise", "price_versions"),
    *(
        "spend_account_pools",
        "spend_accuracy",
        "spend_origins",
        "spend_pools",
        "spend_ranks",
        "spend_record",
        "spends",
    ),
)

# What one row of each view is, where it is not one row per site.
RUN = ("site_id", "id")
STAGE = ("site_id", "id", "stage_number")
KEYS: dict[str, tuple[str, ...]] = {
    "account_article_costs": ("site_id",),
    "account_alerts": ("account_id",),
    "account_payloads": ("account_id",),
    "account_days": ("account_id", "known_on"),
    "account_balances": ("account_id",),
    "account_errors": ("account_id", "method", "known_runs_from", "known_on"),
    "account_lessons": ("account_id", "stage_number", "known_on"),
    "account_record": ("account_id", "method", "known_on"),
    "account_figures": ("account_id",),
    "account_next_runs": ("account_id",),
    "account_months": ("site_id", "month_start"),
    "account_sites": ("site_id",),
    "accounts": ("account_id",),
    "alert_parameters": (),
    "alerts": ("alert_key",),
    "analyzed_stages": ("site_id", "stage_number", "id"),
    "attention_items": ("site_id",),
    "brief_alerts": ("scope", "site_id", "account_id", "alert_number"),
    "brief_balance": ("scope", "site_id", "account_id"),
    "brief_made": ("scope", "site_id", "account_id"),
    "brief_month": ("scope", "site_id", "account_id"),
    "brief_next": ("scope", "site_id", "account_id"),
    "brief_sites": ("scope", "site_id", "account_id", "told_site_id"),
    "brief_why": ("scope", "site_id", "account_id", "cause_number"),
    "briefs": ("scope", "site_id", "account_id"),
    "calendar": ("calendar_date",),
    "common_changes": ("stage_number", "changed_on", "known_from"),
    "completions": ("site_id", "completion_number"),
    "completions_before": RUN,
    "cost_changes": ("site_id", "period", "stage_number"),
    "credit_days": ("account_id", "site_id", "used_on", "operation"),
    "credit_months": ("account_id", "month_start"),
    "credit_sources": (),
    "cost_steps": ("scope", "site_id", "account_id", "period", "step_number"),
    "credit_variance": STAGE,
    "current_load": (),
    "data_quality": ("site_id", "check_name", "id", "stage_number", "detail"),
    "forecast_accuracy": ("method", "window", "site_id"),
    "forecast_backtest": ("site_id", "id", "method"),
    "forecast_days": ("method", "known_runs_from", "known_on"),
    "forecast_flow": ("site_id", "id", "is_told", "stage_number"),
    "forecast_inputs": STAGE,
    "forecast_methods": ("method",),
    "forecast_origins": RUN,
    "forecast_parameters": (),
    "forecast_points": ("site_id", "id", "method"),
    "forecast_stages": ("site_id", "method", "stage_number"),
    "forecast_totals": ("site_id", "method"),
    "forecasts": ("site_id", "id", "method"),
    "known_completions": ("site_id",),
    "known_statuses": ("entity", "status"),
    "live_origin": (),
    "load_day": (),
    "loads": ("load_number",),
    "own_errors": ("site_id", "method", "error_number"),
    "own_prices": ("site_id", "stage_number", "price_number", "version_from"),
    "own_record": ("site_id", "method", "origin_number"),
    "parameters": (),
    "past_months": ("month_start",),
    "pending_counts": ("load_number", "site_id", "stage_number", "entity", "status", "site_status"),
    "pending_history": ("load_number", "site_id", "stage_number"),
    "pending_items": ("site_id", "stage_number"),
    "pipeline_items": ("load_number", "site_id", "entity", "status", "site_status", "is_pending"),
    "platform_lessons": ("stage_number", "known_on"),
    "platform_record": ("method", "known_runs_from", "known_on"),
    "prediction_stages": ("site_id", "stage_number"),
    "prediction_totals": ("site_id",),
    "price_breaks": ("site_id", "stage_number", "since"),
    "price_causes": ("site_id", "stage_number", "is_dearer"),
    "price_effects": ("site_id", "stage_number", "since"),
    "publishing": ("site_id",),
    "price_noise": ("stage_number", "completed_on"),
    "price_steps": ("site_id", "stage_number", "completion_number"),
    "price_versions": ("stage_number", "version_from"),
    "run_baseline": RUN,
    "run_comparison": RUN,
    "run_efficiency": RUN,
    "run_history": RUN,
    "run_insights": ("site_id", "id", "insight_number"),
    "run_payloads": RUN,
    "run_reconciliation": RUN,
    "run_stages": STAGE,
    "run_state": ("site_id", "completion_number"),
    "run_statistics": ("site_id",),
    "run_summary": RUN,
    "run_timeline": ("site_id", "id", "part_number"),
    "run_trends": RUN,
    "run_variance": RUN,
    "run_statuses": ("status",),
    "running_sites": ("site_id",),
    "runs": RUN,
    "site_domains": ("site_id",),
    "site_figures": ("site_id",),
    "site_history": ("site_id",),
    "site_months": ("site_id", "month_start"),
    "site_settings": ("site_id",),
    "site_payloads": ("site_id",),
    "forecast_payloads": ("site_id",),
    "site_lessons": ("site_id", "completion_number"),
    "settings_seen": (),
    "sites": ("site_id",),
    "runways": ("account_id",),
    "spend_account_pools": ("scope", "account_key", "horizon_days", "method", "is_quiet", "week"),
    "spend_accuracy": ("scope", "horizon_days", "method", "window", "site_id", "account_id"),
    "spend_backtest": ("scope", "site_id", "account_id", "horizon_days", "origin_at", "method"),
    "spend_lookups": ("scope", "account_key", "horizon_days", "known_runs_from", "week"),
    "spend_mondays": ("week",),
    "spend_errors": ("scope", "owner_id", "horizon_days", "method", "error_number"),
    "spend_forecasts": ("scope", "site_id", "account_id", "horizon_days", "method"),
    "spend_horizons": ("horizon_days",),
    "spend_methods": ("method",),
    "spend_months": ("scope", "site_id", "account_id"),
    "spend_origins": ("scope", "owner_id", "horizon_days", "week"),
    "spend_ranks": ("scope", "owner_id", "horizon_days", "week"),
    "spend_known_errors": ("scope", "owner_id", "horizon_days", "week"),
    "spend_owners": ("scope", "owner_id"),
    "spend_parameters": (),
    "spend_points": ("scope", "owner_id", "horizon_days", "week", "method"),
    "spend_pools": ("scope", "horizon_days", "method", "known_runs_from", "week"),
    "spend_record": ("scope", "owner_id", "horizon_days", "method", "error_number"),
    "spend_rhythms": ("site_id", "week", "horizon_days"),
    "spend_runs": RUN,
    "spend_states": ("site_id", "week"),
    "spend_switches": ("site_id", "load_number"),
    "spend_weeks": ("week",),
    "spends": ("scope", "owner_id", "horizon_days", "week", "method"),
    "spend_past": ("scope", "owner_id", "horizon_days", "week", "method"),
    "stage_breaks": ("site_id", "stage_number", "since_number"),
    "stage_charges": ("site_id", "stage_number", "completion_number"),
    "stage_comparison": STAGE,
    "stage_history": ("site_id", "stage_number"),
    "stage_lessons": ("site_id", "stage_number", "completion_number"),
    "stage_parameters": ("stage_number",),
    "stage_passages": ("site_id", "stage_number", "completion_number"),
    "stage_settings": ("site_id", "stage_number"),
    "stage_outcomes": STAGE,
    "stage_settings_seen": ("site_id", "stage_number", "load_number"),
    "stage_settings_spans": ("site_id", "stage_number", "as_of"),
    "site_alerts": ("site_id", "alert_key"),
    "stage_state": ("site_id", "stage_number", "completion_number"),
    "stale_runs": RUN,
    "statements": ("account_id", "month_start"),
    "told_record": ("site_id",),
    "unrecognised_statuses": ("site_id", "entity", "status"),
    "unusual_runs": RUN,
    "window_runs": RUN,
    "window_trends": ("site_id",),
}

# NULL there: all sites together, what the ledger charged to no site, a finding about an account.
ALSO_OF_NO_SITE = (
    *("brief_sites", "brief_made", "brief_why", "brief_next", "brief_month", "brief_balance", "brief_alerts"),
    "briefs",
    "spend_accuracy",
    "spend_backtest",
    "spend_forecasts",
    "spend_months",
    "cost_steps",
    "forecast_accuracy",
    "credit_days",
    "data_quality",
)

each_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())


def parsed(view: View) -> exp.Expression:
    return sqlglot.parse_one(view.sql, dialect="duckdb")


# The catalogue


def test_every_view_and_column_is_described(demo: Warehouse) -> None:
    bare = demo.sql(
        """
        select schema_name || '.' || view_name from duckdb_views() where not internal and coalesce(comment, '') = ''
        union all
        select schema_name || '.' || table_name from duckdb_tables() where coalesce(comment, '') = ''
        union all
        select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()
        where not internal and coalesce(comment, '') = ''
        """
    ).fetchall()
    assert bare == []


@each_view
def test_the_first_line_is_the_grain(view: View) -> None:
    first = view.sql.splitlines()[0]
    assert first.startswith("-- One row"), "the first comment line says what one row is"
    assert first.endswith("."), "the grain is a sentence"


@each_view
def test_the_key_is_unique_and_never_null(view: View, demo: Warehouse) -> None:
    key = KEYS[view.name]
    if not key:
        assert demo.sql(f"select count(*) from {view.name}").fetchall() == [(1,)]
        return
    columns = ", ".join(f'"{column}"' for column in key)
    twice = f"select {columns}, count(*) from {view.name} group by all having count(*) > 1 limit 3"
    assert demo.sql(twice).fetchall() == []
    if "site_id" in key and view.name not in ALSO_OF_NO_SITE:
        assert demo.sql(f"select count(*) from {view.name} where site_id is null").fetchall() == [(0,)]


@pytest.mark.parametrize("table", LAKE_TABLES)
def test_the_contract_of_a_lake_table_holds(table: str, demo: Warehouse) -> None:
    columns = ", ".join(LAKE_TABLES[table].key)
    twice = f"select {columns} from lake.{table} group by all having count(*) > 1 limit 3"
    assert demo.sql(twice).fetchall() == []
    declared = {name: column.is_nullable for name, column in LAKE_TABLES[table].columns.items()}
    for column in (name for name, is_nullable in declared.items() if not is_nullable):
        assert demo.sql(f'select count(*) from lake.{table} where "{column}" is null').fetchall() == [(0,)], (
            column
        )


@each_view
def test_a_view_about_runs_has_both_names_of_the_run(view: View, demo: Warehouse) -> None:
    columns = demo.sql(f"select * from {view.name} limit 0").columns
    if view.layer != "staging" and "site_id" in columns and "id" in columns:
        assert "run_id" in columns


# Push-down


def scans(plan: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    """Table and rows that came out of each scan of a profiled query."""
    for node in plan:
        if node["type"] == "TABLE_SCAN":
            yield node["extra_info"].get("Table", "").removeprefix("warehouse."), node["intermediate_rows"]
        yield from scans(node.get("children", []))


def scanned(warehouse: Warehouse, query: str) -> list[tuple[str, int]]:
    ((_, profile),) = warehouse.sql(f"explain (analyze, format json) {query}").fetchall()
    return list(scans(json.loads(profile)["operator"]))


@pytest.fixture(scope="module")
def rows_of_sites(demo: Warehouse) -> dict[str, dict[int, int]]:
    """Rows of each site in each stored table that has a `site_id`."""
    tables = demo.sql(
        "select schema_name || '.' || table_name from duckdb_columns() where column_name = 'site_id' "
        "and table_oid in (select table_oid from duckdb_tables())"
    ).fetchall()
    return {
        table: dict(demo.sql(f"select site_id, count(*) from {table} group by all").fetchall())
        for (table,) in tables
    }


@each_view
def test_a_filter_on_site_id_reaches_every_scan(
    view: View, demo: Warehouse, rows_of_sites: dict[str, dict[int, int]]
) -> None:
    if "site_id" not in demo.sql(f"select * from {view.name} limit 0").columns:
        return
    sites = [
        site_id
        for (site_id,) in demo.sql("select site_id from run_statistics order by total_runs").fetchall()
    ]
    for site_id in (sites[0], sites[len(sites) // 2], sites[-1]):
        asked = (
            view.name if view.layer in ("forecast", "spend", "answers") else f"({view.sql})"
        )  # also where the answer is kept
        for table, rows in scanned(demo, f"select * from {asked} where site_id = {site_id}"):
            if table in rows_of_sites:
                of_site = rows_of_sites[table].get(site_id, 0)
                assert rows <= of_site, f"{table} gave {rows} rows for site {site_id}, which has {of_site}"


ASKED_BY_THE_SECOND = {
    *(section.view for payload in (explain.OVERVIEW, explain.RUN) for section in payload.values()),
    *("site_payloads", "run_payloads", "forecast_payloads", "briefs"),
    *("run_summary", "forecast_totals", "forecast_stages", "site_figures", "cost_changes", "price_effects"),
}


@pytest.mark.parametrize("name", sorted(ASKED_BY_THE_SECOND))
def test_what_a_payload_selects_is_kept_and_sorted_by_site(name: str, demo: Warehouse) -> None:
    assert VIEWS[name].is_kept
    if "site_id" in KEYS[name]:
        rows = demo.sql(f"select site_id from {name}").fetchall()
        sites = [site_id for (site_id,) in rows if site_id is not None]
        assert sites == sorted(sites)


def test_a_query_of_all_sites_would_be_noticed(
    demo: Warehouse, rows_of_sites: dict[str, dict[int, int]]
) -> None:
    all_sites = (
        "select * from (select site_id, row_number() over (order by id) as n from runs) where site_id = 101"
    )
    ((table, rows),) = scanned(demo, all_sites)
    assert rows == sum(rows_of_sites[table].values()) > rows_of_sites[table][101]


# The SQL


@each_view
def test_sql_divides_by_nothing_that_can_be_zero(view: View) -> None:
    for division in parsed(view).find_all(exp.Div):
        divisor = division.expression.unnest()
        literal = isinstance(divisor, exp.Literal) and float(divisor.name) != 0
        assert literal or isinstance(divisor, exp.Nullif), f"no nullif in {division.sql('duckdb')}"


@each_view
def test_sql_names_its_columns(view: View) -> None:
    """The last select does; within a CTE `t.*` may pass columns on."""
    stars = [
        star.parent.sql("duckdb")
        for star in parsed(view).find_all(exp.Star)
        if star.parent and not (isinstance(star.parent, exp.Column) and star.find_ancestor(exp.CTE))
    ]
    assert [star for star in stars if not star.startswith("COUNT(")] == []


@each_view
def test_every_window_is_of_one_site(view: View) -> None:
    if view.name in OF_ALL_SITES:
        assert view.is_kept
        return
    for window in parsed(view).find_all(exp.Window):
        if not window.alias:  # what names a window is checked where that is defined
            parts = [part.name for part in window.args.get("partition_by") or []]
            assert "site_id" in parts, window.sql("duckdb")


@each_view
def test_what_run_statuses_have_in_common_is_a_column_of_theirs(view: View) -> None:
    """`is_open`, `is_ended`, `is_cut_short` come from `run_statuses`, so that a status is added in one place."""
    alike = ({"running", "paused"}, {"completed", "failed", "cancelled"}, {"failed", "cancelled"})
    for choice in parsed(view).find_all(exp.In):
        if choice.this.name == "status":
            assert {value.name for value in choice.expressions} not in alike, choice.sql("duckdb")


@each_view
def test_thresholds_live_in_one_place(view: View) -> None:
    if view.name in PARAMETERS:
        return
    for comparison in parsed(view).find_all(exp.GT, exp.GTE, exp.LT, exp.LTE):
        for literal in (
            side for side in (comparison.left, comparison.right) if isinstance(side, exp.Literal)
        ):
            assert literal.name in {"0", "1"}, (
                f"{comparison.sql('duckdb')}: the number belongs into parameters"
            )


@each_view
def test_no_stage_is_known_by_its_number(view: View) -> None:
    if view.name in ("stage_parameters", "pending_counts"):  # what stages are, and what waits for which
        return
    for comparison in parsed(view).find_all(exp.EQ, exp.NEQ, exp.In):
        if comparison.this.name in ("stage_number", "current_stage", "fed_by"):
            others = comparison.args.get("expressions") or [comparison.expression]
            assert not any(isinstance(other, exp.Literal) for other in others), comparison.sql("duckdb")


def test_trailing_windows_are_as_long_as_parameters_say(demo: Warehouse) -> None:
    (
        (
            analyzed,
            own_errors,
            pooled_errors,
            limit,
            outputs,
            before,
            gaps,
            weeks,
            pool,
            account_pool,
            peak,
            changes,
            step,
            given_up,
            longest_horizon,
        ),
    ) = demo.sql(
        "select analyzed_runs, own_errors, pooled_errors, limit_runs, output_runs, break_runs, spend_gaps, "
        "spend_month_weeks, spend_pool_weeks * spend_pool_errors_a_week, "
        "spend_account_weeks * spend_account_errors_a_week, "
        "change_peak_days, change_days, step_days, spend_abandoned_days, "
        "(select max(horizon_days) from spend_horizons) "
        "from parameters cross join forecast_parameters cross join spend_parameters"
    ).fetchall()
    lengths: dict[str, set[int]] = {}
    for name, view in VIEWS.items():
        for spec in parsed(view).find_all(exp.WindowSpec):
            if isinstance(spec.args["start"], exp.Literal) and spec.args["start_side"].upper() == "PRECEDING":
                to = int(spec.args["end"].name) if isinstance(spec.args["end"], exp.Literal) else 0
                to = -to if (spec.args["end_side"] or "").upper() == "FOLLOWING" else to
                lengths.setdefault(name, set()).add(int(spec.args["start"].name) + 1 - to)
    assert lengths == {
        "run_state": {analyzed},
        "stage_state": {analyzed},
        "stage_lessons": {analyzed, limit, outputs},
        "stage_charges": {before},
        "own_prices": {analyzed - 1, analyzed},
        "common_changes": {2 * peak + 1},
        "own_errors": {own_errors},
        "own_record": {own_errors},
        "spend_origins": {analyzed},
        "spend_record": {own_errors},
        "spend_runs": {gaps},
        "spend_states": {weeks},
    }
    assert {
        "weeks": weeks,
        "known_week": own_errors - 1 + math.ceil((longest_horizon + given_up) / 7),
    } == BEHIND
    (days,) = parsed(VIEWS["common_changes"]).find_all(exp.GenerateSeries)
    assert int(days.args["end"].name) + 1 == max(changes + peak, step)
    kept: dict[str, set[int]] = {}
    for name, view in VIEWS.items():
        for largest in parsed(view).find_all(exp.Max):
            if largest.args.get("count"):
                kept.setdefault(name, set()).add(int(largest.args["count"].name))
    # as far down as the rank of 80 % may lie, and to the thirtieth
    needed = {
        errors: errors + 1 - math.ceil(0.8 * (errors + 1))
        for errors in (own_errors, pooled_errors, pool, account_pool)
    }
    assert kept == {
        "own_errors": {needed[own_errors]},
        "account_errors": {needed[pooled_errors]},
        "forecast_accuracy": {own_errors},
        "platform_record": {2, 3},  # the largest accounts, and sites, that a share of the pool may bind
        "spend_account_pools": {needed[account_pool]},
        "spend_pools": {needed[pool]},
        "spend_record": {needed[own_errors]},
    }


def test_every_method_has_a_branch_of_its_own(demo: Warehouse) -> None:
    """A name in `forecast_methods` alone would have no forecast; one that the union alone has would be lost."""
    ordered = demo.sql("select method from forecast_methods order by method_number").fetchall()
    methods = {method for (method,) in ordered}
    assert methods == WAYS.keys()
    assert column_descriptions()[0]["method"].endswith(f": {', '.join(method for (method,) in ordered)}.")
    for view in ("forecast_points", "forecast_stages"):
        branches = {
            literal.name for literal in parsed(VIEWS[view]).find_all(exp.Literal) if literal.is_string
        }
        assert methods <= branches, view
    for case in parsed(VIEWS["forecast_stages"]).find_all(exp.Case):
        if case.this and case.args["default"] is None:
            assert {branch.this.name for branch in case.args["ifs"]} == methods, case.parent
    told = demo.sql("select distinct method from forecast_points").fetchall()
    assert {method for (method,) in told} - {"flow_told"} == methods


def test_every_stage_has_its_settings_and_its_colours(demo: Warehouse) -> None:
    """One that the view leaves out would be forecast as if it had no limit and were on."""
    numbers = demo.sql("select stage_number from stage_parameters order by 1").fetchall()
    assert [stage.number for stage in STAGES] == [number for (number,) in numbers]
    assert len(tokens.STAGES) == len(tokens.ON_STAGES) == len(STAGES)
    kept = {name for name in LAKE_TABLES["automation_settings"].columns if re.match(r"stage_\d", name)}
    assert kept - {c.name for c in parsed(VIEWS["stage_settings_seen"]).find_all(exp.Column)} == set()


def steps(name: str) -> int:
    """How many rows the view's list of steps has."""
    (values,) = (v for v in parsed(VIEWS[name]).find_all(exp.Values) if v.alias == "steps")
    return len(values.expressions)


def literals(name: str) -> set[int]:
    """The whole numbers that the view's SQL spells out."""
    return {int(n.name) for n in parsed(VIEWS[name]).find_all(exp.Literal) if n.is_int}


def test_lists_and_days_of_spend_are_as_long_as_parameters_say(demo: Warehouse) -> None:
    ((window, pool_weeks, timed_days, shortest, longest),) = demo.sql(
        "select spend_window_days, spend_pool_weeks, spend_timed_gap_days, "
        "(select min(horizon_days) from spend_horizons), (select max(horizon_days) from spend_horizons) "
        "from spend_parameters"
    ).fetchall()
    assert steps("spend_pools") == pool_weeks
    # a run counts in every week whose windows may hold it, and a site has as many due runs as fit
    assert 7 * (steps("spend_states") - 1) >= max(window, longest)
    assert steps("spend_rhythms") * timed_days >= longest
    # the days around a week's end, and the sums by horizon
    assert {window, longest - 1, shortest - 1} <= literals("spend_weeks")
    assert {window, shortest, longest} <= literals("spend_rhythms")
    assert {shortest, longest} <= literals("spend_states")
    # no other view spells the window out
    spelled = {name for name, view in VIEWS.items() if view.layer == "spend" and window in literals(name)}
    assert spelled == {"spend_parameters", "spend_rhythms", "spend_weeks"}


def test_lists_and_frames_of_prices_are_as_long_as_parameters_say(demo: Warehouse) -> None:
    ((analyzed, own),) = demo.sql(
        "select analyzed_runs, own_price_runs from parameters cross join forecast_parameters"
    ).fetchall()
    assert steps("own_prices") == analyzed
    frames = [spec.args["start"] for spec in parsed(VIEWS["own_prices"]).find_all(exp.WindowSpec)]
    assert {int(start.name) for start in frames if isinstance(start, exp.Literal)} == {
        analyzed - 2,
        analyzed - 1,
    }
    leads = [lead.args.get("offset") for lead in parsed(VIEWS["own_prices"]).find_all(exp.Lead)]
    assert {int(offset.name) for offset in leads if offset} == {own}, "a run is forgotten after so many"


# What people should use first


def test_what_is_a_step_towards_other_views_is_named_last(demo: Warehouse) -> None:
    names = list(Dictionary(demo).grains)
    steps = [name for name in names if name in VIEWS and VIEWS[name].step]
    assert names[-len(steps) - len(LAKE_TABLES) : -len(LAKE_TABLES)] == steps == sorted(steps)
    assert [found.text for found in Dictionary(demo).suggestions("select * from forecast_")][-4:] == [
        "forecast_flow",
        "forecast_inputs",
        "forecast_origins",
        "forecast_points",
    ]


def test_a_step_is_one_towards_a_view_and_no_page_starts_from_one() -> None:
    shown = [
        *(ROOT / "notebooks" / "explore").glob("*.ipynb"),
        ROOT / "README.md",
        ROOT / "docs" / "analysts.md",
    ]
    asked = {
        name
        for file in shown
        for name in re.findall(r"(?:from|join) (\w+)", file.read_text(encoding="utf-8"))
    }
    steps = {view.name for view in VIEWS.values() if view.step}
    assert asked & steps == set()
    assert steps - set().union(*(view.references for view in VIEWS.values())) <= {
        view.name for view in VIEWS.values() if view.layer == TEXTS
    }
    answers = {view.name for view in VIEWS.values() if view.layer in ("forecast", "spend")} - steps
    assert answers == {
        *(
            "common_changes",
            "forecast_accuracy",
            "forecast_backtest",
            "forecast_methods",
            "forecast_parameters",
        ),
        *("forecast_stages", "forecast_totals", "price_breaks", "price_effects", "runways", "spend_accuracy"),
        *("spend_backtest", "spend_forecasts", "spend_methods", "spend_months", "spend_parameters"),
        "unusual_runs",
    }, "a new one answers people, or is a step: say so in its comment (CONTRIBUTING.md)"
