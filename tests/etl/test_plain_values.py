"""Plain texts are read by a short way: what it makes of any text is what the whole rules make of it."""

import itertools
import random
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import duckdb

from igny8_analysis.etl import extract
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.source_schema import SOURCE_TABLES
from igny8_analysis.etl.sources.sqlite_functions import amount

SHORT_WAYS = ("is_plain_number(text)", "is_plain_time(text)", "is_simple_object(text, item)")

NUMBERS = [
    *(
        "0",
        "7",
        "007",
        "-0",
        "-3",
        "+3",
        " 3",
        "3 ",
        "45.0",
        "45.500000",
        "45.1234567",
        ".5",
        "5.",
        "1e3",
        "4.5e1",
    ),
    *(
        "99999999999",
        "99999999999.999999",
        "999999999999",
        "1000000000000",
        "1_000",
        "0x1",
        "nan",
        "inf",
        "",
        "x",
    ),
    *("123456789012345678", "0.0000001", "00.5", "١٢", "1\n"),
]
JSON_VALUES = [*NUMBERS, "null", "true", '"45"', '" 4.5e1 "', '""', '"x"', "[1]", "{}", '{"credits_used": 1}']
OBJECTS = [
    *(f'{{"credits_used": {value}, "clusters_created": 2}}' for value in JSON_VALUES),
    *(
        f'{{"time_elapsed":{time}}}'
        for time in ('"00:10:07"', '"00:60:07"', '"1234567:00:00"', '"0:00:00"', "7")
    ),
    *("{}", "{ }", " {}", "{},", "[]", "null", "", "x", '"{}"', '{"credits_used": 1,}', '{"credits_used": 1'),
    '{"credits_used": 1, "credits_used": 2}',
    '{"credits_used":1,"credits_used":2,"batches":3}',
    '{"credits_used": 1 , "batches": 3}',
    '{"credits_used": 1,  "batches": 3}',
    '{"credits_used" : 1}',
    '{"credits_used": 1, "unknown": 3}',
    '{"credits_used": 1 "batches": 3}',
    '{"credits_used": 1}\n',
    '{"credits_used": 1, "error": "no \\"batches\\": 3"}',
    '{"credits_used": 1, "stage_1_initial": 3, "total_initial_items": 4}',
    '{"stage_1_initial": 3, "stage_1_initial": 4}',
    '{"stage_1_initial": 3, "stage_7_initial": 4.5, "total_initial_items": 7}',
    '{"stage_1_initial": -3, "stage_2_initial": 1000000000000, "stage_3_initial": "5"}',
]
TIMES = [
    *(
        "2026-03-01 12:00:00+00",
        "2026-03-01T12:00:00.123456Z",
        "2026-03-01T12:00:00+05:30",
        "2026-02-30 12:00:00+00",
    ),
    *(
        "2026-03-01 25:00:00+00",
        "2026-03-01 12:00:00",
        "2026-03-01 12:00:00 Z",
        "2026-03-01 12:00:00.1234567+00",
    ),
    *(
        "0999-12-31 23:00:00+00",
        "2999-12-31 23:59:59.999999-12",
        "10000-01-01 00:00:00+00",
        "infinity",
        "",
        "x",
    ),
    "2026-03-01 12:00:00+0530",
]


def what_is_read(rows: list[dict[str, str | None]], is_short: bool) -> list[Any]:
    """Every run, stage and finding that the rows are read as, by the short way and the rules or by the rules alone."""
    columns = list(SOURCE_TABLES["automation_runs"].columns)
    columns[columns.index("tenant_id")] = "account_id"
    with duckdb.connect() as scratch:
        scratch.execute("set timezone = 'UTC'")
        scratch.execute(extract._transform("macros", extract.MACROS))
        if not is_short:
            for name in SHORT_WAYS:
                scratch.execute(f"create or replace macro {name} as false")
        for table in ("accounts", "sites", "items"):
            scratch.execute(
                f"create table raw_{table} (id text, source_table text, entity text, site_id text, "
                "status text, site_status text, is_pending integer, items bigint)"
            )
        scratch.execute(f"create table batches ({', '.join(f'{c} text' for c in columns)})")
        places = ", ".join("?" * len(columns))
        scratch.executemany(
            f"insert into batches values ({places})", [[row.get(c) for c in columns] for row in rows]
        )
        scratch.execute(extract._transform("read_runs", extract._snapshot_values()))
        extract._unnest_results(scratch, None)
        return [
            scratch.execute(query).fetchall()
            for query in (
                f"select {', '.join(LAKE_TABLES['runs'].columns)} from read_runs order by id",
                f"select {', '.join(LAKE_TABLES['run_stages'].columns)} from read_stages order by all",
                "select id, unnest(checks) from read_runs order by all",
                "select id, stage_number, unnest(checks) from read_stages order by all",
            )
        ]


def test_the_short_way_reads_what_the_rules_read() -> None:
    rows: list[dict[str, str | None]] = []
    for place, (text, number, time) in enumerate(
        itertools.zip_longest(OBJECTS, NUMBERS, TIMES, fillvalue=None)
    ):
        row: dict[str, str | None] = {"id": str(place), "site_id": "1", "run_id": "r", "status": "completed"}
        row |= {
            "started_at": TIMES[0],
            "completed_at": time,
            "total_credits_used": number,
            "current_stage": number,
        }
        row |= {
            "initial_snapshot": text,
            "stage_1_result": text,
            "stage_4_result": text,
            "stage_7_result": None,
        }
        rows.append(row)
    short = what_is_read(rows, is_short=True)
    assert short == what_is_read(rows, is_short=False)
    runs, stages, run_findings, stage_findings = short
    assert (len(runs), len(stages)) == (len(rows), 7 * len(rows))
    assert run_findings
    assert stage_findings
    assert {stage[4] for stage in stages} == {True, False}


def test_elapsed_times_are_seconds() -> None:
    elapsed = {
        "00:00:00": 0,
        "0:00:09": 9,
        "00:39:07": 39 * 60 + 7,
        "24:00:00": 24 * 3600,
        "999999:59:59": 3_600_000_000 - 1,
        "00:60:00": None,
        "1234567:00:00": None,
        "00:10": None,
    }
    with duckdb.connect() as scratch:
        scratch.execute(extract._transform("macros", extract.MACROS))
        for text, seconds in elapsed.items():
            assert scratch.execute("select elapsed_seconds(?)", [text]).fetchall() == [(seconds,)], text


def test_a_number_reads_to_its_last_decimal_however_it_is_spelled() -> None:
    """DuckDB reads 10⁻²⁸ with an exponent of 28 as 0, and double keeps 16 digits; a ledger reads the same."""
    draw = random.Random(1)
    spelled = [
        "0.000000000000000000000000000001e30",
        ".0070045040002900456e12",
        "160050215080.32516097500e0",
        "16005021508032516.097500e-5",
        "1e+00002",
        "999999999999.9999994",
        "0.0000005",
        "0.00000049999999999999999999999999999999999",
        "5." + 2000 * "0",
    ]
    while len(spelled) < 3_000:
        digits = "".join(draw.choices("0000123456789", k=draw.randint(1, 30)))
        point = draw.randint(0, len(digits))
        text = f"{digits[:point]}.{digits[point:]}e{draw.randint(-45, 12 - point)}"
        spelled.append(text)
    step = Decimal("0.000001")
    expected = [
        (text.quantize(step, ROUND_HALF_UP, Context(prec=60)) if text.adjusted() > -20 else Decimal(0))
        for text in map(Decimal, spelled)
    ]
    with duckdb.connect() as scratch:
        scratch.execute(extract._transform("macros", extract.MACROS))
        read = scratch.execute("select as_number(unnest($1))", [spelled]).fetchall()
        beyond = scratch.execute(f"select as_number('0e{20 * '9'}'), as_number('1e-{20 * '9'}')").fetchall()
    assert [value for (value,) in read] == expected
    assert beyond == [(0, 0)]
    assert [amount(f"{text}{20 * '9'}", 6) for text in ("0e", "1e-", "1e")] == ["0.000000", "0.000000", None]
    assert [Decimal(amount(text, 6) or "NaN") for text in spelled] == expected
