"""All runs that are written by hand, and their names."""

from collections.abc import Mapping

from igny8_analysis.etl.demo.cast import ACCOUNT_OF, DemoSite
from igny8_analysis.etl.demo.hostile import add_hostile_texts
from igny8_analysis.etl.demo.odd_times import add_odd_times
from igny8_analysis.etl.demo.odd_values import add_odd_values
from igny8_analysis.etl.demo.stopped import add_stopped
from igny8_analysis.etl.demo.values import Row, Schema
from igny8_analysis.etl.demo.written import Cases

FIRST_CASE_ID = 9001
SCHEMAS: tuple[Schema, ...] = ("documented", "numeric", "loose")


def _written() -> list[tuple[str, Schema, Row]]:
    written: list[tuple[str, Schema, Row]] = []
    for site, first, add in (
        (DemoSite.ODD_VALUES, "2025-12-16T09:00:00", add_odd_values),
        (DemoSite.ODD_TIMES, "2026-02-20T08:00:00", add_odd_times),
        (DemoSite.HOSTILE, "2026-01-03T13:00:00", add_hostile_texts),
        (DemoSite.SWITCHED_OFF, "2026-02-15T09:00:00", add_stopped),
    ):
        cases = Cases(ACCOUNT_OF[site], site, first)
        add(cases)
        written += cases.runs
    for number, (_, _, row) in enumerate(written):
        row["id"] = FIRST_CASE_ID + number
    return written


CASES: Mapping[str, int] = {name: FIRST_CASE_ID + number for number, (name, _, _) in enumerate(_written())}
"""Name of a case → source id of its run."""


def case_runs(schema: Schema) -> list[Row]:
    """Give the hand-written runs that tables of such a `schema` can hold."""
    held = SCHEMAS[: SCHEMAS.index(schema) + 1]
    return [row for _, needed, row in _written() if needed in held]
