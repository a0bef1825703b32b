"""What grew load by load, through kills, is what a series of full loads makes: lakes, their files, and every view."""

import json
import random
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from adbc_driver_postgresql import dbapi

from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.demo import AS_OF, Row
from igny8_analysis.etl.lake import Version
from igny8_analysis.etl.resources import Resources
from igny8_analysis.load import load
from igny8_analysis.warehouse.build import TEXTS, load_views
from tests import spend_worlds, worlds
from tests.cases import ITEM_TABLES
from tests.conftest import made_once, run_sql, sampled
from tests.differing import differing_views, near, rows_of_one_alone
from tests.sources import load_postgres
from tests.trust.faults import Loads

VIEWS = {view.name: view for view in load_views()}
TABLES = frozenset({*(f"lake.{name}" for name in LAKE_TABLES), *VIEWS})
HISTORIES = frozenset({"automation_settings", "source_changes", "alert_keys"})
"""Tables of the lake in which earlier loads leave what a first load cannot know."""
NUMBERED = frozenset(
    {
        *("loads", "lake.loads", "current_load"),
        *("pipeline_items", "lake.pipeline_items", "pending_counts", "pending_history"),
    }
)
"""Tables that hold the number of a load, or a row for each."""


LATER = (0, 1, 1, 7, 12, 24, 24, 9 * 24)
ONE_THREAD = Resources(threads=1)
STEPS = 75
"""Of a load that goes on, about so many steps can be killed at: `tests/trust/faults.py` says what they are."""


@dataclass(frozen=True)
class Source:
    """A source that changes: its address, what runs SQL in it, every statement or none, and first and last ids."""

    url: str
    run: Callable[[list[str]], None]
    runs: tuple[int, int] = (1, 1150)
    sites: tuple[int, int] = (101, 120)


def changes(draw: random.Random, now: datetime, runs: tuple[int, int], sites: tuple[int, int]) -> list[str]:
    """Some of what may happen to such runs and sites between two loads, the second at `now`; at times nothing."""
    id_, other, site_id, other_site = (draw.randint(*ends) for ends in (runs, runs, sites, sites))
    fresh, hours = draw.randint(5_000, 900_000), draw.choice((1, 5, 30, 200))
    started = f"'{(now - timedelta(hours=hours)).isoformat()}'"
    ended = f"'{(now - timedelta(hours=hours) + timedelta(minutes=50)).isoformat()}'"
    account = "(select tenant_id from igny8_sites where id = {})"
    update, a_run = "update igny8_automation_runs set", f"where id = {id_}"

    def new_run(site_id: int, status: str, ended: str, id_: int = fresh) -> str:
        results = ", ".join(f"stage_{number}_result" for number in range(1, 8))
        return (
            "insert into igny8_automation_runs (id, tenant_id, site_id, run_id, trigger_type, status, current_stage, "
            f"started_at, completed_at, total_credits_used, initial_snapshot, {results}, updated_at) "
            f"select {id_}, tenant_id, {site_id}, 'run_{id_}', trigger_type, '{status}', 7, {started}, {ended}, "
            f"total_credits_used, initial_snapshot, {results}, {started} from igny8_automation_runs {a_run}"
        )

    each = [
        [new_run(site_id, "completed", ended)],
        [new_run(site_id, "completed", ended, fresh + 1)],
        [new_run(site_id, "running", "null", fresh + 2)],
        [
            new_run(site_id, "paused", "null", fresh + 3),
            f"{update} paused_at = {started} where id = {fresh + 3}",
        ],
        [new_run(site, "completed", ended, 1000 * fresh + site) for site in range(101, 121)],
        [f"{update} status = 'completed', completed_at = {ended} where status in ('running', 'paused')"],
        [f"{update} current_stage = current_stage + 1 where status in ('running', 'paused')"],
        [f"{update} status = 'failed', error_message = 'x' {a_run}"],
        [f"{update} total_credits_used = total_credits_used + 0.1 where id in ({id_}, {other})"],
        [
            f"{update} stage_4_result = (select stage_2_result from igny8_automation_runs where id = {other}) {a_run}"
        ],
        [f"{update} initial_snapshot = null {a_run}"],
        [f"{update} initial_snapshot = '[1, 23]' {a_run}"],
        [f"delete from igny8_automation_runs {a_run}"],
        [f"delete from igny8_automation_runs where site_id = {site_id}"],
        [f"{update} site_id = {site_id} {a_run}"],
        [f"{update} started_at = {started}, completed_at = {ended} {a_run}"],
        [
            f"update igny8_sites set tenant_id = coalesce({account.format(other_site)}, tenant_id) "
            f"where id = {site_id}"
        ],
        [f"update igny8_sites set domain = null, name = 'other' where id = {site_id}"],
        [f"delete from igny8_sites where id = {site_id}"],
        [
            "insert into igny8_tenants (id, name, slug, status, credits, created_at) "
            f"values ({fresh}, 'new', 'new', 'active', 90, {started})",
            "insert into igny8_sites (id, tenant_id, name, domain, is_active, created_at) "
            f"values ({fresh}, {fresh}, 'new', null, true, {started})",
            new_run(fresh, "completed", ended, fresh + 4),
        ],
        [f"delete from igny8_tenants where id = {account.format(site_id)}"],
        [f"update igny8_tenants set credits = credits + 7 where id = {account.format(site_id)}"],
        [f"update igny8_automation_configs set max_credits_per_run = {id_} where site_id = {site_id}"],
        [f"update igny8_automation_configs set is_enabled = not is_enabled where site_id = {site_id}"],
        [f"delete from igny8_automation_configs where site_id = {site_id}"],
        ["delete from igny8_automation_configs"],
        [f"delete from igny8_keywords where site_id = {site_id}"],
        [f"update igny8_tasks set status = 'completed' where site_id = {site_id}"],
        [f"update igny8_content set status = 'failed' where site_id = {site_id} and id % 2 = 0"],
        [f"update igny8_credit_usage_log set credits_used = credits_used + 1 where site_id = {site_id}"],
        ["delete from igny8_credit_transactions where id % 5 = 1"],
        [
            "insert into igny8_credit_transactions (id, tenant_id, transaction_type, amount, created_at) "
            f"select {fresh}, tenant_id, 'purchase', 500, {started} from igny8_sites where id = {site_id}"
        ],
        [f"alter table igny8_automation_runs add column new_{fresh} integer default 1"],
        [f"{update} total_credits_used = 'NaN' where id in ({id_}, {other})"],
    ]
    chosen = draw.sample(each, draw.choice((0, 1, 1, 2, 3)))
    return [statement for statements in chosen for statement in statements]


def series(
    source: Source, loads: Loads, begun: Path, folder: Path, seed: int, count: int
) -> list[str | None]:
    """Load twice after each of a series of changes, once going on, at times killed before; why one built all."""
    draw, now, whys = random.Random(seed), AS_OF, list[str | None]()
    grown, full, took = folder / "grown", folder / "full", 3.0
    for root in (grown, full):
        shutil.copytree(begun, root)
    for number in range(count):
        now += timedelta(hours=draw.choice(LATER))
        statements = changes(draw, now, source.runs, source.sites)
        source.run(statements)
        about = f"seed {seed}, load {number}, after {statements}"
        before = lake.find_version(grown)
        for _ in range(draw.choice((0, 1, 1, 2))):
            kill = (
                {"step": draw.randrange(STEPS)} if draw.random() < 0.5 else {"seconds": draw.random() * took}
            )
            if lake.find_version(grown) == before:
                loads.run(source.url, grown, keep=3, as_of=now, **kill)  # type: ignore[arg-type]
        for version in lake.list_versions(grown):
            if version.number > before.number and version != lake.find_version(grown):
                # killed before its switch: its number is taken
                shutil.copytree(version.path, full / "versions" / version.id)
        started = time.monotonic()
        if lake.find_version(grown) == before:
            load(source.url, grown, now, keep=3, resources=ONE_THREAD)
        took = time.monotonic() - started
        load(source.url, full, now, keep=1, resources=ONE_THREAD, is_full=True)
        assert unlike(grown, full) == {}, about
        assert rewritten(before, lake.find_version(grown)) == [], about
        whys.append(lake.find_version(grown).manifest()["built"]["why_all"])
    if seed % 3 == 0:
        load(source.url, folder / "first", now, resources=ONE_THREAD)
        anew = TABLES - NUMBERED - {name for name in TABLES if rests_on(name, HISTORIES)}
        assert unlike(grown, folder / "first", anew) == {}, f"seed {seed}, against a first load"
    return whys


def rests_on(name: str, tables: frozenset[str]) -> bool:
    """Whether it is one of these tables of the lake or a view of one; but all rest on the load's instant."""
    if name in VIEWS and name != "current_load":
        return any(rests_on(read, tables) for read in VIEWS[name].reads)
    return name.removeprefix("lake.") in tables


def unlike(left: Path, right: Path, names: frozenset[str] = TABLES) -> dict[str, int]:
    """Of these tables of the lake and views, those that differ in the current versions, and in how many rows."""
    one, two = (lake.find_version(root) for root in (left, right))
    same = dict(digests(one).items() & digests(two).items())
    views = [view for view in VIEWS.values() if view.name in names and view.name not in same]
    found = differing_views(left, right, [view for view in views if view.layer != TEXTS])
    found |= {name: rows_of_one_alone(one, two, name) for name in LAKE_TABLES if f"lake.{name}" in names}
    found |= {view.name: differing_texts(one, two, view.name) for view in views if view.layer == TEXTS}
    return {name: rows for name, rows in found.items() if rows}


def digests(version: Version) -> dict[str, tuple[Any, ...]]:
    """Of each view, what tells that its rows are exactly those of another version's."""
    query = " union all ".join(
        f"select '{v}', count(*), sum(hash(t)), bit_xor(hash(t)) from {v} as t" for v in VIEWS
    )
    with duckdb.connect(version.database, read_only=True) as connection:
        return {name: tuple(told) for name, *told in connection.execute(query).fetchall()}


def differing_texts(one: Version, two: Version, table: str) -> int:
    """How many rows of a table of texts differ: numbers in them by more than one part in 10⁹, all else at all."""
    rows = []
    for version in (one, two):
        with duckdb.connect(version.database, read_only=True) as connection:
            rows.append(connection.execute(f"from {table} order by all").fetchall())
    return abs(len(rows[0]) - len(rows[1])) + sum(
        not (a == b or near([_decoded(value) for value in a], [_decoded(value) for value in b]))
        for a, b in zip(*rows, strict=False)
    )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


def rewritten(before: Version, after: Version) -> list[str]:
    """Tables of the lake whose rows are as they were and whose file is not."""
    tables = before.manifest()["tables"], after.manifest()["tables"]
    return [
        name
        for name in LAKE_TABLES
        if tables[0][name]["sha256"] != tables[1][name]["sha256"]
        and not rows_of_one_alone(before, after, name)
    ]


@pytest.fixture(scope="module")
def loads() -> Iterator[Loads]:
    with Loads() as started:
        yield started


@pytest.fixture
def copied(demo_source: Path, tmp_path: Path) -> Source:
    """The demo as a SQLite copy."""
    file = tmp_path / "source.sqlite"
    shutil.copyfile(demo_source, file)

    return Source(f"sqlite:///{file}", partial(run_all, file))


@pytest.fixture(scope="module")
def crowd(demo_source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The demo beside sites enough for all to teach: records, a price that changed for all, spend; and it, loaded."""

    def make(folder: Path) -> tuple[Path, Path]:
        file = folder / "igny8.sqlite"
        shutil.copyfile(demo_source, file)
        runs = worlds.world("prices", sites=40, days=59)
        spend = spend_worlds.world("mixed", "bursts", sites=13, days=363)
        add_world(file, runs.write(folder / "runs.sqlite"), runs=1150, sites=120, accounts=50)
        add_world(
            file, spend.write(folder / "spend.sqlite"), runs=1150 + len(runs.runs), sites=160, accounts=70
        )
        load(f"sqlite:///{file}", folder / "loaded", AS_OF)
        return file, folder / "loaded"

    return made_once(tmp_path_factory, "crowd", make)


def add_world(file: Path, world: Path, runs: int, sites: int, accounts: int) -> None:
    """Add a world's sites to the demo, and what is of them, under their ids and so many more."""
    of_sites = {"site_id": sites, "tenant_id": accounts}
    shifts = {f"igny8_{name}": of_sites | {"id": 1000 * runs} for name in ITEM_TABLES}
    shifts["igny8_automation_runs"] = of_sites | {"id": runs}
    shifts["igny8_sites"] = {"id": sites, "tenant_id": accounts}
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"attach '{world}' as world")
        for table, shift in shifts.items():
            given = {name for _, name, *_ in connection.execute(f"pragma world.table_info({table})")}
            needed = {
                name: needs for _, name, _, needs, *_ in connection.execute(f"pragma table_info({table})")
            }
            values = {
                name: f"coalesce({name}, 0)" if needed[name] else name for name in given & needed.keys()
            }
            values |= {name: f"{name} + {more}" for name, more in shift.items()}
            connection.execute(
                f"insert into {table} ({', '.join(values)}) select {', '.join(values.values())} from world.{table}"
            )
        connection.execute(
            "insert into igny8_tenants (id, name, slug, status, credits, created_at) select distinct "
            f"tenant_id, 'Agency', tenant_id, 'active', 9000, '2025-01-01' from igny8_sites where id > {sites}"
        )


def run_all(file: Path, statements: list[str]) -> None:
    """Run SQL in a SQLite file, every statement or none."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def served_demo(postgres_server: str, documented_rows: dict[str, list[Row]]) -> Iterator[str]:
    """The name of a database that holds the demo."""
    name = f"igny8_{uuid.uuid4().hex}"
    run_sql(postgres_server, f"create database {name} template template0 encoding 'UTF8'")
    load_postgres(urlsplit(postgres_server)._replace(path=f"/{name}").geturl(), documented_rows)
    yield name
    run_sql(postgres_server, f"drop database {name} with (force)")


@pytest.fixture
def served(postgres_server: str, served_demo: str) -> Iterator[Source]:
    """The demo in PostgreSQL, as superuser."""
    name = f"{served_demo}_now"
    run_sql(postgres_server, f"create database {name} template {served_demo}")
    url = urlsplit(postgres_server)._replace(path=f"/{name}").geturl()

    def run(statements: list[str]) -> None:
        with closing(dbapi.connect(url)) as connection, connection.cursor() as cursor:
            for statement in ("set session_replication_role = replica", *statements):  # no foreign keys
                cursor.execute(statement)
            connection.commit()

    yield Source(url, run)
    run_sql(postgres_server, f"drop database {name} with (force)")


MANY, MANY_SERVED, MANY_IN_A_CROWD = (
    [pytest.param(seed, marks=pytest.mark.soak) for seed in seeds]
    for seeds in (range(9, 400), range(3, 100), range(1, 100))
)


@pytest.mark.parametrize("seed", [*sampled(range(9), 0), *MANY])
def test_what_grew_is_what_full_loads_make(
    copied: Source, loads: Loads, demo_warehouse: Path, tmp_path: Path, seed: int
) -> None:
    assert series(copied, loads, demo_warehouse, tmp_path, seed, 2) == [None, None], "none was built whole"


@pytest.mark.parametrize("seed", [*sampled(range(3), 0), *MANY_SERVED])
def test_what_grew_from_a_server_is_what_full_loads_make(
    served: Source, loads: Loads, demo_warehouse: Path, tmp_path: Path, seed: int
) -> None:
    assert series(served, loads, demo_warehouse, tmp_path, seed, 3) == [None, None, None]


@pytest.mark.parametrize("seed", [*sampled(range(1), 0), *MANY_IN_A_CROWD])
def test_what_grew_where_all_sites_teach_is_what_full_loads_make(
    crowd: tuple[Path, Path], loads: Loads, tmp_path: Path, seed: int
) -> None:
    made, loaded = crowd
    file = tmp_path / "source.sqlite"
    shutil.copyfile(made, file)
    source = Source(f"sqlite:///{file}", partial(run_all, file), runs=(1, 3400), sites=(101, 186))
    assert series(source, loads, loaded, tmp_path, seed, 2) == [None, None]
