"""A load is visible complete or not at all, whenever it is killed."""

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from igny8_analysis import connect
from igny8_analysis.etl import lake
from igny8_analysis.etl.loading import loading
from tests.cases import items, make_source, run, site
from tests.trust.faults import Loads

PUBLISHED = "os.rename current.new"


@pytest.fixture(scope="module")
def loads() -> Iterator[Loads]:
    with Loads() as started:
        yield started


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Two sources that no mixture can be taken for: by how many runs they have."""
    folder = tmp_path_factory.mktemp("sources")
    return {
        count: make_source(
            folder / f"{count}.sqlite",
            [site(1, "a.example"), site(2, "b.example")],
            [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, count)}) for n in range(1, count + 1)],
            items("keywords", "new", count),
        )
        for count in (11, 17)
    }


@pytest.fixture(scope="module")
def loaded(loads: Loads, sources: dict[int, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two loads of one source."""
    root = tmp_path_factory.mktemp("loaded") / "data"
    for _ in range(2):
        assert loads.run(sources[11], root)[0] == 0
    return root


def seen(root: Path) -> tuple[str, dict[str, Any]]:
    """The version that readers get, and everything that tells from which source it is."""
    with connect(root) as warehouse:
        ((runs, credits),) = warehouse.sql("select count(*), sum(total_credits_used) from runs").fetchall()
        ((stages,),) = warehouse.sql("select count(*) from run_stages").fetchall()
        pending = warehouse.overview_stats(1)["predictive_analysis"]["totals"]["total_pending_items"]
        ((loads, counted),) = warehouse.sql(
            "select (select count(*) from loads), (select count(distinct load_number) from pipeline_items)"
        ).fetchall()
        assert warehouse.manifest["tables"]["runs"]["rows"] == runs
        assert loads == counted, "each load that was published keeps its counts"
        return warehouse.version, {"runs": runs, "credits": credits, "stages": stages, "pending": pending}


def whole(count: int) -> dict[str, Any]:
    return {"runs": count, "credits": count * count, "stages": 7 * count, "pending": count}


def assert_swept(root: Path) -> None:
    with loading(root) as this:
        this.sweep()
    assert {path.name for path in (root / "versions").iterdir()} == {v.id for v in lake.list_versions(root)}
    assert {path.name for path in root.iterdir()} == {"versions", "current", "load.lock"}


@pytest.mark.parametrize("count", [17, 11], ids=["other runs", "the same runs"])
@pytest.mark.parametrize(
    "every",
    [40, pytest.param(3, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.soak)],
    ids=["some", "more", "every"],
)
def test_killed_at_every_step(
    loads: Loads, sources: dict[int, Path], loaded: Path, tmp_path: Path, every: int, count: int
) -> None:
    """At `every` so many of its steps, and at those around the one that publishes.

    The few of other runs are of loads that build everything anew, which takes half of what renewing all of it does.
    """
    is_full = every == 40 and count == 17
    old, fingerprint = seen(loaded)
    assert fingerprint == whole(11)

    shutil.copytree(loaded, tmp_path / "clean")
    status, steps = loads.run(sources[count], tmp_path / "clean", is_full=is_full)
    assert status == 0
    assert seen(tmp_path / "clean")[0] != old
    assert seen(tmp_path / "clean")[1] == whole(count)
    assert len(steps) > 30, "the harness sees the steps"
    assert steps.count(PUBLISHED) == 1
    published = steps.index(PUBLISHED)
    for number in sorted({*range(0, len(steps), every), published - 1, published, published + 1}):
        root = tmp_path / f"step-{number}"
        shutil.copytree(loaded, root)
        status, begun = loads.run(sources[count], root, step=number, is_full=is_full)
        assert (status, len(begun)) == (-9, number + 1)
        version, fingerprint = seen(root)
        is_new = (
            PUBLISHED in begun[:-1]
        )  # a load also clears what the one killed before it spilled: its own steps tell
        expected = (is_new, whole(count if is_new else 11))
        assert (version != old, fingerprint) == expected, f"killed at {begun[-1]}"
        assert_swept(root)
        shutil.rmtree(root)


def kill_at_random(loads: Loads, sources: dict[int, Path], root: Path, times: int) -> int:
    """Kill that many loads at random moments; returns how many of them had published."""
    assert loads.run(sources[11], root)[0] == 0
    started = time.monotonic()
    assert loads.run(sources[17], root)[0] == 0
    duration = time.monotonic() - started
    chance = random.Random(times)
    version, fingerprint = seen(root)
    published = 0
    for number in range(times):
        count = (11, 17)[number % 2]
        loads.run(sources[count], root, seconds=chance.uniform(0, 1.2 * duration))
        now = seen(root)
        assert now == (version, fingerprint) or (now[0] > version and now[1] == whole(count))
        published += now[0] > version
        version, fingerprint = now
    assert_swept(root)
    assert loads.run(sources[17], root)[0] == 0
    assert seen(root)[1] == whole(17)
    assert len(lake.list_versions(root)) == 2
    return published


@pytest.mark.slow
def test_killed_at_random(loads: Loads, sources: dict[int, Path], tmp_path: Path) -> None:
    assert kill_at_random(loads, sources, tmp_path / "data", 25) < 25


@pytest.mark.soak
def test_killed_at_random_often(loads: Loads, sources: dict[int, Path], tmp_path: Path) -> None:
    assert 0 < kill_at_random(loads, sources, tmp_path / "data", 500) < 500


def test_killed_before_the_first_version(loads: Loads, sources: dict[int, Path], tmp_path: Path) -> None:
    root = tmp_path / "data"
    for step in (0, "build warehouse", PUBLISHED):
        status, begun = loads.run(sources[11], root, step=step)
        assert (status, step in (0, begun[-1])) == (-9, True)
        assert lake.current_version(root) is None
    assert loads.run(sources[11], root)[0] == 0
    assert seen(root)[1] == whole(11)
    assert_swept(root)
