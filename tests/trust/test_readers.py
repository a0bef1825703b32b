"""Readers never block loads, nor loads readers; what a reader has opened stays as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from igny8_analysis import connect
from igny8_analysis.etl import lake
from igny8_analysis.load import load
from tests.cases import items, make_source, run, site

LOADS = 10
READERS = 8
PAUSE_SECONDS = 1.5
"""A reader rests with its version open, as people do; without it eight of them leave two cores to no load."""

READER = f"""
import json, os, sys, time
from pathlib import Path
from igny8_analysis import connect

root, stop = Path(sys.argv[1]), Path(sys.argv[2])

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def current():
    return int((root / "current").read_text().strip()[-4:])

def check(warehouse, number):
    ((views,),) = warehouse.sql("select count(*) from stage_comparison where site_id = 1").fetchall()
    page = warehouse.history(1, page_size=5)
    detail = warehouse.run_detail(1, page["runs"][0]["run_id"])
    assert number == page["pagination"]["total_count"] == views / 7, "a mixture"
    assert detail["run"]["run_number"] == number

seen, memory = [], []
while not stop.exists() or not seen or seen[-1] != current():
    promised = current()
    with connect(root) as warehouse:
        number = int(warehouse.version[-4:])
        assert number >= promised, "a stale read"
        assert not seen or number >= seen[-1], "back in time"
        assert warehouse.overview_stats("a.example")["run_statistics"]["total_runs"] == number
        check(warehouse, number)
        time.sleep({PAUSE_SECONDS})
        check(warehouse, number)
    seen.append(number)
    memory.append(resident())
grown = memory[-1] - memory[len(memory) // 2]
print(json.dumps({{"seen": sorted(set(seen)), "opened": len(seen), "grown": grown, "all": memory[-1]}}))
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The n-th has n runs, so that a version's number says what is in it."""
    folder = tmp_path_factory.mktemp("sources")
    return [
        make_source(
            folder / f"{count}.sqlite",
            [site(1, "a.example"), site(2, "b.example")],
            [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}) for n in range(1, count + 1)],
            items("keywords", "new", count),
        )
        for count in range(1, LOADS + 2)
    ]


def test_a_query_stays_open_through_a_load(sources: list[Path], tmp_path: Path) -> None:
    """In another process: half read before the load, the rest after it; reopening shows the new version."""
    root = tmp_path / "data"
    load(f"sqlite:///{sources[2]}", root, keep=1)
    code = """
import sys
from igny8_analysis import connect
warehouse = connect(sys.argv[1])
rows = warehouse._connection.cursor().execute("select r.site_id, n.range from run_stages as r, range(20000) as n")
read = len(rows.fetchmany(1000))
print("half", flush=True)
sys.stdin.readline()
while more := rows.fetchmany(100000):
    read += len(more)
print(read, warehouse.overview_stats(1)["run_statistics"]["total_runs"])
with connect(sys.argv[1]) as again:
    print(again.overview_stats(1)["run_statistics"]["total_runs"])
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "half\n"
        report = load(f"sqlite:///{sources[4]}", root, keep=1, is_full=True)
        assert [v.number for v in lake.list_versions(root)] == [2, 1], "what is being read stays"
        assert report.held == [lake.list_versions(root)[1].id]
        assert f"while they are read, these versions stay: {report.held[0]}" in str(report)
        out, _ = reader.communicate("go on\n")
    assert out.split() == [str(3 * 7 * 20_000), "3", "5"]


@pytest.mark.slow
def test_many_readers_while_loads_go_through(sources: list[Path], tmp_path: Path) -> None:
    """8 readers, 10 loads one after the other: no error, no stale or mixed read, memory flat."""
    root, stop = tmp_path / "data", tmp_path / "stop"
    load(f"sqlite:///{sources[0]}", root, keep=2)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(root), str(stop)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            env=os.environ | {"MALLOC_ARENA_MAX": "2"},
        )
        for _ in range(READERS)
    ]  # fmt: skip
    try:
        for source in sources[1:]:
            load(f"sqlite:///{source}", root, keep=2)
    finally:
        stop.write_text("", encoding="utf-8")
        told = [reader.communicate(timeout=120) for reader in readers]
    for reader, (out, err) in zip(readers, told, strict=True):
        assert (reader.returncode, err) == (0, "")
        found = json.loads(out)
        assert found["seen"][-1] == LOADS + 1
        assert found["opened"] >= 3
        assert found["grown"] < 30_000_000, found
    assert len({number for out, _ in told for number in json.loads(out)["seen"]}) > LOADS // 2
    with connect(root) as warehouse:
        assert warehouse.sql("select count(*) from loads").fetchall() == [(LOADS + 1,)]
