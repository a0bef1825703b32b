"""What a change can change of each view: its SQL over a part of the tables makes that part of its rows."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.demo import AS_OF
from igny8_analysis.load import load
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse.build import View, load_views
from igny8_analysis.warehouse.renew import PARTS, Renewal
from tests.conftest import sampled
from tests.warehouse.test_spark import differences

RENEWED = {
    "site": "select site_id from warehouse.main.sites where site_id % 7 in (0, 3)",
    "origin": "select site_id, id from warehouse.main.forecast_origins where id % 11 < 3 or is_live",
    "day": "select quantile_disc(known_on, 0.8) as known_on from warehouse.main.forecast_days",
}
IN_PART = [view for view in load_views() if view.scope in RENEWED and view.name != "forecast_origins"]


@pytest.fixture(scope="module")
def renewal(demo_warehouse: Path) -> Iterator[Renewal]:
    """The demo, compared with itself, and some sites, origins and days to be renewed."""
    database = lake.find_version(demo_warehouse).database
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'UTC'; attach '{database}' as previous (read_only)")
        connection.execute("attach ':memory:' as warehouse; create schema warehouse.lake")
        for name in [*(f"lake.{table}" for table in LAKE_TABLES), *(view.name for view in load_views())]:
            placed = name if "." in name else f"main.{name}"
            connection.execute(f"create view warehouse.{placed} as from previous.{placed}")
        connection.execute("use warehouse")
        this = Renewal(connection, {})
        for scope, keys in RENEWED.items():
            connection.execute(f"create or replace table of_{scope}.renewed as {keys}")
        yield this


@pytest.mark.parametrize("view", IN_PART, ids=[view.name for view in IN_PART])
def test_a_part_of_what_a_view_reads_makes_that_part_of_it(renewal: Renewal, view: View) -> None:
    renewal.compute(view)
    _, cut = PARTS[view.scope]
    differs = renewal.compare(view.name, "differs.now", cut)
    assert not differs, renewal.connection.execute(
        f"select count(*), min(d) from differs.{view.name} as d"
    ).fetchall()


def test_every_view_is_renewed_in_a_known_way() -> None:
    assert {view.scope for view in load_views()} == {"site", "origin", "day", "whole"}


# Series of loads

LATER = (0, 1, 1, 7, 12, 24, 24, 9 * 24)
RUNS, SITES = (1, 1150), (101, 120)


def changes(draw: random.Random, now: datetime) -> list[str]:
    """Some of what may happen to the demo's source between two loads, the second at `now`; at times nothing."""
    id_, other, site_id, other_site = (draw.randint(*ends) for ends in (RUNS, RUNS, SITES, SITES))
    fresh, hours = draw.randint(5_000, 900_000), draw.choice((1, 5, 30, 200))
    started = f"'{(now - timedelta(hours=hours)).isoformat()}'"
    ended = f"'{(now - timedelta(hours=hours) + timedelta(minutes=50)).isoformat()}'"
    account = "(select tenant_id from igny8_sites where id = {})"
    runs, a_run = "update igny8_automation_runs set", f"where id = {id_}"

    def new_run(site_id: int, status: str, ended: str, id_: int = fresh) -> str:
        results = ", ".join(f"stage_{number}_result" for number in range(1, 8))
        return (
            "insert into igny8_automation_runs (id, tenant_id, site_id, run_id, trigger_type, status, current_stage, "
            f"started_at, completed_at, total_credits_used, initial_snapshot, {results}, updated_at) "
            f"select {id_}, tenant_id, {site_id}, 'run_' || {id_}, trigger_type, '{status}', 7, {started}, {ended}, "
            f"total_credits_used, initial_snapshot, {results}, {started} from igny8_automation_runs {a_run}"
        )

    each = [
        [new_run(site_id, "completed", ended)],
        [new_run(site_id, "completed", ended)],
        [new_run(site_id, "running", "null")],
        [new_run(site, "completed", ended, 1000 * fresh + site) for site in range(101, 121)],
        [f"{runs} status = 'completed', completed_at = {ended} where status in ('running', 'paused')"],
        [f"{runs} status = 'failed', error_message = 'x' {a_run}"],
        [f"{runs} total_credits_used = total_credits_used + 0.1 where id in ({id_}, {other})"],
        [
            f"{runs} stage_4_result = (select stage_2_result from igny8_automation_runs where id = {other}) {a_run}"
        ],
        [f"{runs} initial_snapshot = null {a_run}"],
        [f"delete from igny8_automation_runs {a_run}"],
        [f"delete from igny8_automation_runs where site_id = {site_id}"],
        [f"{runs} site_id = {site_id} {a_run}"],
        [f"{runs} started_at = {started}, completed_at = {ended} {a_run}"],
        [f"update igny8_sites set tenant_id = {account.format(other_site)} where id = {site_id}"],
        [f"update igny8_sites set domain = null, name = 'other' where id = {site_id}"],
        [f"delete from igny8_sites where id = {site_id}"],
        [
            "insert into igny8_tenants (id, name, slug, status, credits, created_at) "
            f"values ({fresh}, 'new', 'new', 'active', 90, {started})",
            "insert into igny8_sites (id, tenant_id, name, domain, is_active, created_at) "
            f"values ({fresh}, {fresh}, 'new', null, 1, {started})",
            new_run(fresh, "completed", ended),
        ],
        [f"delete from igny8_tenants where id = {account.format(site_id)}"],
        [f"update igny8_tenants set credits = credits + 7 where id = {account.format(site_id)}"],
        [f"update igny8_automation_configs set max_credits_per_run = {id_} where site_id = {site_id}"],
        [f"update igny8_automation_configs set is_enabled = 1 - is_enabled where site_id = {site_id}"],
        [f"delete from igny8_automation_configs where site_id = {site_id}"],
        ["delete from igny8_automation_configs"],
        [f"delete from igny8_keywords where site_id = {site_id}"],
        [f"update igny8_tasks set status = 'completed' where site_id = {site_id}"],
        [f"update igny8_credit_usage_log set credits_used = credits_used + 1 where site_id = {site_id}"],
        ["delete from igny8_credit_transactions where id % 5 = 1"],
    ]
    chosen = draw.sample(each, draw.choice((0, 1, 1, 2, 3)))
    return [statement for statements in chosen for statement in statements]


def renewed(demo_source: Path, demo_warehouse: Path, folder: Path, seed: int, loads: int) -> list[str | None]:
    """Load after each of a series of changes to the demo, and hold each to a build anew; why one was not renewed."""
    draw, now, whys = random.Random(seed), AS_OF, []
    source, grown = folder / "source.sqlite", folder / "grown"
    shutil.copyfile(demo_source, source)
    shutil.copytree(demo_warehouse, grown)
    for number in range(loads):
        now += timedelta(hours=draw.choice(LATER))
        statements = changes(draw, now)
        with closing(sqlite3.connect(source)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        load(f"sqlite:///{source}", grown, now, keep=2)
        version = lake.find_version(grown)
        rebuild(str(version.lake), folder / "anew", keep=1)
        found = differences(grown, folder / "anew")
        assert found == {}, f"seed {seed}, load {number}, after {statements}"
        whys.append(version.manifest()["built"]["why_all"])
    return whys


@pytest.mark.parametrize("seed", sampled(range(5)))
def test_what_was_renewed_is_what_is_built_anew(
    demo_source: Path, demo_warehouse: Path, tmp_path: Path, seed: int
) -> None:
    assert renewed(demo_source, demo_warehouse, tmp_path, seed, 2) == [None, None]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5, 100))
def test_what_was_renewed_is_what_is_built_anew_many_times(
    demo_source: Path, demo_warehouse: Path, tmp_path: Path, seed: int
) -> None:
    assert renewed(demo_source, demo_warehouse, tmp_path, seed, 6) == [None] * 6
