"""Rounds that alternate between what is measured and what it is measured against: medians, spread, CPU beside wall."""

import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Work = Callable[[], object]
ROUNDS = 5


@dataclass(frozen=True)
class Timing:
    """Seconds of one thing over all rounds."""

    wall: list[float]
    cpu: list[float]

    @property
    def seconds(self) -> float:
        """The median wall time."""
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self) -> float:
        """The median of processor time, of this process and the children that ended."""
        return statistics.median(self.cpu)

    @property
    def spread(self) -> float:
        """The slowest less the fastest round, as a share of the median."""
        return (max(self.wall) - min(self.wall)) / self.seconds


@dataclass(frozen=True)
class Result:
    """A row of the table: `ratio` of what is measured to what it is measured against, and what it may be at most.

    `numbers` are what is drawn of it.
    """

    what: str
    against: str
    ratio: float
    limit: float
    measured: str
    other: str
    is_at_least: bool = False
    numbers: dict[str, str | float] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio >= self.limit if self.is_at_least else self.ratio <= self.limit


def interleave(rounds: int, *works: Work, warm: bool = True) -> list[Timing]:
    """Run each work once for warmth, then all in turn, `rounds` times."""
    if warm:
        for work in works:
            work()
    timings: list[Timing] = [Timing([], []) for _ in works]
    for _ in range(rounds):
        for work, timing in zip(works, timings, strict=True):
            before, started = _processor_seconds(), time.perf_counter()
            work()
            timing.wall.append(time.perf_counter() - started)
            timing.cpu.append(_processor_seconds() - before)
    return timings


def _processor_seconds() -> float:
    """Of this process and its children that ended."""
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(own.ru_utime + own.ru_stime for own in used)


def compare(what: str, against: str, limit: float, timings: Sequence[Timing], faster: bool = False) -> Result:
    """The row of a work's timing and another's; `faster` asks how many times quicker the work is than the other."""
    work, other = timings
    ratio = other.seconds / work.seconds if faster else work.seconds / other.seconds
    return Result(what, against, ratio, limit, _told(work), _told(other), faster)


def _told(timing: Timing) -> str:
    return (
        f"{timing.seconds * 1000:,.0f} ms (±{timing.spread / 2:.0%}, CPU {timing.cpu_seconds * 1000:,.0f} ms)"
    )


def peak_megabytes_of(code: str) -> float:
    """The largest resident size of a Python of its own that runs the code."""
    code += "\nfrom benchmarks.measure import peak_megabytes; print(peak_megabytes())"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8")
    return float(told.stdout.split()[-1])


def peak_megabytes() -> float:
    """The largest resident size of this process; what `getrusage` tells may be its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kilobytes,) = re.findall(r"VmHWM:\s+([0-9]+) kB", status)
    return int(kilobytes) / 1024


def machine() -> dict[str, str]:
    """Processor, memory and date."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": f"{len(models)} × {models[0]}" if models else "unknown",
        "memory": f"{pages / 2**30:.0f} GB",
        "date": time.strftime("%Y-%m-%d"),
        "load": f"{os.getloadavg()[0]:.1f}",
        "page size": str(resource.getpagesize()),
    }
