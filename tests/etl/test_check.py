"""`igny8 check`, source maps and drift: what is found under which name, and what changed since the load before."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from igny8_analysis.etl.lake import find_version
from igny8_analysis.etl.source_map import SourceMap
from igny8_analysis.etl.source_schema import SOURCE_TABLES
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, run, site
from tests.command import igny8
from tests.conftest import run_sql
from tests.lakes import grow, in_lake
from tests.sources import load_postgres
from tests.trust.processes import assert_told

CONFIGS = "igny8_automation_configs"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    others = {CONFIGS: [{"id": 1, "site_id": 1, "is_enabled": 1, "max_tasks_per_run": 9}]}
    return make_source(tmp_path / "s.sqlite", [site(1)], [run(1, "2026-02-01T08:00:00Z")], others=others)


def execute(source: Path, *statements: str) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def checked(url: str, *arguments: object, status: int = 0) -> dict[str, Any]:
    done = igny8("check", "--source", url, "--format", "json", *arguments)
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def source_map(folder: Path, text: str) -> Path:
    (folder / "source.toml").write_text(text, encoding="utf-8")
    return folder / "source.toml"


def test_all_that_is_there_is_found_and_what_is_not_read_is_told(source: Path) -> None:
    execute(
        source,
        "create table igny8_wallets (id integer)",
        "create table unrelated (id integer)",
        "alter table igny8_tenants add column vat text",
        "alter table igny8_tenants drop column bonus_credits",
    )
    found = checked(f"sqlite:///{source}")
    assert set(found) == {"tables", "unread_tables", "would_load"}, "what is hidden is told where anything is"
    assert list(found["tables"]) == list(SOURCE_TABLES)
    assert (found["unread_tables"], found["would_load"]) == (["igny8_wallets"], True)
    accounts = found["tables"]["accounts"]
    assert (accounts["name"], accounts["missing"], accounts["required_missing"], accounts["unread"]) == (
        "igny8_tenants", ["bonus_credits"], [], ["vat"],
    )  # fmt: skip
    assert "credits" in accounts["columns"]
    said = igny8("check", "--source", f"sqlite:///{source}").stdout
    assert all(word in said for word in ("igny8_tenants", "bonus_credits", "vat", "igny8_wallets"))


def test_it_reads_no_row(source: Path) -> None:
    execute(source, "update igny8_automation_runs set started_at = 'never', site_id = null")
    assert checked(f"sqlite:///{source}")["would_load"]


def test_where_a_load_would_stop_the_status_says_so(source: Path) -> None:
    execute(source, "alter table igny8_automation_runs rename column total_credits_used to cost")
    found = checked(f"sqlite:///{source}", status=5)
    assert found["tables"]["automation_runs"]["required_missing"] == ["total_credits_used"]
    assert (found["tables"]["automation_runs"]["unread"], found["would_load"]) == (["cost"], False)
    said = igny8("check", "--source", f"sqlite:///{source}")
    assert said.returncode == 5
    assert "a load would stop" in said.stdout
    assert "igny8_automation_runs.total_credits_used" in said.stderr


def test_other_names_through_a_map(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every command that takes it, by option or environment; also names that need quotes."""
    execute(
        source,
        f'alter table {CONFIGS} rename to "Site automation; drop table x"',
        'alter table "Site automation; drop table x" rename column is_enabled to "select"',
        "alter table igny8_automation_runs rename column total_credits_used to cost",
    )
    names = source_map(
        tmp_path,
        '[tables]\nautomation_configs = "Site automation; drop table x"\n'
        '[columns.automation_configs]\nis_enabled = "SELECT"\n[columns.automation_runs]\ntotal_credits_used = "cost"\n',
    )
    url = f"sqlite:///{source}"
    found = checked(url, "--source-map", names)
    assert found["tables"]["automation_configs"]["name"] == "Site automation; drop table x"
    assert "select" in found["tables"]["automation_configs"]["columns"]
    monkeypatch.setenv("IGNY8_SOURCE_MAP", str(names))
    done = igny8("etl", "--source", url, "--warehouse", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    settings = "select is_enabled, stage_4_limit from lake.automation_settings"
    assert in_lake(tmp_path / "data", settings) == [(True, 9)]
    tables = find_version(tmp_path / "data").manifest()["source"]["tables"]
    assert tables["automation_configs"]["name"].startswith("Site automation")


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("[tables", 2, ["no TOML"]),
        ("tables = 5", 2, ["tables must be a section"]),
        ("[tables]\nsites = 5", 2, ["tables.sites must be a text"]),
        ("[table]", 5, ["table is no key", "tables, columns"]),
        ('[tables]\nwallets = "igny8_sites"', 5, ["tables.wallets", "known are accounts"]),
        ('[columns.sites]\ncolour = "x"', 5, ["columns.sites.colour"]),
        ('[columns.wallets]\nid = "x"', 5, ["columns.wallets"]),
        ('[tables]\nsites = "nowhere"', 5, ["nowhere", "no such table"]),
        ('[tables]\nsites = "main.igny8_sites.more"', 5, ["no such table"]),
        ('[columns.sites]\nname = "nothing"', 5, ["nothing", "no such column"]),
        ("[tables]\nsites = 'igny8_sites\"'", 5, ["no quote or NUL"]),
        ('[tables]\nsites = "igny8\'sites"', 5, ["no quote or NUL"]),
        ('[columns.sites]\nname = "na\\u0000me"', 5, ["no quote or NUL"]),
        ('[tables]\nsites = ""', 5, ["not empty"]),
    ],
)
def test_a_map_that_is_wrong_is_one_line_and_nothing_is_loaded(
    source: Path, tmp_path: Path, text: str, status: int, words: list[str]
) -> None:
    names = source_map(tmp_path, text)
    done = igny8("check", "--source", f"sqlite:///{source}", "--source-map", names)
    assert_told(done, status, *words)


def test_a_map_that_is_not_there(source: Path, tmp_path: Path) -> None:
    arguments = ("--source", f"sqlite:///{source}", "--source-map", tmp_path / "none.toml")
    assert_told(igny8("etl", *arguments, "--warehouse", tmp_path / "data"), 2, "none.toml")
    assert not (tmp_path / "data").exists()


def test_drift_is_told_once_of_what_exists(source: Path, tmp_path: Path) -> None:
    url, root = f"sqlite:///{source}", tmp_path / "data"
    assert grow(url, root, AS_OF).changes == [], "a first load knows none before"
    execute(
        source,
        "alter table igny8_tenants add column wallet integer",
        "create table igny8_wallets (id integer, balance integer)",
        "drop table igny8_plans",
        "alter table igny8_sites drop column domain",
        "create table unrelated (id integer)",
    )
    report = load(url, root, AS_OF)
    changes = [("new", "igny8_tenants.wallet"), ("new", "igny8_wallets"),
               ("gone", "igny8_plans"), ("gone", "igny8_sites.domain")]  # fmt: skip
    assert [(change["change"], change["object"]) for change in report.changes] == changes
    assert "new in the source: igny8_tenants.wallet, igny8_wallets" in str(report)
    assert "gone from the source: igny8_plans, igny8_sites.domain" in str(report)
    third = grow(url, root, AS_OF, keep=3, names=SourceMap({"plans": "unrelated"}))
    assert third.changes == [], "neither a map nor an unchanged source is drift"
    listed = json.loads(igny8("versions", "--warehouse", root, "--format", "json").stdout)
    assert [row["source_changes"] for row in listed] == [
        [],
        ["new in the source: igny8_tenants.wallet", "new in the source: igny8_wallets",
         "gone from the source: igny8_plans", "gone from the source: igny8_sites.domain"],
        [],
    ]  # fmt: skip
    said = igny8("versions", "--warehouse", root, "--format", "csv").stdout
    assert "new in the source: igny8_tenants.wallet; new in the source: igny8_wallets; gone from" in said
    query = (
        "select change, object from lake.source_changes where load_number = 2 order by change desc, object"
    )
    assert in_lake(root, query) == changes


@pytest.mark.slow
def test_what_a_load_did_is_one_line_whatever_a_column_is_called(source: Path, tmp_path: Path) -> None:
    load(f"sqlite:///{source}", tmp_path, AS_OF)
    execute(source, 'alter table igny8_tenants add column "wallet\nigny8: \x1b[31mall is lost" integer')
    done = igny8("etl", "--source", f"sqlite:///{source}", "--warehouse", tmp_path)
    assert len(done.stdout.splitlines()) == 1
    assert r"igny8_tenants.wallet\nigny8: \x1b[31mall is lost" in done.stdout


def test_postgresql_by_schemas_rights_and_names(postgres_url: str, tmp_path: Path) -> None:
    """A table outside of the search path, one the role may not read, and a right that is taken away."""
    load_postgres(postgres_url, {})
    role = "igny8_check"
    run_sql(
        postgres_url,
        "create schema billing",
        f"alter table {CONFIGS} set schema billing",
        f"alter table billing.{CONFIGS} rename to site_automation",
        "alter table billing.site_automation rename column is_enabled to active",
        "create table igny8_wallets (id bigint)",
        "create table billing.igny8_invoices (id bigint)",
        "insert into igny8_tenants (id, name, slug, created_at) values (1, 'a', 'a', now())",
        "insert into igny8_sites (id, tenant_id, name, created_at) values (1, 1, 'A site', now())",
        "insert into billing.site_automation (id, site_id, active, scheduled_time) values (1, 1, true, '02:00')",
        f"create role {role} login",
        f"grant usage on schema billing to {role}",
        f"grant select on all tables in schema public, billing to {role}",
        f"revoke select on igny8_plans, igny8_wallets from {role}",
        f"revoke select on igny8_tenants from {role}",
        f"grant select (id, name, credits) on igny8_tenants to {role}",
    )
    names = SourceMap(
        {"automation_configs": "billing.site_automation"}, {"automation_configs": {"is_enabled": "active"}}
    )
    url = urlsplit(postgres_url)._replace(netloc=f"{role}:@").geturl()
    try:
        found = checked(url)
        assert found["unread_tables"] == ["billing.igny8_invoices", "igny8_plans", "igny8_wallets"]
        assert found["tables"]["automation_configs"]["name"] is None
        assert found["would_load"]
        assert "igny8_tenants.bonus_credits" in found["unreadable"]
        assert "igny8_plans: the role may not read it" in igny8("check", "--source", url).stdout
        report = load(url, tmp_path, names=names)
        assert "the reading role may not read igny8_tenants.slug" in str(report)
        assert "igny8_plans" in report.unreadable
        settings = "select site_id, is_enabled, scheduled_time from lake.automation_settings"
        assert in_lake(tmp_path, settings) == [(1, True, "02:00:00")]
        run_sql(postgres_url, f"revoke select on igny8_keywords from {role}")
        assert grow(url, tmp_path, AS_OF, names=names).changes == [
            {"object": "igny8_keywords", "change": "hidden"}
        ]
        run_sql(postgres_url, f"revoke select on billing.site_automation from {role}")
        assert grow(url, tmp_path, AS_OF, names=names).changes == [
            {"object": "billing.site_automation", "change": "hidden"}
        ]
        drift = "select message from alerts where alert = 'source_drift'"
        assert in_lake(tmp_path, drift) == [("No longer readable in the source: billing.site_automation",)]
        run_sql(postgres_url, "alter table igny8_automation_runs drop column total_credits_used")
        gone = igny8("etl", "--source", url, "--warehouse", tmp_path)
        assert_told(gone, 5, "lacks what the load needs: igny8_automation_runs.total_credits_used; grant")
    finally:
        run_sql(postgres_url, f"drop owned by {role}", f"drop role {role}")
