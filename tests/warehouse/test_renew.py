"""What a change can change of each view: its SQL over a part of the tables makes that part of its rows."""

import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.resources import MACHINE
from igny8_analysis.warehouse import build
from igny8_analysis.warehouse.build import View, load_views
from igny8_analysis.warehouse.renew import ROWS_OF_KEYS, Renewal

RENEWED = {
    "site": "select site_id from warehouse.main.sites where site_id % 7 in (0, 3)",
    "account": "select account_id from warehouse.main.accounts where account_id % 3 = 1",
    "week": "select scope, owner_id, week from warehouse.main.spend_origins where owner_id % 3 = 1 or is_live",
    "origin": "select site_id, id from warehouse.main.forecast_origins where id % 11 < 3 or is_live",
    "weeks": "select max(week) - 9 as week from warehouse.main.spend_weeks",
    "known_week": "select scope, owner_id, max(week) - 9 - owner_id % 3 * 20 as known_week "
    "from warehouse.main.spend_origins where owner_id % 3 <> 2 group by scope, owner_id",
    "day": "select quantile_disc(known_on, 0.8) as known_on from warehouse.main.forecast_days",
}
IN_PART = [(view, view.scope) for view in load_views() if view.scope in RENEWED]
IN_PART += [(view, "weeks") for view in load_views() if view.is_by_weeks]

MADE_IN_PARTS = [view for view in load_views() if view.parts_by and view.scope in ROWS_OF_KEYS]


@pytest.fixture(scope="module")
def renewal(demo_warehouse: Path) -> Iterator[Renewal]:
    """The demo, compared with itself, and some sites, origins and days to be renewed."""
    database = lake.find_version(demo_warehouse).database
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'UTC'; attach '{database}' as previous (read_only)")
        connection.execute("attach ':memory:' as warehouse; create schema warehouse.lake")
        for name in [*(f"lake.{table}" for table in LAKE_TABLES), *(view.name for view in load_views())]:
            placed = name if "." in name else f"main.{name}"
            connection.execute(f"create view warehouse.{placed} as from previous.{placed}")
        connection.execute("use warehouse")
        this = Renewal(connection, {}, MACHINE)
        for scope, keys in RENEWED.items():
            connection.execute(f"create or replace table of_{scope}.renewed as {keys}")
        yield this


@pytest.mark.parametrize(("view", "part"), IN_PART, ids=[f"{view.name}-{part}" for view, part in IN_PART])
def test_a_part_of_what_a_view_reads_makes_that_part_of_it(renewal: Renewal, view: View, part: str) -> None:
    renewal.compute(view, part)
    differs = renewal.compare(view.name, "differs.now", renewal.cut_to(part, view.name))
    assert not differs, renewal.connection.execute(
        f"select count(*), min(d) from differs.{view.name} as d"
    ).fetchall()


@pytest.mark.parametrize("view", MADE_IN_PARTS, ids=[view.name for view in MADE_IN_PARTS])
def test_many_of_a_view_that_is_made_in_parts_are_too(
    renewal: Renewal, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "ROWS_A_PART", 100)
    before = renewal.connection.execute(f"select count(*) from of_{view.scope}.renewed").fetchall()
    renewal.compute(view, view.scope)
    assert renewal.connection.execute(f"select count(*) from of_{view.scope}.renewed").fetchall() == before
    last = "select count(*) from differs.renewed"
    assert renewal.connection.execute(last).fetchall() == before, "it was not made in parts"
    assert not renewal.compare(view.name, "differs.now", renewal.cut_to(view.scope, view.name))
    renewal.connection.execute("drop table differs.renewed")


def test_every_view_is_renewed_in_a_known_way() -> None:
    assert {view.scope for view in load_views()} == {*RENEWED, "whole"} - {"weeks"}


@pytest.mark.parametrize(
    ("scope", "felt"),
    [("origin", [(1, 11), (2, 20)]), ("site", [(1,), (2,)])],
)
def test_what_all_sites_teach_is_felt_from_its_first_day_on(scope: str, felt: list[tuple[int, ...]]) -> None:
    """A price's noise that differs on March 5: an origin that looks up that day differs, one of the day before not."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        connection.execute(
            """
            create table price_noise as select date '2026-03-05' as completed_on;
            create table forecast_origins as
            from (values (1, 10, date '2026-03-04'), (1, 11, date '2026-03-05'), (2, 20, date '2026-03-06'))
            as t(site_id, id, known_on);
            create table completions as
            from (values (1, timestamptz '2026-03-05 00:00:00+00'), (2, timestamptz '2026-03-09 00:00:00+00'),
            (3, timestamptz '2026-03-04 23:59:59+00')) as t(site_id, completed_at);
            """
        )
        this = Renewal(connection, {}, MACHINE)
        connection.execute("create table differs.price_noise as from price_noise")
        keys = this._felt(scope, "price_noise")
        assert connection.execute(f"from ({keys}) order by all").fetchall() == felt


def test_an_error_of_spend_is_felt_from_the_week_on_that_knew_it() -> None:
    """Of two that differ, known in weeks 100 and 101: the owner's weeks before, and other owners, ask for neither."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        connection.execute(
            """
            create table spend_record as from (values ('site', 1, 100), ('site', 1, 101), ('account', 1, 99))
            as t(scope, owner_id, known_week);
            create table spend_origins as
            from (values ('site', 1, 99), ('site', 1, 100), ('site', 1, 101), ('site', 2, 101), ('account', 1, 101))
            as t(scope, owner_id, week);
            """
        )
        this = Renewal(connection, {}, MACHINE)
        connection.execute("create table differs.spend_record as from spend_record where scope = 'site'")
        keys = this._felt("week", "spend_record")
        assert connection.execute(f"from ({keys}) order by all").fetchall() == [
            ("site", 1, 100),
            ("site", 1, 101),
        ]


def test_last_digits_on_two_sides_of_an_edge_of_rounding_are_no_difference() -> None:
    edge = 1 + 2.0**-39  # halfway between two doubles of eleven digits
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as previous; attach ':memory:' as warehouse; use warehouse")
        for database, credits in (
            ("previous", math.nextafter(edge, 0)),
            ("warehouse", math.nextafter(edge, 2)),
        ):
            connection.execute(
                f"create table {database}.main.own_errors as from (values (1, ?), (2, 7.5e0)) as t(site_id, x)",
                [credits],
            )
        this = Renewal(connection, {}, MACHINE)
        assert not this.compare("own_errors")
        connection.execute("update own_errors set x = 7.5000000001e0 where site_id = 2")
        assert this.compare("own_errors")
        assert connection.execute("from differs.own_errors").fetchall() == [(2,)]


@pytest.mark.parametrize("name", ["stage_state", "run_stages"], ids=["sorted", "as it stands"])
def test_rows_that_are_gone_do_not_stay_in_the_file_for_ever(tmp_path: Path, name: str) -> None:
    (view,) = (view for view in load_views() if view.name == name)
    assert bool(view.order) == (name == "stage_state")
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{tmp_path}/new.duckdb' as warehouse; set max_vacuum_tasks = 0; use warehouse"
        )
        columns = ", ".join(f"i as {column}" for column in view.columns)
        connection.execute(
            f"create table {name} as select {columns} from range(1000) as t(i); checkpoint warehouse"
        )
        renewal = Renewal(connection, {}, MACHINE)
        for gone, left, noted in ((150, 1000, 150), (180, 820, 0)):
            connection.execute(f"delete from {name} where site_id < {gone}")
            renewal._append(view, gone - renewal.appended.get(name, 0))
            connection.execute("checkpoint warehouse")
            stored = f"select sum(count) from pragma_storage_info('{name}') where column_path = '[0]'"
            assert connection.execute(stored).fetchall() == [(left,)]
            assert renewal.appended[name] == noted
        assert connection.execute(f"select count(*), min(site_id) from {name}").fetchall() == [(820, 180)]
