"""What a changed run can change (docs/scale.md): nothing of another site, no forecast before it was known."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.demo import AS_OF
from igny8_analysis.warehouse.build import load_views
from tests.lakes import views_of

SITE, RUN = 103, 906
OF_ONE_SITE = [
    view.name
    for view in load_views()
    if view.layer in ("staging", "core", "statistics") and not view.name.startswith("account")
]
OF_FORECASTS = ["forecast_origins", "forecast_inputs", "forecast_points", "forecasts"]
WRITTEN = (
    f"update igny8_automation_runs set total_credits_used = 4321, stage_4_result = null where id = {RUN}"
)
GONE = f"delete from igny8_automation_runs where id = {RUN}"


@pytest.fixture(scope="module", params=[WRITTEN, GONE], ids=["written", "gone"])
def before_and_after(
    request: pytest.FixtureRequest,
    demo_source: Path,
    demo_warehouse: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo `before`, and in `memory` with one run of a site changed that ended on the last day but one."""
    folder = tmp_path_factory.mktemp("changed")
    source = shutil.copy(demo_source, folder / "changed.sqlite")
    with closing(sqlite3.connect(source)) as connection, connection:
        assert connection.execute(request.param).rowcount == 1
    with views_of(Path(source), *OF_ONE_SITE, *OF_FORECASTS, as_of=AS_OF) as both:
        both.execute(f"attach '{lake.find_version(demo_warehouse).database}' as before (read_only)")
        yield both


def differing(both: duckdb.DuckDBPyConnection, view: str, which: str) -> int:
    """How many of the rows that fulfil the condition are in one of the two alone."""
    sides = [f"select * from {side}.{view} where {which}" for side in ("before.main", "memory.main")]
    query = f"select count(*) from (({sides[0]} except all {sides[1]}) union all ({sides[1]} except all {sides[0]}))"
    ((rows,),) = both.execute(query).fetchall()
    return int(rows)


@pytest.mark.parametrize("view", OF_ONE_SITE)
def test_the_rows_of_other_sites_stay(before_and_after: duckdb.DuckDBPyConnection, view: str) -> None:
    columns = [name for name, *_ in before_and_after.execute(f"describe before.{view}").fetchall()]
    if "site_id" in columns:
        assert differing(before_and_after, view, f"site_id <> {SITE}") == 0


def test_the_rows_of_the_site_do_not(before_and_after: duckdb.DuckDBPyConnection) -> None:
    for view in ("runs", "run_stages", "run_statistics"):
        assert differing(before_and_after, view, f"site_id = {SITE}") > 0


@pytest.mark.parametrize("view", OF_FORECASTS)
def test_no_forecast_moves_before_the_midnight_that_could_know(
    before_and_after: duckdb.DuckDBPyConnection, view: str
) -> None:
    """To 9 digits: sums of doubles over several sites may end in others."""
    midnight = "(select date_trunc('day', completed_at) + interval 1 day from before.runs where id = 906)"
    described = before_and_after.execute(f"describe before.{view}").fetchall()
    digits = (
        'case when abs("{0}") > 1e-300 then round("{0}", 9 - cast(floor(log10(abs("{0}"))) as integer)) end'
    )
    columns = ", ".join(
        f'round("{name}", 9)'  # a difference of two logs: few digits of its own where they are near
        if name.startswith("log_")
        else digits.format(name)
        if type_ == "DOUBLE"
        else f'"{name}"'
        for name, type_, *_ in described
        if "[" not in type_
    )
    origins = "select site_id, id from before.forecast_origins where not is_live and origin_at < " + midnight
    which = f"site_id <> {SITE} and not is_live and (site_id, id) in ({origins})"
    sides = [f"select {columns} from {side}.{view} where {which}" for side in ("before.main", "memory.main")]
    found = before_and_after.execute(f"({sides[0]}) except all ({sides[1]})").fetchall()
    assert found == []
    ((rows,),) = before_and_after.execute(f"select count(*) from ({sides[0]})").fetchall()
    assert rows > 0
