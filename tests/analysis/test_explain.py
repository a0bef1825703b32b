"""Every field of both payloads can be explained, and the explanation gives the payload's number."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import igny8_analysis
from igny8_analysis import RunNotFound, UsageError, Warehouse, explain
from igny8_analysis.cli import cli
from igny8_analysis.etl.templates import filled
from tests.conftest import sampled

STATUSES = ("completed", "failed", "cancelled", "archived", "COMPLETED")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a payload with its path; stages go by their number, other rows by their place."""
    if isinstance(value, dict) and not path.endswith("initial_snapshot"):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, inner in enumerate(value, 1):
            yield from leaves(inner, f"{path}.{inner.get('stage_number', place)}")
    else:
        yield path, value


@pytest.mark.parametrize("site_id", sampled([101, 106], 1))
def test_every_field_of_the_overview(site_id: int, demo: Warehouse) -> None:
    fields = list(leaves(demo.overview_stats(site_id)))
    assert len(fields) > 110
    root = Path(igny8_analysis.__file__).parent.parent
    for path, value in fields:
        explanation = demo.explain(site_id, None, path)
        assert explanation.result == value, path
        assert explanation.definition
        assert explanation.version == demo.version
        assert (
            (root / explanation.file)
            .read_text(encoding="utf-8")
            .startswith(f"-- {explanation.grain.split('. ')[0]}")
        )


@pytest.mark.parametrize("status", sampled(STATUSES, 1))
def test_every_field_of_a_run_of_each_status(status: str, demo: Warehouse) -> None:
    ((run_id,),) = demo.sql(
        "select max(run_id) from runs where site_id = 112 and status = ?", [status]
    ).fetchall()
    for path, value in leaves(demo.run_detail(112, run_id)):
        explanation = demo.explain(112, run_id, path)
        assert explanation.result == value, (run_id, path)
        assert explanation.definition


def test_each_status_of_a_run_is_asked_for(demo: Warehouse) -> None:
    found = demo.sql("select distinct status from runs where site_id = 112").fetchall()
    assert {status for (status,) in found} == set(STATUSES)


def test_every_column_of_forecasts_spend_changes_and_alerts(demo: Warehouse) -> None:
    for name, section in explain.OF_VIEWS.items():
        place = f" order by {section.order}" if section.order else ""
        columns = demo.sql(f"select * from {section.view} limit 0").columns
        assert set(section.fields) >= set(columns), name
        first = demo.sql(f"select * from {section.view} where site_id = 101{place} limit 1")
        row = dict(zip(first.columns, first.fetchall()[0], strict=True))
        for field in section.fields:
            path = f"{name}.1.{field}" if section.order else f"{name}.{field}"
            explanation = demo.explain(101, None, path)
            assert explanation.result == row[field], path
            assert explanation.definition
            assert explanation.rows


def test_every_column_of_an_accounts_rows(demo: Warehouse, demo_warehouse: Path) -> None:
    for name, section in explain.ACCOUNT.items():
        condition = filled(section.condition, {"account_id": 7})
        place = f" order by {section.order}" if section.order else ""
        columns = demo.sql(f"select * from {section.view} limit 0").columns
        assert set(section.fields) >= set(columns), name
        first = demo.sql(f"select * from {section.view} where {condition}{place} limit 1")
        row = dict(zip(first.columns, first.fetchall()[0], strict=True))
        for field in section.fields:
            path = f"{name}.1.{field}" if section.order else f"{name}.{field}"
            explanation = demo.explain_account(7, path)
            assert explanation.result == row[field], path
            assert (explanation.site_id, explanation.account_id) == (None, 7)
            assert explanation.definition
            assert explanation.rows
    command = ["explain", "--account", "7", "runways.runway_days", "--format", "json"]
    printed = CliRunner().invoke(cli, [*command, "--warehouse", str(demo_warehouse)], catch_exceptions=False)
    assert json.loads(printed.stdout)["result"] == demo.explain_account(7, "runways.runway_days").result


@pytest.mark.parametrize("account_id", sampled([46, 7], 1))
def test_every_field_of_an_account(account_id: int, demo: Warehouse) -> None:
    fields = list(leaves(demo.account(account_id)))
    assert len(fields) > 70
    for path, value in fields:
        explanation = demo.explain_account(account_id, path)
        assert explanation.result == value, path
        assert explanation.definition
        assert explanation.rows


def test_help_names_every_view_that_is_explained() -> None:
    words = set(re.findall(r"\w+", CliRunner().invoke(cli, ["explain", "--help"]).stdout))
    assert words >= explain.OF_VIEWS.keys() | explain.ACCOUNT.keys()


def test_rows_are_those_that_make_the_figure(demo: Warehouse) -> None:
    """Of spend, the runs of its month; per article, runs with their articles; of an alert, what it is about."""
    month = demo.explain(101, None, "spend_months.credits_so_far")
    started = [row for row in month.rows if row["started_at"] >= demo.as_of.replace(day=1, hour=0)]
    assert sum(row["total_credits_used"] for row in started) == month.result
    month = demo.explain_account(7, "spend_months.credits_month_before")
    before = [row for row in month.rows if row["started_at"] < demo.as_of.replace(day=1, hour=0)]
    assert sum(row["total_credits_used"] for row in before) == month.result
    per_article = demo.explain(101, None, "cost_changes.1.credits_per_article_after")
    assert {"content_created", "total_credits_used"} <= set(per_article.rows[0])
    columns = {
        "run_failed": "status", "run_stale": "is_stale", "run_unusual": "total_credits_used",
        "price_changed": "items_processed", "cost_risen": "content_created", "items_failed": "entity",
        "schedule_missed": "next_run_at", "data_errors": "check_name", "balance_short": "budget_90",
        "balance_ends": "horizon_days",
    }  # fmt: skip
    told = demo.sql(
        "select alert, account_id, row_number() over (partition by account_id "
        "order by severity_rank, site_id, alert, run_id, stage_number) from alerts where account_id is not null"
    ).fetchall()
    assert {alert for alert, *_ in told} >= {"run_failed", "items_failed", "schedule_missed", "balance_short"}
    for alert, account_id, place in told:
        rows = demo.explain_account(account_id, f"alerts.{place}.message").rows
        assert rows, alert
        assert columns[alert] in rows[0], alert


def test_an_account_is_explained_by_its_sites_that_are_not_deleted(demo: Warehouse) -> None:
    ((account_id, dead),) = demo.sql(
        "select account_id, count(*) from sites where not is_live and site_id in (select site_id from runs) "
        "group by account_id order by account_id limit 1"
    ).fetchall()
    live = {
        site_id
        for (site_id,) in demo.sql(
            "select site_id from sites where account_id = ? and is_live", [account_id]
        ).fetchall()
    }
    assert dead
    for metric in ("cost_changes.1.credits_after", "sites.1.total_credits_last_30_days"):
        rows = demo.explain_account(account_id, metric).rows
        assert rows
        assert {row["site_id"] for row in rows} <= live, metric


def test_a_stages_setting_is_among_the_rows_that_explain_it(demo: Warehouse) -> None:
    ((site_id,),) = demo.sql(
        "select site_id from stage_settings where stage_number = 4 and batch_size > 0 limit 1"
    ).fetchall()
    for setting in ("is_on", "item_limit", "batch_size"):
        explained = demo.explain(site_id, None, f"settings.stages.4.{setting}")
        assert explained.result == explained.rows[0][f"stage_4_{setting.removeprefix('item_')}"], setting


def test_a_month_is_made_of_the_days_that_are_shown(demo: Warehouse) -> None:
    explanation = demo.explain_account(46, "months.1.run_credits")
    month = demo.explain_account(46, "months.1.month_start").result
    days = [row for row in explanation.rows if f"{row['used_on']:%Y-%m}" == month[:7]]
    for what, metric in {"runs": "run_credits", "ledger": "ledger_credits", "added": "added_credits"}.items():
        total = round(sum(row["credits"] for row in days if row["what"] == what))
        assert demo.explain_account(46, f"months.1.{metric}").result == total


def test_a_runway_is_made_of_the_rows_that_are_shown(demo: Warehouse) -> None:
    for (account_id,) in demo.sql("select account_id from runways where credits_per_day > 0").fetchall():
        explanation = demo.explain_account(account_id, "runways.credits_per_day")
        (row,) = explanation.rows
        by_hand = max(float(row["ledger_credits"] or 0) - float(row["run_credits"] or 0), 0) / 28
        runs = row["credits"] / row["horizon_days"]
        assert explanation.result == pytest.approx(runs + (by_hand if row["has_ledger"] else 0))


def test_the_queries_can_be_pasted_and_the_rows_are_the_sites_own(demo: Warehouse) -> None:
    explanation = demo.explain(101, None, "historical_averages.avg_total_credits")
    ((result,),) = demo.sql(explanation.query).fetchall()
    assert result == explanation.result
    assert explanation.rows_in_all == len(explanation.rows) == 10
    mean = sum(row["total_credits_used"] for row in explanation.rows) / 10
    assert abs(float(mean) - explanation.result) <= 0.5
    assert demo.sql(explanation.rows_query).fetchall()[0][0] == explanation.rows[0]["id"]


def test_rows_go_by_their_place_in_their_order(demo: Warehouse) -> None:
    months = demo.sql("select period from cost_changes where site_id = 101 order by all desc").fetchall()
    told = [demo.explain(101, None, f"cost_changes.{place}.period").result for place in (0, 1, len(months))]
    assert told == [months[0][0], months[0][0], months[-1][0]]
    assert told[0] != told[-1]


def test_more_rows_than_are_shown_are_counted(demo: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("igny8_analysis.explain.MOST_ROWS", 5)
    explanation = demo.explain(101, None, "historical_averages.avg_total_credits")
    assert (len(explanation.rows), explanation.rows_in_all) == (5, 10)


def test_what_is_wrong_is_told(demo: Warehouse) -> None:
    with pytest.raises(UsageError, match=r"success_rate_pct"):
        demo.explain(101, None, "run_statistics.success_rate")
    for metric, told in {
        "historical_averages.stages.9.avg_credits": "no row 9",
        "historical_averages.stages.0.avg_credits": "no row 0",
        "spend_forecasts.99999999999999999999999.credits": "no such row",
        "spend_forecasts.credits": r"try .*spend_forecasts\.1\.credits",
        "alerts.<n>.severity": r"no metric .*try alerts\.1\.severity",
        "forecast_totals.<n>.credits": r"try forecast_totals\.1\.credits",
    }.items():
        with pytest.raises(UsageError, match=told):
            demo.explain(101, None, metric)
    with pytest.raises(RunNotFound):
        demo.explain(101, "run_of_nobody", "run.status")


@pytest.mark.parametrize("metric", ["as_of", "site.domain", "predictive_analysis.stages.4.estimated_credits"])
def test_the_command_prints_json(metric: str, demo: Warehouse, demo_warehouse: Path) -> None:
    command = ["explain", "101", metric, "--format", "json", "--warehouse", str(demo_warehouse)]
    printed = json.loads(CliRunner().invoke(cli, command, catch_exceptions=False).stdout)
    assert printed["result"] == demo.explain(101, None, metric).result
    assert printed["version"] == demo.version


def test_the_forecast_commands_print_the_rows_of_their_views(demo: Warehouse, demo_warehouse: Path) -> None:
    def printed(*command: str) -> Any:
        arguments = [*command, "--format", "json", "--warehouse", str(demo_warehouse)]
        return json.loads(CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout)

    forecast = printed("forecast", "101")
    assert [row["method"] for row in forecast["totals"] if row["is_champion"]] == ["flow"]
    assert len(forecast["stages"]) == 4 * 7
    backtest = printed("backtest", "101", "--method", "original")
    ((rows,),) = demo.sql(
        "select count(*) from forecast_backtest where site_id = 101 and method = 'original'"
    ).fetchall()
    assert len(backtest["backtest"]) == rows > 0
    assert {row["site_id"] for row in printed("backtest")["accuracy"]} == {None}


@pytest.mark.parametrize("command", ["forecast 101", "backtest", "backtest 101", "explain 101 site.name"])
@pytest.mark.parametrize("format_", ["table", "csv"])
def test_tables_and_csv(command: str, format_: str, demo_warehouse: Path) -> None:
    arguments = [*command.split(), "--format", format_, "--warehouse", str(demo_warehouse)]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).stdout
