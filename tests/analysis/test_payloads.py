"""How payloads read the source's JSON."""

import json

from igny8_analysis.payloads import read_json


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
