"""Queries have bounds: of time, memory and disk, each told when it is hit; answers of any size pass through little."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from igny8_analysis import connect
from igny8_analysis.answers import Limits
from igny8_analysis.errors import QueryTooLarge
from tests.command import igny8
from tests.conftest import sampled
from tests.trust.processes import IGNY8, assert_told, in_a_process, start, wait_for

WORDS = "select range as n, repeat('word ', 2000) as text from range({rows})"
ENDLESS = "select count(*) from range(1000000000000) a(x)"
DISTINCT = "select count(*) from (select distinct hash(range) from range(4000000))"
ANSWER = """
import os, sys
from pathlib import Path
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
sys.argv[0] = "igny8"
from igny8_analysis.cli import main
try:
    main()
finally:
    # not ru_maxrss, in which a process begins with what its parent had
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(peak.split()[1]) // 1024, file=sys.stderr)
"""


def megabytes(*arguments: object) -> int:
    """The memory that a command took at most."""
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return int(done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("format_", sampled(["csv", "json"], 1))
def test_an_answer_of_any_size_passes_in_batches(demo_warehouse: Path, format_: str) -> None:
    """Once DuckDB's buffers are full, 50 MB more of rows take no more memory."""
    words = "select range as n, repeat('word ', 400) as text from range({rows})"
    few, many = (
        megabytes("sql", words.format(rows=rows), "--format", format_, "--warehouse", demo_warehouse)
        for rows in (15_000, 40_000)
    )
    assert many < few + 30


def test_an_answer_in_batches_is_whole(demo_warehouse: Path) -> None:
    """Whatever the number of rows, each format has every one once, a table the first, and says so."""
    for rows in (0, 1, 999, 1_000, 1_001, 2_500):
        query = ("sql", f"select range as n, range as n from range({rows})", "--warehouse", demo_warehouse)
        as_csv = igny8(*query, "--format", "csv").stdout
        assert as_csv.splitlines() == ['"n","n"', *(f"{n},{n}" for n in range(rows))]
        as_json = igny8(*query, "--format", "json").stdout
        objects = ",\n".join(f'  {{\n    "n": {n},\n    "n_2": {n}\n  }}' for n in range(rows))
        assert as_json == (f"[\n{objects}\n]\n" if rows else "[]\n")
        as_table = igny8(*query).stdout
        assert ("There are more rows: a table has the first 1,000" in as_table) == (rows > 1_000)
        assert sum(line.split()[:1] == ["999"] for line in as_table.splitlines()) == (rows >= 1_000)


@pytest.mark.parametrize("format_", ["csv", "json", "table"])
def test_an_error_at_once_comes_before_any_output(demo_warehouse: Path, format_: str) -> None:
    query = "select range, cast(repeat('x', range % 3) as integer) from range(5)"
    done = igny8("sql", query, "--format", format_, "--warehouse", demo_warehouse)
    assert_told(done, 2, "the SQL is wrong: Conversion Error")


@pytest.mark.parametrize("format_", ["csv", "json", "table"])
def test_a_value_of_the_first_rows_that_cannot_be_shown_is_told_before_any(
    demo_warehouse: Path, format_: str
) -> None:
    """DuckDB takes such a value; that it is too large for Python shows only as the rows are fetched."""
    query = "select case when range = 500 then interval '170000000 years' end as x from range(600)"
    done = igny8("sql", query, "--format", format_, "--warehouse", demo_warehouse)
    assert_told(done, 2, "a value of the answer is too large to show")


def test_a_query_that_does_not_end_is_none(demo_warehouse: Path) -> None:
    much = "more than 10,000,000 bytes: that is no query"
    assert_told(igny8("sql", "--file", "/dev/zero", "--warehouse", demo_warehouse), 2, much)
    with Path("/dev/zero").open("rb") as endless:
        done = in_a_process("sql", "--warehouse", demo_warehouse, stdin=endless, timeout=60)
    assert_told(done, 2, f"standard input has {much}")


def test_a_query_is_stopped_after_its_time(demo_warehouse: Path) -> None:
    began = time.monotonic()
    done = in_a_process("sql", ENDLESS, "--max-seconds", "0.5", "--warehouse", demo_warehouse, timeout=60)
    assert_told(done, 5, "stopped after 0.5 s", "--max-seconds")
    assert time.monotonic() - began < 30


def test_the_time_of_a_query_is_not_its_readers(demo_warehouse: Path) -> None:
    """Who reads slowly gets all; who asks for rows that take their time is stopped among them."""
    rows = ["sql", WORDS.format(rows=3_000), "--max-seconds", "2", "--format", "csv"]
    with subprocess.Popen(
        [*IGNY8, *rows, "--warehouse", str(demo_warehouse)], stdout=subprocess.PIPE, encoding="utf-8"
    ) as reading:
        assert reading.stdout
        reading.stdout.readline()
        time.sleep(3)
        assert len(reading.stdout.readlines()) == 3_000
        assert reading.wait() == 0
    slow = "select n, sum(x) from range(5000) a(n), range(10000000) b(x) where n + x > 0 group by n"
    done = in_a_process(
        "sql", slow, "--max-seconds", "1", "--format", "csv", "--warehouse", demo_warehouse, timeout=60
    )
    assert done.returncode == 5
    assert "stopped after 1 s" in done.stderr


def test_the_time_of_a_query_is_that_of_all_its_batches(demo_warehouse: Path) -> None:
    """Each takes a tenth of a second, and all of them four."""
    slow = (
        "select sleep_ms(case when range % 500 = 0 then 50 else 0 end), repeat('x', 2000) from range(40000)"
    )
    with connect(demo_warehouse, limits=Limits(seconds=1.5)) as warehouse:
        batches = iter(warehouse.stream(slow))
        assert len(next(batches)) == 1_000
        with pytest.raises(QueryTooLarge, match=r"stopped after 1\.5 s"):
            list(batches)


def test_memory_and_disk_of_a_query_have_limits(demo_warehouse: Path) -> None:
    """The same query that goes through in what a query may take as a rule."""
    query = ["sql", DISTINCT, "--format", "csv", "--warehouse", demo_warehouse]
    assert in_a_process(*query).stdout.splitlines()[1:] == ["4000000"]
    memory = ["--max-memory", "60MB"]
    assert_told(
        in_a_process(*query, *memory, "--max-spill", "1MB"), 5, "more than 1MB on disk", "--max-spill"
    )
    whole = ["sql", "select len(list(range)) from range(30000000)", "--warehouse", demo_warehouse]
    assert_told(in_a_process(*whole, *memory), 5, "more than 60MB of memory", "--max-memory")


def test_what_a_killed_query_spilled_is_swept_by_the_next(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in TMPDIR, outside of the version; a query that runs keeps its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    version_before = sorted(demo_warehouse.rglob("*"))
    spilling = "select count(*) from (select a.range as x, repeat('y', 200) from range(300000000) a order by hash(x))"
    query = ["sql", spilling, "--max-memory", "100MB", "--warehouse", demo_warehouse]

    def folders() -> list[Path]:
        return list(tmp_path.glob("igny8-spill-*"))

    asking, going_on = start(*query), start(*query)
    wait_for(lambda: len(folders()) == 2 and all(any(f.glob("*/*")) for f in folders()), 60)
    assert sorted(demo_warehouse.rglob("*")) == version_before
    asking.kill()
    asking.communicate()
    assert len(folders()) == 2
    assert in_a_process("sql", "select 1", "--warehouse", demo_warehouse).returncode == 0
    assert len(folders()) == 1, "that of the query that goes on"
    going_on.send_signal(signal.SIGINT)
    going_on.communicate(timeout=30)
    assert folders() == []
