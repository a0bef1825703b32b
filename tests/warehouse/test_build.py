"""An unchanged source loaded again: what did not change is copied from the version before, and nothing else is."""

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from etl import lake
from etl.demo import AS_OF
from igny8_analysis.load import load
from igny8_analysis.rebuild import rebuild
from tests.warehouse.test_spark import differences
from warehouse.build import build


@pytest.fixture
def previous(demo_warehouse: Path, tmp_path: Path) -> Path:
    """The demo's file, whose `stage_state` was emptied: what is copied from it can be told apart."""
    file = tmp_path / "previous.duckdb"
    shutil.copyfile(lake.find_version(demo_warehouse).database, file)
    change(file, "delete from stage_state")
    return file


def change(file: Path, statement: str) -> None:
    with duckdb.connect(file) as connection:
        connection.execute(statement)


def stage_states(file: Path) -> int:
    with duckdb.connect(file, read_only=True) as connection:
        ((rows,),) = connection.execute("select count(*) from stage_state").fetchall()
    return int(rows)


def test_a_table_is_copied_where_what_it_reads_is_the_same(
    demo_warehouse: Path, previous: Path, tmp_path: Path
) -> None:
    build(lake.find_version(demo_warehouse).lake, tmp_path / "new.duckdb", previous)
    assert stage_states(tmp_path / "new.duckdb") == 0


def test_nothing_is_copied_where_a_value_of_a_run_differs(
    demo_warehouse: Path, previous: Path, tmp_path: Path
) -> None:
    change(
        previous,
        "update lake.run_stages set credits_used = credits_used + 1 where id = 1 and stage_number = 1",
    )
    build(lake.find_version(demo_warehouse).lake, tmp_path / "new.duckdb", previous)
    assert stage_states(tmp_path / "new.duckdb") > 0


def test_a_damaged_previous_file_stands_in_no_loads_way(demo_source: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{demo_source}"
    load(url, tmp_path, AS_OF)
    damaged = lake.find_version(tmp_path).database
    damaged.write_bytes(damaged.read_bytes()[:4096] + b"damaged" * 1000)
    load(url, tmp_path, AS_OF)
    assert stage_states(lake.find_version(tmp_path).database) > 0


def test_loaded_again_it_is_what_building_anew_makes(demo_source: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{demo_source}"
    load(url, tmp_path, AS_OF)
    load(url, tmp_path, AS_OF + timedelta(days=3))
    rebuild(str(lake.find_version(tmp_path).lake), tmp_path / "anew")
    assert differences(tmp_path, tmp_path / "anew") == {}
