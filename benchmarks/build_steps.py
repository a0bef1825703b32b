"""`python -m benchmarks.build_steps LAKE FOLDER`: build a warehouse there step by step; what each took, as JSON."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import peak_megabytes
from benchmarks.sources import without_forecasts
from igny8_analysis.warehouse import build


def main(lake: Path, folder: Path) -> None:
    """A build without the forecasts, the checks, and a build with them."""
    plain, full = folder / "plain.duckdb", folder / "full.duckdb"
    with without_forecasts():
        steps = {"build without forecasts": _took(lambda: build.build(lake, plain), plain)}
    steps["checks"] = _took(lambda: build.check(plain), plain)
    steps["build with forecasts"] = _took(lambda: build.build(lake, full), full)
    print(json.dumps([{"step": step} | numbers for step, numbers in steps.items()]))


def _took(work: Callable[[], None], file: Path) -> dict[str, float]:
    before, started = sum(os.times()[:2]), time.perf_counter()
    work()
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": sum(os.times()[:2]) - before,
        "megabytes": peak_megabytes(),
        "file_megabytes": file.stat().st_size / 2**20,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
