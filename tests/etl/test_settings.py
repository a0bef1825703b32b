"""A site's automation settings as read: odd values, several rows, and their history over loads."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cases import AS_OF, make_source, run, site
from tests.lakes import grow, in_lake

CONFIGS, SETTINGS = "igny8_automation_configs", "lake.automation_settings"


def source_of(path: Path, *rows: dict[str, Any]) -> Path:
    return make_source(path, [site(1), site(2)], others={CONFIGS: rows})


def test_odd_values_read_as_null_and_are_findings(tmp_path: Path) -> None:
    odd = {
        "is_enabled": "perhaps", "stage_1_enabled": None, "stage_2_enabled": "yes", "stage_3_enabled": "FALSE",
        "stage_4_enabled": "T", "stage_5_enabled": 0, "stage_6_enabled": 2, "stage_7_enabled": "1",
        "max_keywords_per_run": "many", "max_clusters_per_run": 0, "max_ideas_per_run": -3,
        "max_tasks_per_run": " 4.0e1 ", "max_content_per_run": None, "max_images_per_run": 7.5,
        "max_approvals_per_run": "", "max_credits_per_run": "1e12", "stage_1_batch_size": -1,
        "stage_2_batch_size": 0, "stage_3_batch_size": "twenty", "frequency": "hourly",
        "scheduled_time": "25:00", "last_run_at": "soon", "next_run_at": "2026-03-01 05:00:00+02:00",
    }  # fmt: skip
    source = source_of(tmp_path / "s.sqlite", {"id": 1, "site_id": 1} | odd)
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    numbers = ", ".join(f"stage_{n}_limit" for n in range(1, 8))
    flags = ", ".join(f"stage_{n}_is_on" for n in range(1, 8))
    others = "is_enabled, frequency, scheduled_time, credit_limit"
    query = f"select {others}, {numbers}, {flags} from {SETTINGS}"
    assert in_lake(tmp_path / "data", query) == [
        (
            None,
            "hourly",
            None,
            None,
            None,
            None,
            None,
            40,
            None,
            7.5,
            None,
            True,
            True,
            False,
            True,
            False,
            True,
            True,
        )
    ]
    batches = (
        "select stage_1_batch_size, stage_2_batch_size, stage_3_batch_size from lake.automation_settings"
    )
    assert in_lake(tmp_path / "data", batches) == [(-1, 0, None)]
    times = "select last_run_at, next_run_at::varchar from lake.automation_schedules"
    assert in_lake(tmp_path / "data", times) == [(None, "2026-03-01 03:00:00+00")]
    found = "select key from lake.value_findings where check_name = 'unparsable_value' order by key"
    assert [key.removeprefix("automation_configs.") for (key,) in in_lake(tmp_path / "data", found)] == [
        "is_enabled", "max_approvals_per_run", "max_credits_per_run", "max_keywords_per_run",
        "stage_2_enabled", "stage_3_batch_size", "stage_6_enabled",
    ]  # fmt: skip


def test_of_several_rows_the_highest_id_counts(tmp_path: Path) -> None:
    rows = [{"id": n, "site_id": 1, "max_tasks_per_run": n * 10} for n in (9, 10, 2)]
    source = source_of(tmp_path / "s.sqlite", *rows, {"id": 3, "site_id": 2}, {"id": 4, "site_id": "x"})
    extracted = grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    assert in_lake(tmp_path / "data", f"select site_id, stage_4_limit from {SETTINGS} order by 1") == [
        (1, 100), (2, None),
    ]  # fmt: skip
    quality = "select site_id, severity, detail from data_quality where check_name = 'repeated_settings'"
    ((site_id, severity, detail),) = in_lake(tmp_path / "data", quality)
    assert (site_id, severity) == (1, "warning")
    assert detail.startswith("3 rows")
    assert in_lake(tmp_path / "data", "select source_table, reason from lake.quarantine") == [
        (CONFIGS, "site_id is not a whole number")
    ]
    (counts,) = (measure for measure in extracted.measures if measure.name == "sites_with_settings")
    assert (counts.source, counts.quarantined, counts.lake) == (2, 0, 2)


def test_the_history_grows_by_what_changed(tmp_path: Path) -> None:
    source = source_of(
        tmp_path / "s.sqlite", {"id": 1, "site_id": 1, "is_enabled": 1}, {"id": 2, "site_id": 2}
    )
    changes = [
        f"update {CONFIGS} set last_run_at = '2026-03-01T02:00:00Z', next_run_at = '2026-03-02T02:00:00Z'",
        "update igny8_automation_configs set max_credits_per_run = 300 where site_id = 1",
        "delete from igny8_automation_configs where site_id = 2",
        "select 1",
        "insert into igny8_automation_configs (id, site_id) values (7, 2)",
        f"drop table {CONFIGS}",
    ]
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    for change in changes:
        with closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute(change)
        grow(f"sqlite:///{source}", tmp_path / "data", AS_OF, keep=1)
    columns = "load_number, site_id, is_present, is_enabled, credit_limit, stage_1_is_on"
    query = f"select {columns} from {SETTINGS}"
    assert in_lake(tmp_path / "data", f"{query} order by 1, 2") == [
        (1, 1, True, True, None, True),
        (1, 2, True, None, None, True),
        (3, 1, True, True, 300, True),
        (4, 2, False, None, None, None),
        (6, 2, True, None, None, True),
        (7, 1, False, None, None, None),
        (7, 2, False, None, None, None),
    ]


def test_a_site_that_settings_alone_name_gets_a_placeholder(tmp_path: Path) -> None:
    source = source_of(tmp_path / "s.sqlite", {"id": 1, "site_id": 44})
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute(f"alter table {CONFIGS} rename column is_enabled to enabled")
        connection.execute(f"update {CONFIGS} set enabled = 'f'")
        connection.execute(f"alter table {CONFIGS} rename to igny8_automation_config")
    assert grow(f"sqlite:///{source}", tmp_path / "data", AS_OF).catalogue.missing == []
    assert in_lake(tmp_path / "data", f"select is_enabled from {SETTINGS}") == [(False,)]
    assert in_lake(tmp_path / "data", "select name, account_id from sites where site_id = 44") == [
        ("site 44", None)
    ]
    assert in_lake(tmp_path / "data", "select check_name from data_quality where site_id = 44") == [
        ("missing_site",)
    ]


def test_a_placeholders_account_is_that_of_its_latest_run(tmp_path: Path) -> None:
    runs = [
        run(1, "2026-01-01T08:00:00Z", site_id=8, tenant_id=4),
        run(2, "2026-02-01T08:00:00Z", site_id=8, tenant_id=None),
        run(3, "2026-01-01T08:00:00Z", site_id=9, tenant_id=4),
        run(4, "2026-02-01T08:00:00Z", site_id=9, tenant_id=5),
    ]
    source = make_source(tmp_path / "s.sqlite", [site(1)], runs)
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    placed = in_lake(tmp_path / "data", "select site_id, account_id from lake.sites where site_id > 1")
    assert sorted(placed) == [(8, None), (9, 5)]


def test_balances_read_as_they_are(tmp_path: Path) -> None:
    source = make_source(tmp_path / "s.sqlite", [site(1)])
    accounts = [
        (2, -35, 5000, 1, 0),
        (3, "lots", None, 99, "maybe"),
        (4, None, "lots", None, 1),
        (5, "", " 2.5 ", 2, None),
    ]
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("insert into igny8_plans values (1, 'Starter', 1000), (2, 'Odd', 'plenty')")
        connection.executemany(
            "insert into igny8_tenants (id, credits, bonus_credits, plan_id, is_deleted) values (?, ?, ?, ?, ?)",
            accounts,
        )
    grow(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    columns = "account_id, credits, bonus_credits, plan_name, plan_included_credits, is_deleted"
    assert in_lake(
        tmp_path / "data", f"select {columns} from lake.accounts where account_id > 1 order by 1"
    ) == [
        (2, -35, 5000, "Starter", 1000, False),
        (3, None, None, None, None, None),
        (4, None, None, None, None, True),
        (5, None, 2.5, "Odd", None, None),
    ]
    query = "select account_id, key, value_text from lake.value_findings where site_id is null order by 1, 2"
    assert in_lake(tmp_path / "data", query) == [
        (3, "accounts.credits", "lots"), (3, "accounts.is_deleted", "maybe"), (4, "accounts.bonus_credits", "lots"),
        (5, "accounts.credits", ""), (5, "plans.included_credits", "plenty"),
    ]  # fmt: skip
