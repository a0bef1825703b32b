"""A warehouse that 0.1.0 wrote: what reads as it is, what says how to renew it, what the next load carries on."""

import tarfile
from pathlib import Path

import pytest

from igny8_analysis import WarehouseNotFound, connect
from igny8_analysis.load import load
from tests.cases import AS_OF, make_source, run, site
from tests.command import igny8

OLD = Path(__file__).parent.parent / "data" / "warehouse-0.1.0.tar.gz"
VERSION = "20260210T120000Z-0001"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(OLD) as packed:
        packed.extractall(tmp_path / "data", filter="data")
    return tmp_path / "data"


def test_the_views_of_an_old_version_read_as_they_are(old: Path) -> None:
    with connect(old) as warehouse:
        assert warehouse.sql("select total_runs from run_statistics").fetchall() == [(5,)]
        assert warehouse.sql("select total_credits_used from runs where run_id = 'run_5'").fetchall() == [
            (124,)
        ]


def test_payloads_of_an_old_version_say_how_to_renew_it(old: Path) -> None:
    with connect(old) as warehouse:
        for ask in (
            lambda: warehouse.resolve_site("a.example"),
            lambda: warehouse.overview_stats(1),
            lambda: warehouse.history(1),
            lambda: warehouse.run_detail(1, "run_5"),
        ):
            with pytest.raises(WarehouseNotFound, match="load again: igny8 etl"):
                ask()


def test_what_an_old_version_lacks_says_how_to_renew_it(old: Path) -> None:
    with (
        connect(old) as warehouse,
        pytest.raises(WarehouseNotFound, match=r"has no alerts\); load again: igny8 etl"),
    ):
        warehouse.sql("select * from alerts").fetchall()
    for command in (["alerts"], ["account", "1"], ["settings", "1"], ["report", "overview", "1"]):
        done = igny8(*command, "--warehouse", str(old))
        assert (done.returncode, done.stdout) == (4, ""), command
        assert "load again: igny8 etl" in done.stderr


def test_the_next_load_carries_the_history_on(old: Path, tmp_path: Path) -> None:
    source = make_source(tmp_path / "source.sqlite", [site(1, "a.example")], [run(1, "2026-02-01T00:00:00Z")])
    load(f"sqlite:///{source}", old, AS_OF)
    with connect(old) as warehouse:
        counts = warehouse.sql("select load_number, sum(items) from pipeline_items group by all order by 1")
        assert counts.fetchall() == [(1, 4)]  # four tasks waited then; nothing does now
        assert warehouse.sql("select load_number, runs from loads order by 1").fetchall() == [(1, 5), (2, 1)]
    with connect(old, version=VERSION) as before:
        assert before.sql("select total_runs from run_statistics").fetchall() == [(5,)]
