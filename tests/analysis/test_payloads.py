"""How payloads read the source's JSON."""

import json
from decimal import Decimal

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from igny8_analysis import Warehouse
from igny8_analysis.payloads import PERCENT, RATE, RATIO, WHOLE, WHOLE_OR_NULL, execute, read_json

NUMBERS = st.one_of(
    st.none(),
    st.floats(-1e15, 1e15),
    st.integers(-(10**12), 10**12).map(lambda whole: whole / 1000),
    st.integers(-(10**12), 10**12).map(lambda whole: Decimal(whole) / 10**6),
    st.integers(-(10**15), 10**15),
)


@settings(deadline=None)
@given(NUMBERS)
def test_a_number_is_rounded_as_its_query_says(number: float | Decimal | None) -> None:
    fields = (WHOLE, PERCENT, RATE, RATIO, WHOLE_OR_NULL)
    asked = ", ".join(f"{field.sql('x')}, {field.fetched('x')}" for field in fields)
    (answer,) = execute(duckdb.default_connection(), f"select {asked} from (select ? as x)", [number])
    for field, by_sql, fetched in zip(fields, answer[::2], answer[1::2], strict=True):
        assert repr(field.value(fetched)) == repr(int(by_sql) if isinstance(by_sql, Decimal) else by_sql)


def test_json_that_python_cannot_hold_stays_a_text() -> None:
    tower = '{"x": "]]", "y": ' + "[" * 5000 + "]" * 5000 + "}"
    assert read_json(tower) == tower
    assert read_json('{"a": 1e400, "b": 123456789012345678901234567890, "c": 0.5}') == {
        "a": "1e400",
        "b": 123456789012345678901234567890,
        "c": 0.5,
    }


def test_json_is_read_up_to_a_depth_that_can_be_written_again() -> None:
    wall = '["' + "[" * 5000 + '"]'
    assert read_json(wall) == ["[" * 5000]
    assert json.dumps(read_json("[" * 100 + "]" * 100), indent=2).count("[") == 100


def test_what_is_no_json_number_is_null() -> None:
    assert read_json('{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


def test_a_forecast_is_the_rows_of_its_views(demo: Warehouse) -> None:
    for (site_id,) in demo.sql("select site_id from sites").fetchall():
        payload = demo.forecast(site_id)
        for kind, order in (("totals", "is_champion desc, method"), ("stages", "method, stage_number")):
            view = f"forecast_{kind}"
            rows = demo.rows(f"select * from {view} where site_id = {site_id} order by {order}")
            assert payload[kind] == rows
            assert demo.forecast(site_id, "flow")[kind] == [row for row in rows if row["method"] == "flow"]
