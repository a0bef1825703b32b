"""Each check of `warehouse/checks/` stops a load whose views lost or bent something."""

import shutil
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.warehouse.build import check, load_checks, load_views

BROKEN = {
    "every_site_has_every_stage": "delete from prediction_stages where stage_number = 4",
    "lake_rows_reach_the_views": "delete from runs where id = (select min(id) from runs)",
    "statuses_add_up": "update run_statistics set failed_runs = failed_runs + 1",
}


@pytest.mark.parametrize("name", [found.name for found in load_checks()])
def test_each_check_finds_what_it_is_for(name: str, demo_warehouse: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(lake.find_version(demo_warehouse).database, tmp_path))
    check(database)
    with duckdb.connect(database) as connection:
        connection.execute(BROKEN[name])
    with pytest.raises(LoadError, match=f"check {name} "):
        check(database)


def test_a_status_that_is_known_and_not_counted_stops_a_load(demo_warehouse: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(lake.find_version(demo_warehouse).database, tmp_path))
    (counted,) = (view for view in load_views() if view.name == "run_statistics")
    with duckdb.connect(database) as connection:
        connection.execute("update runs set is_ended = true where not is_open and not is_ended")
        connection.execute(f"create or replace table run_statistics as {counted.sql}")
    with pytest.raises(LoadError, match="check statuses_add_up "):
        check(database)
