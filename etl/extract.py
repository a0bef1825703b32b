"""Source to Parquet: read one snapshot as text, type it in DuckDB with nothing lost, write and check the lake."""

import json
import math
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from igny8_analysis.etl.catalogue import Catalogue, FoundTable, look
from igny8_analysis.etl.changes import (
    AS_READ_ALONE,
    NUMBER,
    RUNS,
    GoesOn,
    RunsRead,
    keep_runs,
    only_row,
    program_digest,
    read_runs,
    written_numbers,
)
from igny8_analysis.etl.contracts import LAKE_TABLES, RUN_TABLES, LakeTable
from igny8_analysis.etl.domains import bare_domain_sql
from igny8_analysis.etl.errors import Igny8Error, LoadError
from igny8_analysis.etl.history import alert_keys, growing_rows, holds_table
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.etl.lake import Version
from igny8_analysis.etl.ledger import read_sums
from igny8_analysis.etl.resources import MACHINE, Resources, Steps, is_out_of_memory
from igny8_analysis.etl.scratch import spill_folder
from igny8_analysis.etl.source_map import SourceMap
from igny8_analysis.etl.source_schema import (
    COMMON_RESULT_KEYS,
    ENTITIES,
    STAGES,
    Stage,
)
from igny8_analysis.etl.sources.source import Source, trimmed
from igny8_analysis.etl.templates import filled, parquet, quoted

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

QUERIES = Path(__file__).parent / "queries"
TRANSFORM = Path(__file__).parent / "transform"
ROW_GROUP_ROWS = 122_880
QUARANTINE_SHARE = 0.01
QUARANTINE_ROWS = 10

NUMBER_KEYS = (
    "credits_used",
    *(key for stage in STAGES for key in stage.number_keys),
    *(f"stage_{stage.number}_initial" for stage in STAGES),
)
# Of at most 15 digits, which DuckDB's JSON parser keeps whole.
PLAIN_NUMBER = r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?"
PLAIN_TIME = "[0-9]{1,6}:[0-5][0-9]:[0-5][0-9]"
TRUE_WORDS = ("1", "1.0", "true", "t", "yes", "y", "on")
FALSE_WORDS = ("0", "0.0", "false", "f", "no", "n", "off")
MACROS = {
    "number_keys": "|".join(NUMBER_KEYS),
    "plain_number": PLAIN_NUMBER,
    "plain_time": PLAIN_TIME,
    "true_words": TRUE_WORDS,
    "false_words": FALSE_WORDS,
}

Progress = Callable[[str], None]
Number = int | Decimal


@dataclass(frozen=True)
class Load:
    """A load under way: its number, the version it makes and the instant it reads."""

    number: int
    version: str
    as_of: datetime


@dataclass(frozen=True)
class Measure:
    """Rows, credits or items: in the source, and in quarantine and the lake, which add up to it."""

    name: str
    source: Number
    quarantined: Number
    lake: Number


@dataclass(frozen=True)
class Extracted:
    """What an extraction tells: what the source has, what of that changed, what was reconciled, a digest of the runs.

    `changes` are rows of `object`, a table or column, and `change`: new or gone since the load before, or hidden.
    `as_read` is what the manifest says of the files that the next load goes on from, by name; None: there is none.
    """

    catalogue: Catalogue
    changes: list[dict[str, str]]
    measures: list[Measure]
    runs_digest: str
    runs_read: RunsRead
    as_read: dict[str, dict[str, Any] | None]


def extract(
    source: Source,
    load: Load,
    lake: Path,
    previous: Version | None,
    progress: Progress,
    names: SourceMap | None = None,
    resources: Resources = MACHINE,
    is_full: bool = False,
) -> Extracted:
    """Write the lake of one load into the empty folder `lake` and reconcile it with the source.

    The growing tables of the version `previous` go on; where its runs were read as these are, their tables are
    copied from it; with `is_full`, nothing is. `names` go before the usual names of tables and columns.
    Raises LoadError; the caller removes what was written.
    """
    catalogue = look(source, names)
    catalogue.require()
    tables = {key: found.name for key, found in catalogue.tables.items()}
    with (
        duckdb.connect() as scratch,
        scratch.cursor() as keeping,
        scratch.cursor() as summing,
        interruptible(scratch, keeping, summing, source),
    ):
        scratch.execute(f"{resources.settings()}; set timezone = 'UTC'")
        scratch.execute(f"set temp_directory = '{quoted(spill_folder(lake.parent.name) or '')}'")
        scratch.execute("set preserve_insertion_order = false")
        scratch.execute(_transform("macros", MACROS))
        goes_on = GoesOn(lake.parent, previous, is_full)
        room = _Room(scratch, resources)
        read = partial(_read_source, scratch, source, catalogue.tables, goes_on, progress)
        runs_read = room.ended(read, read)
        progress("sum the ledger")
        runs_digest, kept, summed = room.side_by_side(
            partial(_write_runs, scratch, goes_on, runs_read, lake, progress),
            partial(keep_runs, keeping, lake.parent, runs_read),
            partial(_sum_ledger, summing, source, catalogue.tables, goes_on),
        )
        _expect_one_instant(source)
        room.take(partial(_register_load, scratch, source, load, catalogue, previous))
        for name in ("read_items", "read_accounts", "read_usage", "read_transactions"):
            room.take(partial(scratch.execute, _transform(name)))
        room.take(partial(scratch.execute, _transform("read_settings", _setting_values())))
        room.take(partial(scratch.execute, _transform("unreadable", tables)))
        room.take(partial(_stop_if_unreadable, scratch, tables))
        values = {**tables, **_setting_values(), "bare_domain": bare_domain_sql("domain")}
        for name in LAKE_TABLES:
            if name not in RUN_TABLES:
                room.take(partial(_write, scratch, name, lake, progress, values))
        measures = room.take(partial(_reconcile, scratch, tables))
        changes = scratch.execute(
            "select object, change from source_changes natural join this_load order by change desc, object"
        ).fetchall()
    told = [{"object": name, "change": change} for name, change in changes]
    return Extracted(catalogue, told, measures, runs_digest, runs_read, {RUNS: kept, **summed})


class _Room(Steps):
    """Takes steps of an extraction, of which some go side by side."""

    def side_by_side(
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C]
    ) -> tuple[A, B, C]:
        """What each gives, the first done by this thread; one that finds no room goes after them, on one thread."""
        with ThreadPoolExecutor(2) as beside:
            others = beside.submit(second), beside.submit(third)
            begun: Future[A] = Future()
            try:
                begun.set_result(first())
            except duckdb.Error as error:
                begun.set_exception(error)
        return (
            self.ended(begun.result, first),
            self.ended(others[0].result, second),
            self.ended(others[1].result, third),
        )

    def ended(self, begun: Callable[[], T], work: Callable[[], T]) -> T:
        """What `begun` gives; where it finds no room, what `work` does, on one thread and then with more memory."""
        try:
            return begun()
        except duckdb.Error as error:
            if not is_out_of_memory(error):
                raise
            self.connection.execute("set threads = 1")  # each sorts and writes in memory of its own
            try:
                return self.take(work)
            finally:
                self.connection.execute(f"set threads = {self.resources.thread_count}")


def _read_source(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    tables: dict[str, FoundTable],
    goes_on: GoesOn,
    progress: Progress,
) -> RunsRead:
    relations = {key: found.sql() for key, found in tables.items()}
    for key in ("accounts", "plans", "sites", "automation_configs"):
        progress(f"read {key}")
        batches = source.read(_query(key, relations))
        scratch.execute(f"create or replace table raw_{key} as from batches")
    progress("read runs")
    transform = _transform("read_runs", _snapshot_values())
    query = _query("automation_runs", relations)
    runs_read = read_runs(scratch, source, tables["automation_runs"], query, transform, goes_on)
    _compare_with_source(scratch, source, relations)
    scratch.execute(
        "create or replace table raw_items(source_table varchar, table_key varchar, entity varchar, site_id varchar, "
        "status varchar, site_status varchar, is_pending integer, items bigint, odd_is_deleted varchar, "
        "odd_is_deleted_items bigint, odd_disabled varchar, odd_disabled_items bigint)"
    )
    for entity, key in ENTITIES.items():
        progress(f"count {entity}")
        values = {
            **relations,
            "exact": source.exact,
            **_flags("is_deleted", "disabled"),
            **_ids("id", "content_id"),
        }
        query = _query(entity, values)
        batches = source.read(query)  # noqa: F841 (DuckDB reads it by its name)
        scratch.execute(
            f"insert into raw_items by name select '{tables[key].name}' as source_table, '{key}' as table_key, "
            f"'{entity}' as entity, * from batches"
        )
    return runs_read


def _sum_ledger(
    scratch: duckdb.DuckDBPyConnection, source: Source, tables: dict[str, FoundTable], goes_on: GoesOn
) -> dict[str, dict[str, Any] | None]:
    """Read what the credit tables sum up to. The source does the work: it goes beside what is done of the runs.

    Returns what the manifest says of each table's sums, by their name.
    """
    return {
        name: _sum_up(scratch, source, tables[key], name, summed, places, goes_on)
        for name, key, summed, places in (
            (
                "credit_usage",
                "credit_usage_log",
                "credits",
                {"credits_used": 6, "cost_usd": 9, "tokens_input": 0, "tokens_output": 0},
            ),
            ("credit_transactions", "credit_transactions", "amount", {"amount": 6}),
        )
    }


def _sum_up(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    table: FoundTable,
    name: str,
    summed: str,
    places: dict[str, int],
    goes_on: GoesOn,
) -> dict[str, Any] | None:
    written = written_numbers(source, table)
    number = "null" if isinstance(written, str) else NUMBER
    values = _expressions(source, table, places) | {
        table.key: table.sql(written=number),
        "exact": source.exact,
    }
    values |= {"rows": _query(f"{name}_rows", values), "total": source.total, "summed": summed}
    return read_sums(
        scratch, source, written, name, lambda query, **more: _query(query, values | more), goes_on
    )


def _expressions(source: Source, table: FoundTable, places: dict[str, int]) -> dict[str, str]:
    """SQL of the source for the ids to group by, for the date of `created_at`, and for numbers of so many decimals."""
    ids = {column: source.key(column, table.type_of(column)) for column in ("tenant_id", "site_id")}
    amounts = {
        column: source.amount(column, table.type_of(column), count) for column, count in places.items()
    }
    return {**ids, "created_at": source.utc_date("created_at", table.type_of("created_at")), **amounts}


def _flags(*columns: str) -> dict[str, str]:
    """SQL for whether a flag is set, by the column's name, and as `odd_…` for a value of it that is no known word."""
    words = {column: f"lower({trimmed(column)})" for column in columns}
    return {column: f"coalesce({word} in {TRUE_WORDS}, false)" for column, word in words.items()} | {
        f"odd_{column}": f"case when {word} not in {TRUE_WORDS + FALSE_WORDS} then cast({column} as text) end"
        for column, word in words.items()
    }


def _ids(*columns: str) -> dict[str, str]:
    """SQL for ids as texts that are alike where the ids are: a copy may hold one as 7 here and as 7.0 there."""
    return {
        column: f"case when {text} like '%.%' then rtrim(rtrim({text}, '0'), '.') else {text} end"
        for column, text in ((column, trimmed(column)) for column in columns)
    }


def _query(name: str, values: dict[str, str]) -> str:
    return filled(QUERIES / f"{name}.sql", {"stages": STAGES, **values})


def _compare_with_source(
    scratch: duckdb.DuckDBPyConnection, source: Source, relations: dict[str, str]
) -> None:
    """What was read is what the source itself counts and sums up: rows, and the credits in short numerals."""
    for key in ("accounts", "plans", "sites", "automation_configs"):
        query = f"select count(*) as items from {relations[key]}"
        (found,) = only_row(scratch, f"select count(*) from raw_{key}")
        _expect_equal(f"rows of {key} in the source and read", _source_row(source, query)[0], found)
    rows, credits = _source_row(source, _query("run_totals", relations))
    rows_read, credits_read = only_row(
        scratch,
        "select count(*), sum(try_cast(total_credits_used as decimal(38, 6))) filter ("
        r"regexp_full_match(total_credits_used, '[0-9]{1,18}(\.[0-9]*)?|\.[0-9]+') "
        "and length(total_credits_used) <= 30) "
        "from raw_automation_runs",
    )
    _expect_equal("rows of runs in the source and read", rows, rows_read)
    if not math.isclose(float(credits or 0), credits_read or 0, rel_tol=1e-9, abs_tol=1e-6 * rows):
        _expect_equal("credits of runs in the source and read", credits, credits_read)


def _expect_one_instant(source: Source) -> None:
    if replaced := source.replaced():
        raise LoadError(
            f"truncated, altered or replaced while the load ran: {', '.join(replaced)}; nothing was loaded, load again"
        )


def _source_row(source: Source, query: str) -> tuple[Any, ...]:
    (row,) = source.read(query).read_all().to_pylist()
    return tuple(row.values())


def _register_load(
    scratch: duckdb.DuckDBPyConnection,
    source: Source,
    load: Load,
    catalogue: Catalogue,
    previous: Version | None,
) -> None:
    scratch.execute(
        "create or replace table this_load as select ?::bigint as load_number, ? as load_id, ?::timestamptz as as_of, "
        "? as source_kind, ? as missing, ? as not_read",
        [
            load.number,
            load.version,
            load.as_of,
            source.kind,
            ", ".join(catalogue.missing),
            ", ".join(catalogue.not_read),
        ],
    )
    objects = [
        (relation.name, column, is_readable)
        for relation in catalogue.relations
        for column, is_readable in [(None, relation.is_readable), *relation.columns.items()]
    ]
    scratch.execute(
        "create or replace table found_objects as select unnest(?::varchar[]) as table_name, "
        "unnest(?::varchar[]) as column_name, unnest(?::boolean[]) as is_readable",
        [[row[place] for row in objects] for place in range(3)],
    )
    keys = alert_keys(scratch, previous) if previous else []
    scratch.execute(
        "create or replace table alerts_before as select unnest(?::varchar[]) as alert_key", [keys]
    )
    for name, table in LAKE_TABLES.items():
        if not (table.is_growing or name == "source_objects"):
            continue
        columns = ", ".join(f"{column} {c.type}" for column, c in table.columns.items())
        scratch.execute(f"create or replace table previous_{name} ({columns})")
        if previous and holds_table(previous, name):
            rows = growing_rows(scratch, previous, name)
            scratch.execute(f"insert into previous_{name} by name select * from {rows}")


def _write_runs(
    scratch: duckdb.DuckDBPyConnection, goes_on: GoesOn, runs_read: RunsRead, lake: Path, progress: Progress
) -> str:
    """Write the tables of runs, or copy them where the version before holds the same. Return the runs' digest."""
    runs_digest = _digest_runs(scratch)
    previous = None if goes_on.is_full else goes_on.previous
    if previous and _holds_runs(previous, runs_digest):
        progress("copy runs: as they were")
        _copy_runs(scratch, previous, lake)
    else:
        _write(scratch, RUNS, lake, progress, {"as_read_alone": ", ".join(AS_READ_ALONE)})
        progress("unnest results")
        _unnest_results(scratch, previous if runs_read.why_all is None else None)
        _write(scratch, "run_stages", lake, progress)
    return runs_digest


def _digest_runs(scratch: duckdb.DuckDBPyConnection) -> str:
    """What the tables of runs are made of: the rows that were read, in any order, and the program that writes them."""
    rows = only_row(scratch, "select count(*), bit_xor(digest), sum(cast(digest as hugeint)) from read_runs")
    return "-".join(map(str, (program_digest(), *rows)))


def _holds_runs(version: Version, runs_digest: str) -> bool:
    """Whether the version's tables of runs are of this digest, and still as they were written."""
    try:
        return version.manifest().get("runs_digest") == runs_digest and version.is_as_written(
            *RUN_TABLES, "value_findings"
        )
    except Igny8Error:
        return False


def _copy_runs(scratch: duckdb.DuckDBPyConnection, previous: Version, lake: Path) -> None:
    for name in RUN_TABLES:
        file = lake / f"{name}.parquet"
        shutil.copyfile(previous.lake / file.name, file)
        scratch.execute(f"create or replace view {name} as from {parquet(file)}")
    findings = parquet(previous.lake / "value_findings.parquet")
    scratch.execute(
        f"create or replace table stage_findings as from {findings} where stage_number is not null"
    )


def _unnest_results(scratch: duckdb.DuckDBPyConnection, previous: Version | None) -> None:
    """Make a row of every stage result; those of runs that are as the load of `previous` read them are taken of it."""
    columns = ", ".join(f"{name} {c.type}" for name, c in LAKE_TABLES["run_stages"].columns.items())
    checks = "checks struct(key varchar, value_text varchar, check_name varchar)[]"
    scratch.execute(f"create or replace table read_stages ({columns}, {checks})")
    which = "id in (select id from changed_runs)" if previous else "true"
    stages = [_stage_values(stage) for stage in STAGES]
    scratch.execute(_transform("read_stages", {"stages": stages, "which": which}))
    scratch.execute(_transform("stage_findings"))
    if previous:
        for name, table in (("run_stages", "read_stages"), ("value_findings", "stage_findings")):
            file = previous.lake / f"{name}.parquet"
            rows = scratch.table(table).columns
            taken = ", ".join(column for column in rows if column != "checks")
            scratch.execute(
                f"insert into {table} by name select {taken} from {parquet(file)} "
                "where stage_number is not null and id in (select id from unchanged_runs)"
            )


def _setting_values() -> dict[str, Any]:
    """Names of a site's settings: those of the source by their kind, and those of the lake."""
    key = ("load_number", "load_id", "as_of", "site_id", "is_present")
    settings = [name for name in LAKE_TABLES["automation_settings"].columns if name not in key]
    limits = [stage.limit for stage in STAGES]
    sizes = [f"stage_{stage.number}_batch_size" for stage in STAGES if stage.has_batch_size]
    return {
        "settings": settings,
        "stages": STAGES,
        "numbers": ("max_credits_per_run", *limits, *sizes),
        "flags": ("is_enabled", *(f"stage_{stage.number}_enabled" for stage in STAGES)),
    }


def _snapshot_values() -> dict[str, Any]:
    keys = [f"stage_{stage.number}_initial" for stage in STAGES] + ["total_initial_items"]
    structure = json.dumps(dict.fromkeys(keys, "VARCHAR"))
    return {"stages": STAGES, "structure": structure, **_plain_values(keys)}


def _plain_values(number_keys: list[str], time_keys: tuple[str, ...] = ()) -> dict[str, str]:
    """How an item of a plain object looks that has these keys alone, and how many of them a parsed one has."""
    items = [rf'"({"|".join(number_keys)})": ?{PLAIN_NUMBER}']
    items += [f'"{key}": ?"{PLAIN_TIME}"' for key in time_keys]
    found = [f"cast(simple.{key} is not null as integer)" for key in (*number_keys, *time_keys)]
    return {"plain_item": f"({'|'.join(items)})", "keys_in_simple": " + ".join(found)}


def _stage_values(stage: Stage) -> dict[str, str]:
    known_keys = [*stage.number_keys, *COMMON_RESULT_KEYS]
    structure = dict.fromkeys([*stage.number_keys, "credits_used", "time_elapsed"], "VARCHAR")
    structure |= dict.fromkeys(("error", "skipped", "partial", "reason"), "JSON")
    values = {
        "number": str(stage.number),
        "processed_key": stage.processed_key,
        "created_key": stage.created_key or "",
        "created_text": f"field.{stage.created_key}" if stage.created_key else "cast(null as varchar)",
        "structure": json.dumps(structure),
        "known_keys": str(known_keys),
        **_plain_values([*stage.number_keys, "credits_used"], ("time_elapsed",)),
    }
    for key in ("batches", "total_words"):
        is_read = key in stage.extra_number_keys
        values[f"has_{key}"] = str(is_read).lower()
        values[f"{key}_text"] = f"field.{key}" if is_read else "cast(null as varchar)"
    return values


def _transform(name: str, values: dict[str, Any] | None = None) -> str:
    return filled(TRANSFORM / f"{name}.sql", values or {})


def _stop_if_unreadable(scratch: duckdb.DuckDBPyConnection, tables: dict[str, str]) -> None:
    entities = {key: entity for entity, key in ENTITIES.items()}
    sums = {"credit_usage_log": "raw_credit_usage", "credit_transactions": "raw_credit_transactions"}
    for key, name in tables.items():
        if key in entities:
            query = f"select coalesce(sum(items), 0) from raw_items where entity = '{entities[key]}'"
        elif key in sums:
            query = f"select coalesce(sum(items), 0) from {sums[key]}"
        else:
            query = f"select count(*) from raw_{key}"
        (rows,) = only_row(scratch, query)
        bad, first = only_row(
            scratch,
            "select coalesce(sum(rows), 0), min(reason || coalesce(' (' || row_key || ')', '')) "
            f"from unreadable where source_table = '{name}'",
        )
        if bad >= QUARANTINE_ROWS and bad > QUARANTINE_SHARE * rows:
            raise LoadError(
                f"{bad} of {rows} rows of {name} cannot be read, for one {first}; more than {QUARANTINE_SHARE:.0%} "
                "stops a load: check the types of the source's columns; nothing was loaded"
            )


def _write(
    scratch: duckdb.DuckDBPyConnection,
    name: str,
    lake: Path,
    progress: Progress,
    values: dict[str, Any] | None = None,
) -> None:
    """Type the rows of the table's query as its contract says, check them against it and write them, sorted."""
    progress(f"write {name}")
    table = LAKE_TABLES[name]
    file = lake / f"{name}.parquet"
    columns = ", ".join(f"cast({column} as {c.type}) as {column}" for column, c in table.columns.items())
    order = ", ".join(f"{column} nulls first" for column in table.sort_columns)
    scratch.execute(f"create or replace view {name} as select {columns} from ({_transform(name, values)})")
    scratch.execute(
        f"copy (from {name} order by {order}) to '{quoted(file)}' "
        f"(format parquet, compression zstd, row_group_size {ROW_GROUP_ROWS})"
    )
    scratch.execute(f"create or replace view {name} as from {parquet(file)}")
    _check_contract(scratch, name, table)


def _check_contract(scratch: duckdb.DuckDBPyConnection, name: str, table: LakeTable) -> None:
    required = [column for column, c in table.columns.items() if not c.is_nullable]
    nulls = only_row(
        scratch, f"select {', '.join(f'count(*) - count({column})' for column in required)} from {name}"
    )
    for column, count in zip(required, nulls, strict=True):
        if count:
            raise LoadError(
                f"lake table {name}, rule {column} is not null: {count} rows break it; nothing was loaded"
            )
    key = ", ".join(table.key)
    repeated = scratch.execute(
        f"select {key}, count(*) over () from {name} group by {key} having count(*) > 1 limit 1"
    ).fetchall()
    if repeated:
        *first, count = repeated[0]
        raise LoadError(
            f"lake table {name}, rule ({key}) is unique: {count} keys are repeated, first {tuple(first)}; "
            "mend the source's duplicate rows; nothing was loaded"
        )


def _reconcile(scratch: duckdb.DuckDBPyConnection, tables: dict[str, str]) -> list[Measure]:
    """What the source holds is in the lake or in quarantine. Raises LoadError where a measure does not add up."""
    measures = [
        Measure(*row)
        for row in scratch.execute(_transform("reconciliation", tables | {"stages": len(STAGES)})).fetchall()
    ]
    for measure in measures:
        _expect_equal(f"{measure.name} read and written", measure.source, measure.quarantined + measure.lake)
    return measures


def _expect_equal(what: str, expected: object, found: object) -> None:
    if found != expected:
        raise LoadError(f"{what} differ: {expected} and {found}; nothing was loaded")
