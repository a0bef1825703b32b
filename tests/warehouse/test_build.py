"""An unchanged source loaded again: what did not change is kept from the version before, and nothing else is."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from igny8_analysis import explain
from igny8_analysis.etl import lake
from igny8_analysis.etl.demo import AS_OF
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.resources import MACHINE, Resources
from igny8_analysis.load import load
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse import build as module
from igny8_analysis.warehouse import renew as renewing
from igny8_analysis.warehouse.build import TEXTS, View, build, load_views
from igny8_analysis.warehouse.renew import Renewed, renew
from tests.differing import differing_views, near
from tests.worlds import START, world

LITTLE = 16
"""Megabytes with which the demo is not renewed."""


def renewed(changed: Path, database: Path, before: lake.Version, resources: Resources = MACHINE) -> Renewed:
    """The file of a version, copied and renewed."""
    shutil.copyfile(before.database, database)
    return renew(changed, database, before, {}, resources)


@pytest.fixture
def previous(demo_warehouse: Path, tmp_path: Path) -> lake.Version:
    """The demo's version, whose `stage_state` was emptied: what is kept of it can be told apart."""
    version = lake.Version(tmp_path / "previous")
    shutil.copytree(lake.find_version(demo_warehouse).path, version.path)
    with duckdb.connect(version.database) as connection:
        connection.execute("delete from stage_state")
    return version


def test_what_goes_on_joins_whole_tables_as_a_first_build_does(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it does not, one table needs more memory than a step has."""
    make, settings = module._make_table, list[str]()

    def make_and_note(connection: duckdb.DuckDBPyConnection, view: View) -> None:
        ((setting,),) = connection.execute("select current_setting('disabled_optimizers')").fetchall()
        settings.append(setting)
        make(connection, view)

    monkeypatch.setattr(module, "_make_table", make_and_note)
    before = lake.find_version(demo_warehouse)
    renewed(changed_lake(demo_warehouse, tmp_path), tmp_path / "new.duckdb", before)
    assert {*settings} == {"build_side_probe_side"}


def stage_states(file: Path) -> int:
    with duckdb.connect(file, read_only=True) as connection:
        ((rows,),) = connection.execute("select count(*) from stage_state").fetchall()
    return int(rows)


def changed_lake(demo_warehouse: Path, folder: Path, which: str = "id = 906") -> Path:
    """The demo's lake, with one credit more in each stage of some runs."""
    changed = shutil.copytree(lake.find_version(demo_warehouse).lake, folder / "lake")
    file = changed / "run_stages.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table changed as select * replace (credits_used + ({which})::int as credits_used) from '{file}'"
        )
        connection.execute(f"copy changed to '{file}'")
    return Path(changed)


def test_a_table_is_kept_where_what_it_reads_is_the_same(
    demo_warehouse: Path, previous: lake.Version, tmp_path: Path
) -> None:
    renewed(lake.find_version(demo_warehouse).lake, tmp_path / "new.duckdb", previous)
    assert stage_states(tmp_path / "new.duckdb") == 0


def test_of_a_site_whose_run_differs_all_is_built_anew(
    demo_warehouse: Path, previous: lake.Version, tmp_path: Path
) -> None:
    changed = changed_lake(demo_warehouse, tmp_path)
    appended = renewed(changed, tmp_path / "new.duckdb", previous).appended
    with duckdb.connect() as connection:
        connection.execute(f"attach '{lake.find_version(demo_warehouse).database}' as demo (read_only)")
        of_site = "(select count(*) from {}.stage_state where site_id = 103)"
        connection.execute(f"attach '{tmp_path}/new.duckdb' as new (read_only)")
        ((rows, of_demo),) = connection.execute(
            f"select {of_site.format('new')}, {of_site.format('demo')}"
        ).fetchall()
    assert stage_states(tmp_path / "new.duckdb") == rows == of_demo > 0
    assert appended["stage_state"] == 0, "they are more than a fifth of the table: it was sorted anew"


def test_where_more_waits_at_a_site_its_live_forecast_is_built_anew(
    demo_warehouse: Path, tmp_path: Path
) -> None:
    before = lake.find_version(demo_warehouse)
    changed = Path(shutil.copytree(before.lake, tmp_path / "lake"))
    file = changed / "pipeline_items.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table changed as select * replace (items + (site_id = 103)::int * 40 as items) from '{file}'"
        )
        connection.execute(f"copy changed to '{file}'")
        renewed(changed, tmp_path / "new.duckdb", before)
        build(changed, tmp_path / "anew.duckdb")
        forecasts = []
        for name, database in (
            ("before", before.database),
            *((name, tmp_path / f"{name}.duckdb") for name in ("new", "anew")),
        ):
            connection.execute(f"attach '{database}' as {name} (read_only)")
            live = (
                f"select site_id, method, round(credits, 6) from {name}.forecasts where is_live order by all"
            )
            forecasts.append(connection.execute(live).fetchall())
    assert forecasts[1] == forecasts[2] != forecasts[0]


def test_what_runs_out_of_memory_in_renewing_is_made_again_with_more(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed, before = changed_lake(demo_warehouse, tmp_path, "id > 0"), lake.find_version(demo_warehouse)
    little = Resources(threads=1, megabytes=LITTLE)
    file = tmp_path / "new.duckdb"
    with monkeypatch.context() as patched:
        patched.setattr(Resources, "doubled", lambda _: None)
        with pytest.raises(duckdb.OutOfMemoryException):
            renewed(changed, file, before, little)
    module.remove(file)
    renewed(changed, file, before, little)
    build(changed, tmp_path / "anew.duckdb")
    with duckdb.connect() as connection:
        for name in ("new", "anew"):
            connection.execute(f"attach '{tmp_path}/{name}.duckdb' as {name} (read_only)")
        for view in ("run_stages", "stage_state", "forecasts"):
            count = "select count(*), sum(hash(site_id)) from {}." + view
            rows = [connection.execute(count.format(name)).fetchall() for name in ("new", "anew")]
            assert rows[0] == rows[1], view


def test_checks_take_no_more_than_a_load_may_and_spill_elsewhere(demo_warehouse: Path) -> None:
    database = lake.find_version(demo_warehouse).database
    few = Resources(threads=1, megabytes=123)
    with module.reading(database, few) as connection:
        names = ("threads", "memory_limit", "temp_directory")
        settings = ", ".join(f"current_setting('{name}')" for name in names)
        ((threads, memory, spill),) = connection.execute(f"select {settings}").fetchall()
    assert (threads, memory) == (1, "117.3 MiB")
    assert not Path(spill).is_relative_to(demo_warehouse)
    assert module.totals(database, few) == module.totals(database)
    module.check(database, few)


@pytest.mark.slow  # the quick suite has renewing, whose steps these are too
def test_what_runs_out_of_memory_in_building_is_made_again_alone(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make_table(connection: duckdb.DuckDBPyConnection, view: View) -> None:
        made.append(view.name)
        make(connection, view)

    make = module.make_table
    monkeypatch.setattr(module, "make_table", make_table)
    rebuild(str(lake.find_version(demo_warehouse).lake), tmp_path, resources=Resources(1, LITTLE))
    again = len(made) - len(set(made))
    assert 0 < again < len(set(made)) / 4
    assert differing_views(demo_warehouse, tmp_path) == {}


@pytest.mark.parametrize("error", [TypeError, KeyError, duckdb.BinderException])
def test_a_fault_of_renewing_is_not_taken_for_damage(
    small_source: Path, own_small: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Built anew, the numbers would be right and nobody would hear of it."""
    before = lake.find_version(own_small)

    def fault(self: renewing.Renewal) -> None:
        raise error("ours")

    monkeypatch.setattr(renewing.Renewal, "renew_views", fault)
    with pytest.raises(LoadError if issubclass(error, duckdb.Error) else error, match="ours"):
        load(f"sqlite:///{small_source}", own_small, AS_OF)
    assert lake.list_versions(own_small) == [before]


@pytest.mark.parametrize("file", ["warehouse.duckdb", "lake/runs.parquet", "lake/value_findings.parquet"])
def test_a_damaged_previous_version_stands_in_no_loads_way(
    small_source: Path, own_small: Path, file: str
) -> None:
    whole = lake.find_version(own_small).manifest()["tables"]
    damaged = lake.find_version(own_small).path / file
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 255
    damaged.write_bytes(content)
    load(f"sqlite:///{small_source}", own_small, AS_OF)
    version = lake.find_version(own_small)
    for table in ("runs", "run_stages", "value_findings"):
        assert version.manifest()["tables"][table] == whole[table]
    with duckdb.connect(version.database, read_only=True) as connection:
        for view in load_views():
            if view.is_kept:
                connection.execute(f"select bit_xor(hash(t)) from {view.name} as t")


def test_loaded_again_it_is_what_building_anew_makes(
    demo_source: Path, own_demo: Path, tmp_path: Path
) -> None:
    load(f"sqlite:///{demo_source}", own_demo, AS_OF + timedelta(days=3))
    rebuild(str(lake.find_version(own_demo).lake), tmp_path / "anew")
    assert differing_views(own_demo, tmp_path / "anew") == {}


@pytest.mark.slow
def test_what_all_sites_teach_is_the_same_however_it_was_summed(tmp_path: Path) -> None:
    """Prices whose means lie where three digits are rounded: the last bit of a sum would tell which way."""
    prices = (0.4055, 15.25, 0, 15.25, 2.125, 5.125, 0)
    simulated = world("flow", 3, sites=24, accounts=6)
    for run in simulated.runs:
        run["stages"] = {n: (a, b, a * prices[n - 1]) for n, (a, b, _) in run["stages"].items()}
        run["total"] = sum(credits for _, _, credits in run["stages"].values())
    for days in (52, 61):
        now = START + timedelta(days=days)
        ended = [run for run in simulated.runs if run["completed_at"] <= now]
        source = replace(simulated, runs=ended).write(tmp_path / f"{days}.sqlite")
        load(f"sqlite:///{source}", tmp_path / "grown", now, keep=2)
    version = lake.find_version(tmp_path / "grown")
    assert version.manifest()["built"]["why_all"] is None
    with duckdb.connect(str(version.database), read_only=True) as connection:
        told = connection.execute(
            "select distinct price from platform_lessons where stage_number in (2, 4)"
        ).fetchall()
    assert set(told) - {(None,)} == {(15.3,)}
    rebuild(str(version.lake), tmp_path / "anew")
    assert differing_views(tmp_path / "grown", tmp_path / "anew") == {}


@pytest.mark.slow
def test_no_number_depends_on_the_threads(demo_warehouse: Path, tmp_path: Path) -> None:
    parquet = str(lake.find_version(demo_warehouse).lake)
    rebuild(parquet, tmp_path / "one", resources=Resources(threads=1))
    rebuild(parquet, tmp_path / "five", resources=Resources(threads=5, megabytes=300))
    assert differing_views(tmp_path / "one", tmp_path / "five") == {}
    asked = [section.view for payload in (explain.OVERVIEW, explain.RUN) for section in payload.values()]
    with duckdb.connect() as connection:
        for name in ("one", "five"):
            connection.execute(
                f"attach '{lake.find_version(tmp_path / name).database}' as {name} (read_only)"
            )
        for view in sorted({*asked, "run_state", "window_trends", "run_comparison"}):
            left, right = (f"select * from {name}.{view}" for name in ("one", "five"))
            assert connection.execute(f"({left} except {right}) limit 1").fetchall() == [], view


def test_a_table_made_in_parts_is_the_whole_one(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where memory ran out within it, and it was begun again."""
    cut, begun = module._cut_reads, list[str]()

    def cut_and_run_out_once(*given: Any) -> None:
        cut(*given)
        begun.append(given[1].name)
        if len(begun) == 1:
            raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr(module, "ROWS_A_PART", 200)
    monkeypatch.setattr(module, "_cut_reads", cut_and_run_out_once)
    rebuild(str(lake.find_version(demo_warehouse).lake), tmp_path)
    made = [view for view in load_views() if view.parts_by]
    assert begun.count(begun[0]) > 1
    assert differing_views(demo_warehouse, tmp_path, [view for view in made if view.layer != TEXTS]) == {}
    for name in ("run_payloads", "forecast_payloads"):
        assert name in {view.name for view in made}
        rows = [texts_of(root, name) for root in (demo_warehouse, tmp_path)]
        assert near(*rows), name


def texts_of(root: Path, view: str) -> list[list[Any]]:
    """The rows of a view of texts, each text that holds values as these."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{lake.find_version(root).database}' as made (read_only)")
        rows = connection.execute(f"select * from made.{view} order by all").fetchall()
    return [[json.loads(v) if str(v).startswith(("[", "{")) else v for v in row] for row in rows]


def test_rows_that_the_view_of_a_lake_table_loses_stop_the_build(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = [
        replace(view, sql=f"{view.sql} where stage_number < 7") if view.name == "run_stages" else view
        for view in load_views()
    ]
    monkeypatch.setattr(module, "load_views", lambda: views)
    with pytest.raises(LoadError, match=r"lake.run_stages holds .* rows, the view run_stages"):
        build(lake.find_version(demo_warehouse).lake, tmp_path / "new.duckdb")
