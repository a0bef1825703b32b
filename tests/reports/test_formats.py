"""How values are written for people: what lies on an edge."""

import pytest

from igny8_analysis.reports.formats import duration, likely_range, number, percent
from igny8_analysis.reports.words import why_it_differs


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [(0.5, 0, "1"), (2.5, 0, "3"), (-2.5, 0, "−3"), (0.125, 2, "0.13"), (8918915.075, 2, "8,918,915.08")],
)
def test_halves_go_away_from_zero(value: float, places: int, expected: str) -> None:
    assert number(value, places) == expected


def test_durations_and_percentages_round_as_numbers_do() -> None:
    assert percent(6.25) == "6.3\N{NARROW NO-BREAK SPACE}%"
    assert duration(59.5) == "1\N{NARROW NO-BREAK SPACE}min"


def test_a_range_is_shown_up_to_ten_times_its_lower_end() -> None:
    assert likely_range(100, 1000) == "in four of five cases between 100 and 1,000"
    assert likely_range(100, 1000.1) == "between almost nothing and 1,000: too little is known yet"


def test_one_credit_is_one() -> None:
    assert why_it_differs("#1", "#2", 1, 0) == "#2 cost as much as #1: 1 credit."
    assert why_it_differs("#1", "#2", 5, 1, 1, 0) == "#2 cost 1 credit more than #1: +1 for more items."
