"""What `igny8 account` and `igny8 settings` say, and who is left out where deleted."""

import json
import shutil
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import duckdb
import pytest

from igny8_analysis import AccountNotFound, AmbiguousSite, SiteNotFound, UsageError, Warehouse, payloads
from igny8_analysis.reports import panels
from igny8_analysis.reports.rows import Report
from tests.analysis.test_commands import complete
from tests.command import igny8
from tests.lakes import AS_OF, lake_run, lake_site, lake_warehouse

BALANCES = {"account_id": 7, "plan_name": "Growth", "plan_credits_per_month": 2000, "plan_credits": 0,
            "bonus_credits": 5000, "available_credits": 5000}  # fmt: skip
ON = {f"stage_{n}_is_on": n != 6 for n in range(1, 8)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("account")


@pytest.fixture(scope="module")
def warehouse(folder: Path) -> Iterator[Warehouse]:
    runs = [lake_run(10, 1, "2026-01-31 00:00:00+00", 40.5), lake_run(11, 2, "2026-02-01 00:00:00+00", 60)]
    opened = lake_warehouse(
        folder,
        accounts=[
            {"account_id": 7, "name": "Bright", "status": "active", "credits": 0, "bonus_credits": 5000,
             "plan_name": "Growth", "plan_included_credits": 2000},
            {"account_id": 8, "name": "Gone", "is_deleted": True, "credits": 12},
            {"account_id": 9, "name": "gone "},
            {"account_id": 10, "name": "left", "is_deleted": True},
            {"account_id": 11, "name": "$(touch x)"},
        ],
        sites=[
            lake_site(10, 7),
            lake_site(11, 7, is_deleted=True),
            lake_site(12, 8),
            lake_site(13, 7, domain="moved.example", is_deleted=True),
            lake_site(14, 9, domain="moved.example"),
            lake_site(15, 8, domain="moved.example"),
            lake_site(16, 9, domain="twice.example"),
            lake_site(17, 9, domain="twice.example"),
        ],
        runs=runs,
        credit_usage=[
            {"account_id": 7, "used_on": "2026-02-01", "operation": "x", "calls": 1, "credits": 75.5}
        ],
        automation_settings=[
            {"load_number": 1, "load_id": "1", "as_of": AS_OF, "site_id": 10, "is_present": True,
             "is_enabled": True, "frequency": "daily", "scheduled_time": "02:00:00", "credit_limit": 600,
             **ON, "stage_4_limit": 25, "stage_1_batch_size": 20}
        ],
        automation_schedules=[
            {"site_id": 10, "last_run_at": "2026-02-28 02:00:00.5+00", "next_run_at": None}
        ],
    )  # fmt: skip
    with opened:
        yield opened


def test_an_account_is_its_balances_its_sites_and_its_months(warehouse: Warehouse) -> None:
    answer = warehouse.account("BRIGHT")
    assert list(answer) == ["account", "balances", "sites", "months"]
    assert answer["account"] == {"account_id": 7, "name": "Bright", "status": "active"}
    assert answer["balances"] == BALANCES
    assert [site["site_id"] for site in answer["sites"]] == [10]
    assert answer["months"] == [
        {"account_id": 7, "month_start": "2026-01-01", "run_credits": 41, "ledger_credits": 0,
         "other_credits": -41, "added_credits": 0},
        {"account_id": 7, "month_start": "2026-02-01", "run_credits": 60, "ledger_credits": 76,
         "other_credits": 16, "added_credits": 0},
    ]  # fmt: skip


def test_no_balance_is_none_and_not_0(warehouse: Warehouse) -> None:
    balances = warehouse.account(9)["balances"]
    assert {name: value for name, value in balances.items() if name != "account_id"} == dict.fromkeys(
        list(BALANCES)[1:]
    )


def test_settings_of_a_site_and_of_each_stage(warehouse: Warehouse) -> None:
    answer = warehouse.settings("site-10.example")
    assert answer["site"] == {
        "site_id": 10, "is_enabled": True, "frequency": "daily", "scheduled_time": "02:00:00",
        "last_run_at": "2026-02-28T02:00:00Z", "next_run_at": None, "credit_limit": 600,
    }  # fmt: skip
    assert answer["stages"] == [
        {"site_id": 10, "stage_number": n, "is_on": n != 6, "item_limit": 25 if n == 4 else None,
         "batch_size": 20 if n == 1 else None}
        for n in range(1, 8)
    ]  # fmt: skip
    assert warehouse.settings(11) == {"site": None, "stages": []}


@pytest.mark.parametrize(
    ("view", "fields"),
    [
        ("account_balances", payloads.BALANCES),
        ("site_figures", payloads.SITE_FIGURES),
        ("credit_months", payloads.CREDIT_MONTHS),
        ("site_settings", payloads.SITE_SETTINGS),
        ("stage_settings", payloads.STAGE_SETTINGS),
    ],
)
def test_rows_have_every_column_of_their_view(
    warehouse: Warehouse, view: str, fields: payloads.Fields
) -> None:
    assert list(fields) == warehouse.sql(f"from {view} limit 0").columns


def test_the_commands_print_the_payloads(folder: Path, warehouse: Warehouse) -> None:
    where = ("--warehouse", str(folder / "data"))
    for command, of, payload in (
        ("account", "7", warehouse.account(7)),
        ("settings", "10", warehouse.settings(10)),
    ):
        assert json.loads(igny8(command, of, "--format", "json", *where).stdout) == payload
        assert igny8(command, of, "--format", "csv", *where).stdout.splitlines()[0] == '"field","value"'
    account = igny8("account", "7", *where).stdout
    assert "5,000" in account
    assert "site-10.example" in account
    assert "site-11.example" not in account
    assert "Review and approval" in igny8("settings", "10", *where).stdout
    assert "no automation settings" in igny8("settings", "11", *where).stdout
    missing = igny8("account", "nobody", *where)
    assert (missing.returncode, missing.stderr.count("\n")) == (3, 1)


def test_deleted_ones_answer_by_id_and_no_list_has_them(folder: Path, warehouse: Warehouse) -> None:
    assert warehouse.overview_stats(11)["run_statistics"]["total_runs"] == 1
    assert warehouse.account(8)["balances"]["available_credits"] == 12
    assert warehouse.account(8)["sites"] == []
    where = ("--format", "json", "--warehouse", str(folder / "data"))
    assert [row["site_id"] for row in json.loads(igny8("sites", *where).stdout)] == [10, 14, 16, 17]
    every = json.loads(igny8("sites", "--deleted", *where).stdout)
    assert [row["site_id"] for row in every if row["is_deleted"]] == [11, 12, 13, 15]
    assert len(every) == 8


def test_a_domain_means_the_site_that_is_not_deleted(warehouse: Warehouse) -> None:
    assert warehouse.resolve_site("moved.example") == 14
    assert warehouse.resolve_site("site-12.example") == 12  # only its account is deleted
    assert warehouse.resolve_site(13) == 13
    with pytest.raises(SiteNotFound, match=r"is deleted: name it by its id \(11\)"):
        warehouse.resolve_site("site-11.example")
    with pytest.raises(AmbiguousSite, match="16, 17"):
        warehouse.resolve_site("twice.example")


def test_a_name_means_the_account_that_is_not_deleted(warehouse: Warehouse) -> None:
    assert warehouse.resolve_account("gone") == 9
    with pytest.raises(AccountNotFound, match=r"is deleted: name it by its id \(10\)"):
        warehouse.resolve_account("left")


def test_accounts_complete_by_plain_words_alone(folder: Path, warehouse: Warehouse) -> None:
    where = str(folder / "data")
    assert complete("igny8 account ", IGNY8_WAREHOUSE=where) == ["11", "9", "Bright"]
    assert complete("igny8 report account Br", IGNY8_WAREHOUSE=where) == ["Bright"]
    assert "site-11.example" not in complete("igny8 overview site", IGNY8_WAREHOUSE=where)


def test_every_setting_can_be_explained(warehouse: Warehouse) -> None:
    answer = warehouse.settings(10)
    fields = {f"settings.site.{name}": value for name, value in answer["site"].items()}
    for stage in answer["stages"]:
        fields |= {f"settings.stages.{stage['stage_number']}.{name}": value for name, value in stage.items()}
    for metric, value in fields.items():
        explanation = warehouse.explain(10, None, metric)
        assert explanation.result == value, metric
        assert explanation.definition
        assert len(explanation.rows) == 1
    with pytest.raises(UsageError, match="has no value here"):
        warehouse.explain(11, None, "settings.site.credit_limit")


def test_the_page_of_an_account_shows_both_pools_as_one_balance(warehouse: Warehouse) -> None:
    report = Report(warehouse, {"account_id": 7})
    query = (
        "select a.*, 1 as running_sites, 100 as next_runs_credits, 120 as next_runs_budgets, l.as_of, "
        "l.load_id as version, 0 as alerted_sites from account_figures as a cross join current_load as l"
    )
    shown = panels.account.header(report, report.rows(f"{query} where a.account_id = $account_id")).html
    balance = shown.partition("Balance now")[2].partition("</div>")[0]
    assert '<dd class="figure-number">5,000</dd>' in balance
    assert "0 of the plan, 5,000 bought; enough for the next runs" in balance


def test_a_version_without_a_column_of_today_says_what_renews_it(folder: Path, warehouse: Warehouse) -> None:
    old = shutil.copytree(folder / "data", folder / "old")
    (database,) = old.rglob("warehouse.duckdb")
    with duckdb.connect(database) as connection:
        connection.execute(
            "create or replace table sites as select * exclude (is_live, is_deleted) from sites"
        )
    done = igny8("sites", "--warehouse", str(old))
    assert done.returncode == 4
    assert "load again: igny8 etl" in done.stderr


def test_a_balance_to_have_is_told_as_on_pages(demo: Warehouse, demo_warehouse: Path) -> None:
    """Rounded up, of sites that will run: of the three one is switched off."""
    rows = demo.rows(
        "select f.next_run_budget_90 as budget from sites as s "
        "left join running_sites as r on r.site_id = s.site_id "
        "left join site_figures as f on f.site_id = r.site_id "
        "where s.account_id = 46 and s.is_live order by s.site_id"
    )
    budgets = [row["budget"] for row in rows]
    done = igny8(
        "account", "46", "--columns", "balance to have", "--wide", "--warehouse", str(demo_warehouse)
    )
    told = done.stdout.split()
    assert any(budget and round(budget) < budget for budget in budgets)
    assert [budget is None for budget in budgets] == [False, True, False]
    assert [f"{ceil(budget):,}" if budget else "–" for budget in budgets] == told[-len(budgets) :]
