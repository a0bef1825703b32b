"""How values are written for people: what lies on an edge."""

import pytest

from igny8_analysis import Warehouse
from igny8_analysis.reports.formats import WIDEST_RANGE, duration, likely_range, number, percent
from igny8_analysis.reports.panel import TEMPLATES
from igny8_analysis.reports.panels.cost import AFTER
from igny8_analysis.reports.words import FINDINGS, WAYS, difference_in_words, why_it_differs


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
    assert likely_range(9.6, 10.4) == "in four of five cases 10", "as where a run's limit holds both ends"
    assert likely_range(100, 1000.1) == "between almost nothing and 1,000: too little is known yet"


def test_one_credit_is_one() -> None:
    assert why_it_differs("#1", "#2", 1, 0) == "#2 cost as much as #1: 1 credit."
    assert why_it_differs("#1", "#2", 5, 1, 1, 0) == "#2 cost 1 credit more than #1: 1 for more items."


def test_causes_of_a_difference_add_up_and_say_their_direction() -> None:
    assert (
        difference_in_words("usual", 85.6, 15.6, 61.4) == "86 credits more than usual: "
        "16 for more items, 61 for dearer ones, 9 for what no stage accounts for"
    )
    assert (  # 0.5 + 0.5 + 0.5 rounds to 3 credits, and is 2: the first takes the rest
        difference_in_words("usual", -1.5, -0.5, -0.5) == "2 credits less than usual: "
        "1 for cheaper items, 1 for what no stage accounts for"
    )
    assert (
        difference_in_words("#1", -10, 5, -15)
        == "10 credits less than #1: 5 more for more items, 15 for cheaper ones"
    )


def test_texts_that_say_a_threshold_say_the_parameters(demo: Warehouse) -> None:
    """They speak of what the views count by; with another value there, these lines are to be written anew."""
    (of,) = demo.rows("select * from parameters")
    panels = {file.stem: file.read_text(encoding="utf-8") for file in (TEMPLATES / "panels").iterdir()}
    assert of["widest_range"] == WIDEST_RANGE
    for text, told in (
        (FINDINGS["stale_run"][1], f"more than {of['stale_after_hours']} hours"),
        (WAYS["mean_of_last_10"], f"last {of['analyzed_runs']} runs"),
        (AFTER, f"last {of['credits_window_days']} days"),
        (panels["insights.html"], f"variances beyond {of['variance_threshold_pct']} %"),
        (panels["run_summary.html"], f"up to {of['analyzed_runs']} completed runs"),
        (panels["why_it_cost_this.html"], f"Fewer than {of['sufficient_runs']} completed runs"),
        (panels["what_it_will_cost.html"], f"Fewer than {of['sufficient_runs']} completed runs"),
    ):
        assert told in text


def test_a_site_without_a_row_is_told_by_all_that_may_name_it() -> None:
    assert all("runs, items, settings or charges of this site" in told for told in FINDINGS["missing_site"])
