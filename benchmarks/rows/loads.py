"""Loads and builds: their time, their memory, and how both grow."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import sources
from benchmarks.measure import ROUNDS, Result, Timing, compare, interleave, peak_megabytes_of
from benchmarks.relay import relay
from igny8_analysis.etl.lake import list_versions

LOADED = 200_000
LOAD = "from pathlib import Path; from igny8_analysis.load import load; load({url!r}, Path({folder!r}))"
LOAD_TOMORROW = (
    "from datetime import UTC, datetime, timedelta; from pathlib import Path; from igny8_analysis.load import load; "
    "load({url!r}, Path({folder!r}), datetime.now(UTC) + timedelta(days=1))"
)
CORE_LOAD = "from benchmarks.sources import without_forecasts\nwith without_forecasts():\n  " + LOAD
SIZES = (100_000, 1_000_000, 1_430_000)  # the last has 10,000,000 stage rows


def load() -> list[Result]:
    """A full load from PostgreSQL, without the forecasts' tables, against psql's copy of the runs."""
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = sources.source(server, LOADED)
        timings = interleave(ROUNDS, partial(_load_anew, url, folder, CORE_LOAD), partial(_copy, url))
    return [compare("full load of 200,000 runs", "psql copy binary of the runs", 6, timings)]


def load_with_forecasts() -> list[Result]:
    """A full load from PostgreSQL against psql's copy of the runs; an unchanged source loaded again."""
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = sources.source(server, LOADED)
        loaded, again, copied = interleave(
            ROUNDS,
            partial(_load_anew, url, folder),
            partial(_load, url, folder),
            partial(_copy, url),
            warm=False,
        )
    return [
        compare("full load with forecasts", "psql copy binary of the runs", 12, (loaded, copied)),
        compare("an unchanged source loaded again", "the first load", 0.6, (again, loaded)),
    ]


def load_of_changes() -> list[Result]:
    """Loads after one run in a hundred came, on one site in a hundred, after none, and the day's first, against all."""
    changed, again, tomorrow = Timing([], []), Timing([], []), Timing([], [])
    with sources.postgres() as server, tempfile.TemporaryDirectory() as folder:
        source = sources.changing_source(server, LOADED)
        with relay(source) as relayed:
            url = relayed.url
            (first,) = interleave(1, partial(_load_anew, url, folder), warm=False)
            sent = [relayed.sent]
            for number in range(ROUNDS):
                sources.add_runs(source, number, LOADED // 100)
                before = relayed.sent
                _add(changed, partial(_load, url, folder))
                sent.append(relayed.sent - before)
                _add(again, partial(_load, url, folder))
                read = list_versions(Path(folder))[1].manifest()["runs_read"]["rows"]
            sources.add_runs(source, ROUNDS, LOADED // 100)
            _add(tomorrow, partial(_load, url, folder, LOAD_TOMORROW))
    return [
        compare("a load after 1 % of the runs came", "the first load", 0.15, (changed, first)),
        compare("a load after nothing changed", "the first load", 0.1, (again, first)),
        compare("the day's first load, 1 % of the runs came", "the first load", 0.3, (tomorrow, first)),
        Result(
            "runs read after 1 % of them came",
            "runs that came",
            read / (LOADED // 100),
            1.1,
            f"{read:,} runs",
            f"{LOADED // 100:,} runs",
        ),
        Result(
            "bytes from the server after 1 % of the runs came",
            "of the first load",
            statistics.median(sent[1:]) / sent[0],
            0.06,
            f"{statistics.median(sent[1:]) / 1e6:,.1f} MB",
            f"{sent[0] / 1e6:,.1f} MB",
        ),
    ]


def _add(timing: Timing, work: Callable[[], object]) -> None:
    (taken,) = interleave(1, work, warm=False)
    timing.wall.extend(taken.wall)
    timing.cpu.extend(taken.cpu)


def memory() -> list[Result]:
    """The peak memory of a load of 800,000 runs against one of 200,000."""
    peaks = []
    with sources.postgres() as server:
        for runs in (LOADED, 4 * LOADED):
            url = sources.source(server, runs)
            with tempfile.TemporaryDirectory() as folder:
                peaks.append(peak_megabytes_of(LOAD.format(url=url, folder=folder)))
    told = [f"{peak:,.0f} MB" for peak in peaks]
    return [
        Result("memory of a load of 800,000 runs", "of 200,000", peaks[1] / peaks[0], 1.3, told[1], told[0]),
        Result("memory of a load of 800,000 runs", "700 MB", peaks[1] / 700, 1, told[1], "700 MB"),
    ]


def growth() -> list[Result]:
    """Builds of 100,000 to 1,430,000 runs, layer by layer: processor time a run against the smallest."""
    results = []
    smallest: dict[str, float] = {}
    for runs in SIZES:
        with tempfile.TemporaryDirectory(dir=sources.CACHE) as folder:
            command = [sys.executable, "-m", "benchmarks.build_steps", str(sources.lake(runs)), folder]
            told = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
        for step in json.loads(told.stdout):
            each = step["cpu_seconds"] / runs
            base = smallest.setdefault(step["step"], each)
            results.append(
                Result(
                    f"{step['step']} of {runs:,} runs, a run",
                    f"of {SIZES[0]:,} runs",
                    each / base,
                    1.15,
                    f"CPU {step['cpu_seconds']:,.1f} s, {step['megabytes']:,.0f} MB at most",
                    f"CPU {base * SIZES[0]:,.1f} s",
                    numbers={"runs": runs} | step,
                )
            )
    return results


def _load(url: str, folder: str, code: str = LOAD) -> None:
    command = [sys.executable, "-c", code.format(url=url, folder=folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # DuckDB draws its progress there


def _load_anew(url: str, folder: str, code: str = LOAD) -> None:
    shutil.rmtree(folder)
    _load(url, folder, code)


def _copy(url: str) -> None:
    copy = ["psql", "-c", "copy igny8_automation_runs to stdout (format binary)", url]
    subprocess.run(copy, check=True, stdout=subprocess.DEVNULL)
