"""What grew load by load is what a series of full loads makes: every table of the lake, and every view."""

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from adbc_driver_postgresql import dbapi

from igny8_analysis.etl import changes as module
from igny8_analysis.etl import lake
from igny8_analysis.etl.demo import AS_OF
from igny8_analysis.etl.source_schema import SOURCE_TABLES
from igny8_analysis.load import load
from tests.conftest import run_sql, sampled
from tests.differing import differing_tables, differing_views
from tests.lakes import grow, in_lake
from tests.sources import SCHEMA
from tests.trust.processes import query, wait_for

FILE = module.file_name(module.RUNS)
RUNS = 40
RUNS_AT_EVERY_LOAD = 4
"""The seed of a series whose loads all write runs."""
KILLED_AT = (
    "read runs",
    "count keywords",
    "write runs",
    "unnest results",
    "build warehouse",
    "check",
    "publish",
)
KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from igny8_analysis.load import load
url, root, as_of, last = sys.argv[1:]
def progress(step):
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)
load(url, Path(root), datetime.fromisoformat(as_of), progress=progress)
"""
RESULT = (
    """'{{"keywords_processed": {n}, "clusters_created": 2, """
    """"credits_used": {n}.5, "time_elapsed": "00:03:0{d}"}}'"""
)


@pytest.fixture
def url(postgres_url: str) -> str:
    """A source of a few sites and runs."""
    schema = re.sub(r"--.*", "", SCHEMA.read_text(encoding="utf-8")).split(";")
    run_sql(
        postgres_url,
        *(statement for statement in schema if statement.strip()),
        "insert into igny8_tenants (id, name, slug, created_at) select k, 'A ' || k, 'a' || k, '2025-01-01' "
        "from generate_series(1, 3) as k",
        "insert into igny8_sites (id, tenant_id, name, domain, created_at) select k, 1 + k % 3, 'S ' || k, "
        "'s' || k || '.example', '2025-01-01' from generate_series(1, 6) as k",
        *(insert_run(id_, 1 + id_ % 6, id_) for id_ in range(1, RUNS + 1)),
        "insert into igny8_keywords (id, tenant_id, site_id, status, created_at, updated_at) "
        "select k, 1, 1 + k % 6, 'new', '2025-01-01', '2025-01-01' from generate_series(1, 50) as k",
    )
    return postgres_url


def insert_run(id_: int, site_id: int, days_ago: int, credits_used: str = "12.5") -> str:
    started = (AS_OF - timedelta(days=days_ago)).isoformat()
    ended = (AS_OF - timedelta(days=days_ago) + timedelta(minutes=9)).isoformat()
    result = RESULT.format(n=id_ % 7, d=id_ % 10)
    return (
        "insert into igny8_automation_runs (id, tenant_id, site_id, run_id, trigger_type, status, current_stage, "
        "started_at, completed_at, total_credits_used, initial_snapshot, stage_1_result, updated_at) values "
        f"({id_}, {1 + site_id % 3}, {site_id}, 'run_{id_}', 'manual', 'completed', 7, '{started}', '{ended}', "
        f"{credits_used}, '{{\"stage_1_initial\": {id_}}}', {result}, '{ended}')"
    )


def changes(draw: random.Random, load_number: int) -> list[str]:
    """Some of what may happen between two loads; at times nothing."""
    id_, other, site_id = draw.randint(1, RUNS), draw.randint(1, RUNS), draw.randint(1, 6)
    fresh = 1000 * load_number + draw.randint(1, 900)
    runs = "update igny8_automation_runs set"
    each: list[list[str]] = [
        [insert_run(fresh, site_id, 0)],
        [f"{runs} status = 'running', completed_at = null, stage_2_result = null where id = {id_}"],
        [f"{runs} status = 'failed', error_message = 'x' where id = {id_}"],
        [f"delete from igny8_automation_runs where id = {id_}"],
        [f"delete from igny8_automation_runs where id = {id_}", insert_run(id_, site_id, 3, "7")],
        [f"{runs} total_credits_used = total_credits_used + 0.1 where id in ({id_}, {other})"],
        [f"{runs} site_id = {site_id} where id = {id_}"],
        [f"{runs} initial_snapshot = '[1, 23]', stage_1_result = '{{\"error\": \"bad\"}}' where id = {id_}"],
        [f"{runs} total_credits_used = 'NaN' where id = {id_}"],
        [
            f"insert into igny8_sites (id, tenant_id, name, created_at) values ({fresh}, 2, 'new', '2026-01-01')"
        ],
        [f"update igny8_sites set domain = null where id = {site_id}"],
        [
            f"insert into igny8_tenants (id, name, slug, created_at) values ({fresh}, 'n', 'n{fresh}', '2026-01-01')"
        ],
        [
            "insert into igny8_credit_usage_log (id, tenant_id, site_id, operation_type, credits_used, created_at) "
            f"values ({fresh}, 1, {site_id}, 'clustering', 3, '2026-02-01')"
        ],
        [f"update igny8_credit_usage_log set credits_used = credits_used + 1 where site_id = {site_id}"],
        [f"update igny8_credit_usage_log set created_at = '2025-12-31T23:59:59Z' where site_id = {site_id}"],
        [f"delete from igny8_credit_usage_log where site_id = {site_id}"],
        [f"update igny8_keywords set status = 'mapped' where site_id = {site_id}"],
        [f"delete from igny8_keywords where id = {id_}"],
        [f"{runs} updated_at = updated_at where id = {id_}"],  # written again as it is
        ["vacuum full igny8_automation_runs"],
    ]
    chosen = draw.sample(each, draw.randint(0, 4))
    return [statement for statements in chosen for statement in statements]


def series(url: str, folder: Path, seed: int, loads: int, load: Callable[..., object]) -> list[str | None]:
    """Load twice after each of a series of changes, once going on from the load before; the whys of the former."""
    draw, whys = random.Random(seed), []
    grown, full = folder / "grown", folder / "full"
    for number in range(loads):
        if number:
            run_sql(url, *changes(draw, number))
        as_of = AS_OF + timedelta(hours=7 * number)
        load(url, grown, as_of)
        load(url, full, as_of, is_full=True)
        assert differing_tables(grown, full) == {}, f"seed {seed}, load {number}"
        manifest = lake.find_version(grown).manifest()
        assert manifest["runs_digest"] == lake.find_version(full).manifest()["runs_digest"]
        whys.append(manifest["runs_read"]["why_all"])
    return whys


@pytest.mark.parametrize("seed", sampled((RUNS_AT_EVERY_LOAD, 0, 1, 2, 3, 5), 1))
def test_what_grew_is_what_full_loads_make(url: str, tmp_path: Path, seed: int) -> None:
    assert None in series(url, tmp_path, seed, 5, grow), "some load read only what changed"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6, 500))
def test_what_grew_is_what_full_loads_make_many_times(url: str, tmp_path: Path, seed: int) -> None:
    series(url, tmp_path, seed, 6, grow)


def killed_at(step: str) -> Callable[..., object]:
    def load_after_a_killed_one(url: str, root: Path, as_of: datetime, is_full: bool = False) -> None:
        if not is_full:
            killed = [sys.executable, "-c", KILLED, url, str(root), as_of.isoformat(), step]
            assert subprocess.run(killed, check=False, capture_output=True).returncode == -signal.SIGKILL
        load(url, root, as_of, is_full=is_full)

    return load_after_a_killed_one


@pytest.mark.slow
def test_views_of_what_grew_after_a_killed_load(url: str, tmp_path: Path) -> None:
    series(url, tmp_path, 1, 3, killed_at("publish"))
    assert differing_views(tmp_path / "grown", tmp_path / "full") == {}


@pytest.mark.soak
@pytest.mark.parametrize("step", KILLED_AT)
def test_views_of_what_grew_after_loads_killed_at_every_step(url: str, tmp_path: Path, step: str) -> None:
    series(url, tmp_path, RUNS_AT_EVERY_LOAD, 3, killed_at(step))
    assert differing_views(tmp_path / "grown", tmp_path / "full") == {}


def read_by(url: str, root: Path, **options: Any) -> dict[str, Any]:
    """What the manifest says of the runs that a load read."""
    found = grow(url, root, AS_OF, **options)
    told = lake.find_version(root).manifest()["runs_read"]
    assert (told["why_all"] or f"read {told['rows']} of the runs") in str(found.runs_read)
    return dict(told)


def test_rows_that_changed_are_read_and_no_others(url: str, tmp_path: Path) -> None:
    assert read_by(url, tmp_path) == {"rows": RUNS, "why_all": "there is no load before"}
    assert read_by(url, tmp_path) == {"rows": 0, "why_all": None}
    run_sql(
        url,
        "update igny8_automation_runs set total_credits_used = 1 where id in (3, 4)",
        "delete from igny8_automation_runs where id = 5",
        insert_run(2000, 2, 0),
    )
    assert read_by(url, tmp_path) == {"rows": 3, "why_all": None}
    assert read_by(url, tmp_path, is_full=True) == {"rows": RUNS, "why_all": "--full"}


def test_more_rows_than_one_query_asks_for_are_asked_for_by_several(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDS_A_QUERY", 2)
    grow(url, tmp_path / "grown", AS_OF)
    run_sql(url, "update igny8_automation_runs set total_credits_used = 1 where id <= 9")
    assert grow(url, tmp_path / "grown", AS_OF).runs_read.rows == 9
    grow(url, tmp_path / "full", AS_OF)
    assert "runs" not in differing_tables(tmp_path / "grown", tmp_path / "full")


ANOTHER = "is another than at the load before"
ALTER = "alter table igny8_automation_runs"
RENAME = f"{ALTER} rename to runs_2"


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([f"{ALTER} add column more integer default 1"], ANOTHER),
        ([f"{ALTER} rename column error_message to no_message"], ANOTHER),
        ([f"{ALTER} drop column error_message"], ANOTHER),
        ([RENAME, "create view igny8_automation_runs as select * from runs_2"], "it is no plain table"),
        ([RENAME, "create table igny8_automation_runs as select * from runs_2"], ANOTHER),
        (
            [
                "create access method other_heap type table handler heap_tableam_handler",
                f"{ALTER} set access method other_heap",
            ],
            "it is no plain table",
        ),
        ([f"{ALTER} enable row level security"], "row-level security is on"),
        (["alter type run_status rename value 'completed' to 'done'"], ANOTHER),
        (["alter type trigger_kind rename value 'manual' to 'by hand'"], ANOTHER),
        (["alter type words drop attribute b"], ANOTHER),
        (
            [
                f"{ALTER} drop constraint igny8_automation_runs_pkey",
                insert_run(7, 1, 0),
            ],
            "not unique",
        ),
    ],
    ids=[
        "added",
        "renamed",
        "dropped",
        "view",
        "other",
        "other storage",
        "policies",
        "enum",
        "enum behind a domain",
        "row",
        "repeated",
    ],
)
def test_what_the_rows_do_not_tell_is_read_in_full(
    url: str, tmp_path: Path, statements: list[str], why: str
) -> None:
    run_sql(
        url,
        "create type run_status as enum ('completed', 'failed')",
        f"{ALTER} alter column status type run_status using status::run_status",
        "create type trigger_kind as enum ('manual', 'scheduled')",
        "create domain run_trigger as trigger_kind",
        f"{ALTER} alter column trigger_type type run_trigger using trigger_type::run_trigger",
        "create type words as (a text, b text)",
        f"{ALTER} alter column error_message type words using row(error_message, 'more')::words",
    )
    grow(url, tmp_path, AS_OF)
    run_sql(url, *statements)
    assert why in str(grow(url, tmp_path, AS_OF).runs_read)


def test_how_a_database_writes_values_changes_none(url: str, tmp_path: Path) -> None:
    """Rows that were kept and rows that are read now are written alike."""
    run_sql(url, f"{ALTER} alter column error_message type bytea using '{{\\000}}'")
    grow(url, tmp_path / "grown", AS_OF)
    database = f"alter database {urlsplit(url).path[1:]} set"
    run_sql(url, *(f"{database} {name}" for name in ("bytea_output to escape", "timezone to 'Asia/Kolkata'")))
    run_sql(url, "update igny8_automation_runs set status = 'failed' where id = 3")
    assert read_by(url, tmp_path / "grown") == {"rows": 1, "why_all": None}
    grow(url, tmp_path / "full", AS_OF)
    assert "runs" not in differing_tables(tmp_path / "grown", tmp_path / "full")


@pytest.mark.skipif("IGNY8_TEST_POSTGRES" in os.environ, reason="kills a process of a server of its own")
def test_what_a_server_lost_in_a_crash_is_read_again(url: str, tmp_path: Path) -> None:
    """Without a start of its own: a number that it gave out is given out again, to another change of the same row."""
    update = "update igny8_automation_runs set status = '{}' where id = 5"
    run_sql(url, "alter system set wal_writer_delay = '10s'", "select pg_reload_conf()", "checkpoint")
    grow(url, tmp_path, AS_OF)
    with closing(dbapi.connect(url, autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in ("set synchronous_commit = off", update.format("failed"), "select pg_backend_pid()"):
            cursor.execute(statement)
        ((pid,),) = cursor.fetchall()
        assert grow(url, tmp_path, AS_OF).runs_read.rows == 1
        os.kill(pid, signal.SIGKILL)
    wait_for(partial(answers, url))
    assert query(url, "select status from igny8_automation_runs where id = 5") == [("completed",)], (
        "it was lost"
    )
    run_sql(url, "alter system reset wal_writer_delay", "select pg_reload_conf()", update.format("cancelled"))
    assert ANOTHER in str(grow(url, tmp_path, AS_OF).runs_read)


def answers(url: str) -> bool:
    try:
        return query(url, "select 1") == [(1,)]
    except dbapi.Error:
        return False


def test_a_run_in_quarantine_keeps_no_load_from_reading_what_changed(url: str, tmp_path: Path) -> None:
    run_sql(
        url,
        f"{ALTER} alter column site_id drop not null",
        "update igny8_automation_runs set site_id = null where id = 3",
    )
    assert read_by(url, tmp_path) == {"rows": RUNS, "why_all": "there is no load before"}
    assert read_by(url, tmp_path) == {"rows": 0, "why_all": None}
    run_sql(url, "update igny8_automation_runs set total_credits_used = 1 where id = 4")
    assert read_by(url, tmp_path) == {"rows": 1, "why_all": None}
    assert in_lake(tmp_path, "select row_key, reason from lake.quarantine") == [
        ("3", "site_id is not a whole number")
    ]
    run_sql(url, "update igny8_automation_runs set site_id = 1 where id = 3")
    assert read_by(url, tmp_path) == {"rows": 1, "why_all": None}


def test_another_role_reads_everything(url: str, tmp_path: Path) -> None:
    role = f"reader_{urlsplit(url).path[-8:]}"
    run_sql(url, f"create role {role} login superuser")
    try:
        other = urlsplit(url)._replace(netloc=urlsplit(url).netloc.replace("postgres:", f"{role}:")).geturl()
        grow(url, tmp_path, AS_OF)
        assert ANOTHER in str(grow(other, tmp_path, AS_OF).runs_read)
        run_sql(
            url,
            f"alter role {role} nosuperuser",
            f"grant select on all tables in schema public to {role}",
            f"revoke select on igny8_automation_runs from {role}",
            f"grant select ({', '.join(SOURCE_TABLES['automation_runs'].columns)}) on igny8_automation_runs to {role}",
        )
        assert "some of the columns only" in str(grow(other, tmp_path, AS_OF).runs_read)
    finally:
        run_sql(url, f"drop owned by {role}", f"drop role {role}")


def damage(name: str, version: lake.Version) -> None:
    content = bytearray((version.path / name).read_bytes())
    content[len(content) // 2] ^= 255
    (version.path / name).write_bytes(content)


def turn_round(version: lake.Version) -> None:
    text = version.manifest_file.read_text(encoding="utf-8")
    version.manifest_file.write_text(
        re.sub(r'"oldest": (\d+)', lambda found: f'"oldest": {int(found[1]) - 2**31}', text), encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (partial(damage, FILE), "damaged"),
        (partial(damage, "lake/runs.parquet"), "damaged"),
        (partial(damage, "lake/run_stages.parquet"), "damaged"),
        (lambda version: (version.path / FILE).unlink(), "cannot be read"),
        (turn_round, "have come around"),
    ],
    ids=["damaged", "runs-damaged", "stages-damaged", "gone", "turned"],
)
def test_what_was_kept_and_is_no_more_is_read_in_full(
    url: str, tmp_path: Path, spoil: Callable[[lake.Version], None], why: str
) -> None:
    grow(url, tmp_path, AS_OF)
    spoil(lake.find_version(tmp_path))
    run_sql(url, "update igny8_automation_runs set total_credits_used = 99 where id = 3")
    assert why in str(grow(url, tmp_path, AS_OF).runs_read)


def test_a_row_that_bears_another_number_is_a_change(url: str, tmp_path: Path) -> None:
    """One of long ago too, which no transaction since the load before has: of a copy put in the row's place."""
    grow(url, tmp_path, AS_OF)
    version = lake.find_version(tmp_path)
    file = version.path / FILE
    with duckdb.connect() as connection:
        connection.execute(f"create table kept as from read_parquet('{file}')")
        connection.execute("update kept set written = written - 1 where id in (3, 7)")
        connection.execute(f"copy kept to '{file}'")
    manifest = version.manifest()
    manifest["as_read"]["runs"]["sha256"] = lake.sha256(file)
    version.manifest_file.write_text(json.dumps(manifest), encoding="utf-8")
    found = grow(url, tmp_path, AS_OF).runs_read
    assert (found.rows, found.why_all) == (2, None)


def test_a_number_given_out_again_is_a_change(url: str, tmp_path: Path) -> None:
    """A row whose number is among those given out since is read, even if the load before saw that number in it."""
    grow(url, tmp_path, AS_OF)
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select min(xmin::text::bigint), txid_current() from igny8_automation_runs")
        ((written, _),) = cursor.fetchall()
    version = lake.find_version(tmp_path)
    text = version.manifest_file.read_text(encoding="utf-8")
    version.manifest_file.write_text(re.sub(r'"oldest": \d+', f'"oldest": {written}', text), encoding="utf-8")
    found = grow(url, tmp_path, AS_OF).runs_read
    assert (found.rows, found.why_all) == (RUNS, None)
