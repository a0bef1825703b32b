"""Each check of `warehouse/checks/` stops a load whose views lost or bent something."""

import shutil
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.warehouse.build import check, load_checks, load_views

STATISTICS = next(view.sql for view in load_views() if view.name == "run_statistics")
BROKEN = {
    "every_site_has_every_stage": "create or replace view prediction_stages as select site_id from sites",
    "lake_rows_reach_the_views": "delete from runs where id = (select min(id) from runs)",
    "statuses_add_up": "create or replace view run_statistics as "
    f"select * replace (failed_runs + 1 as failed_runs) from ({STATISTICS})",
}


@pytest.mark.parametrize("name", [found.name for found in load_checks()])
def test_each_check_finds_what_it_is_for(name: str, demo_warehouse: Path, tmp_path: Path) -> None:
    database = shutil.copy(lake.find_version(demo_warehouse).database, tmp_path)
    check(database)
    with duckdb.connect(database) as connection:
        connection.execute(BROKEN[name])
    with pytest.raises(LoadError, match=f"check {name} "):
        check(database)
