"""Two runs side by side: numbers computed by hand, and the identities that hold for any pair."""

import itertools
import json
from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis import RunNotFound, Warehouse
from igny8_analysis.load import load
from tests.cases import make_source, run, site
from tests.command import igny8


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site 1 with runs 1 and 2, site 2 with run 3."""
    folder = tmp_path_factory.mktemp("pair")
    runs = [
        run(1, "2026-02-01T08:00:00Z", 60, stages={1: (10, 2, 5), 4: (4, 4, 60), 6: (8, 8, 40)}, credits=107),
        run(2, "2026-02-02T08:00:00Z", 90, stages={1: (20, 3, 12), 4: (4, 4, 72)}, credits=84),
        run(3, "2026-02-02T08:00:00Z", site_id=2),
    ]
    source = make_source(folder / "source.sqlite", [site(1, "one.example"), site(2, "two.example")], runs)
    load(f"sqlite:///{source}", folder / "data")
    return folder / "data"


def test_the_difference_is_split_into_volume_and_rate(pair: Path) -> None:
    with igny8_analysis.connect(pair) as warehouse:
        payload = warehouse.compare_runs("one.example", "run_1", "run_2")
    stages = {
        stage["stage_number"]: (stage["credits_difference"], stage["volume_credits"], stage["rate_credits"])
        for stage in payload["stages"]
    }
    # Stage 1: 10 more keywords at A's 0.5 are 5; 20 keywords, each 0.6 - 0.5 = 0.1 dearer, are 2; 12 - 5 = 7.
    assert stages[1] == (7, 5, 2)
    # Stage 4: the same 4 tasks, each 18 - 15 = 3 dearer.
    assert stages[4] == (12, 0, 12)
    # Stage 6 did not run in B and has no rate there: all of it is volume.
    assert stages[6] == (-40, -40, 0)
    # Run 1 was charged 107, its stages account for 105; run 2 for all of its 84.
    assert stages[None] == (-2, None, None)
    assert payload["totals"] == {
        "credits_difference": -23, "volume_credits": -35, "rate_credits": 14, "duration_difference_seconds": None,
    }  # fmt: skip
    assert (payload["run_a"]["duration_seconds"], payload["run_b"]["duration_seconds"]) == (3600, 5400)
    assert (payload["run_a"]["run_title"], payload["run_b"]["run_title"]) == (
        "one.example #1",
        "one.example #2",
    )


def test_volume_and_rate_add_up_for_any_pair_of_the_demo(demo: Warehouse) -> None:
    runs = demo.sql(
        "select run_id from runs where site_id = 101 order by started_at desc limit 12"
    ).fetchall()
    for (run_a,), (run_b,) in itertools.pairwise(runs):
        payload = demo.compare_runs(101, run_a, run_b)
        for stage in payload["stages"][:7]:
            parts = stage["volume_credits"] + stage["rate_credits"]
            assert parts == pytest.approx(stage["credits_difference"], abs=0.011), stage["stage_name"]
        rest = payload["stages"][7]["credits_difference"]
        parts = payload["totals"]["volume_credits"] + payload["totals"]["rate_credits"] + rest
        assert parts == pytest.approx(payload["totals"]["credits_difference"], abs=0.04)
        of_runs = payload["run_b"]["total_credits_used"] - payload["run_a"]["total_credits_used"]
        assert payload["totals"]["credits_difference"] == pytest.approx(of_runs, abs=1)


def test_a_run_beside_itself_differs_in_nothing(pair: Path) -> None:
    with igny8_analysis.connect(pair) as warehouse:
        payload = warehouse.compare_runs(1, "run_1", "run_1")
    assert payload["run_a"] == payload["run_b"]
    assert {stage["credits_difference"] for stage in payload["stages"]} == {0}


def test_a_run_of_another_site_is_not_found(pair: Path) -> None:
    with igny8_analysis.connect(pair) as warehouse:
        with pytest.raises(RunNotFound, match="'run_3'") as of_another:
            warehouse.compare_runs(1, "run_1", "run_3")
        with pytest.raises(RunNotFound) as of_none:
            warehouse.compare_runs(1, "run_1", "run_9")
    assert str(of_another.value).replace("run_3", "run_9") == str(of_none.value)


def test_the_command_prints_every_format(pair: Path) -> None:
    command = ["compare", "1", "run_1", "run_2", "--warehouse", str(pair)]
    table = igny8(*command)
    assert "No stage" in table.stdout
    payload = json.loads(igny8(*command, "--format", "json").stdout)
    assert payload["stages"][0]["volume_credits"] == 5
    head, *lines = igny8(*command, "--format", "csv").stdout.splitlines()
    assert head.startswith('"stage_number","stage_name",')
    assert len(lines) == 8
    assert igny8("compare", "1", "run_1", "nope", "--warehouse", str(pair)).returncode == 3
