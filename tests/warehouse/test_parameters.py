"""A threshold stands in one place: with another value there, each view that reads it says something else."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from typing import cast

import pytest
import sqlglot
from sqlglot import exp

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.load import load
from igny8_analysis.warehouse.build import load_views
from tests import spend_worlds, worlds

VIEWS = {view.name: view for view in load_views()}
TABLES = ("parameters", "forecast_parameters", "spend_parameters", "alert_parameters")
PARAMETERS = [(table, name) for table in TABLES for name in VIEWS[table].columns]
READ_BY_REPORTS = {"good_success_pct", "fair_success_pct"}
LENGTHS_OF_WINDOWS = {"output_runs", "limit_runs", "change_peak_days", "break_runs", "spend_month_weeks"}
"""What a window's SQL has to spell: `test_trailing_windows_are_as_long_as_parameters_say` holds these."""
OTHERWISE = ("{} * 2", "{} / 2", "{} * 100", "{} / 100")
ANOTHER_DAY = ("{} + interval 90 day", "{} - interval 90 day")


@pytest.fixture(scope="module")
def warehouses(demo: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Warehouse]]:
    """The demo, a world whose prices change for all, and one of spend in every rhythm."""
    folder = tmp_path_factory.mktemp("parameters")
    made = {
        "prices": worlds.world("prices", days=90),
        "spend": spend_worlds.world("mixed", "steady", sites=20, days=150),
    }
    with ExitStack() as stack:
        found = [demo]
        for name, world in made.items():
            source = world.write(folder / f"{name}.sqlite")
            load(f"sqlite:///{source}", folder / name, as_of=world.as_of)
            found.append(stack.enter_context(igny8_analysis.connect(folder / name)))
        yield found


def readers(table: str, name: str) -> list[str]:
    """The views that read the parameter."""
    return [
        view.name for view in VIEWS.values() if table in view.references and name in columns_read(view.name)
    ]


@cache
def columns_read(view: str) -> frozenset[str]:
    parsed = cast(exp.Expression, sqlglot.parse_one(VIEWS[view].sql, dialect="duckdb"))
    return frozenset(column.name for column in parsed.find_all(exp.Column))


@cache
def said(warehouse: Warehouse, view: str, instead: str = "") -> object:
    """What a view's rows add up to, to seven digits, where a relation is another one `instead`."""
    columns = warehouse.sql(f"describe {view}").fetchall()
    values = ", ".join(f'"{c}"::float' if type_ == "DOUBLE" else f'"{c}"' for c, type_, *_ in columns)
    return warehouse.sql(
        f"with {instead} now as (from ({VIEWS[view].sql}\n)) select count(*), sum(hash({values})::hugeint) from now"
    ).fetchall()


@pytest.mark.parametrize(("table", "name"), PARAMETERS, ids=[name for _, name in PARAMETERS])
def test_another_value_is_heard_by_every_view_that_reads_it(
    table: str, name: str, warehouses: list[Warehouse]
) -> None:
    found = readers(table, name)
    assert found or name in READ_BY_REPORTS | LENGTHS_OF_WINDOWS, "nothing reads it"
    ((type_,),) = (
        warehouses[0]
        .sql(f"select column_type from (describe {table}) where column_name = '{name}'")
        .fetchall()
    )
    others = ANOTHER_DAY if type_ in ("DATE", "TIMESTAMP WITH TIME ZONE") else OTHERWISE
    for view in found:
        assert any(
            said(
                warehouse,
                view,
                f"{table} as (select * replace (cast({other.format(name)} as {type_}) as {name}) from main.{table}),",
            )
            != said(warehouse, view)
            for other in others
            for warehouse in (reversed(warehouses) if table == "spend_parameters" else warehouses)
        ), f"{view} says the same whatever {name} is"
