"""Runs that a switch or a limit stopped: results that say so, and words that do not."""

from igny8_analysis.etl.demo.values import as_json
from igny8_analysis.etl.demo.written import STANDARD, Cases, result


def add_stopped(cases: Cases) -> None:
    """Add the runs, one a day."""
    off = as_json({"skipped": True, "reason": f"{cases.canary}: stage is disabled", "credits_used": 0})
    cases.add("stage_switched_off", {6: off}, credits=250)
    limit = as_json(f"{cases.canary}: credit limit of 200 reached")
    cases.add(
        "stopped_by_the_credit_limit",
        {4: result(4, "10", "8", "125", f', "partial": true, "reason": {limit}'), 5: off, 6: off, 7: off},
        credits=205,
    )
    cases.add("skipped_as_number_one", {6: '{"skipped": 1.0, "partial": 1e0}'}, credits=250)
    cases.add(
        "skipped_as_text",
        {6: '{"skipped": "True", "partial": "TRUE", "reason": " two  spaces "}'},
        credits=250,
    )
    cases.add(
        "skipped_as_nothing_that_counts",
        {
            1: result(1, "50", "4", "20", ', "skipped": 2, "partial": "1"'),
            2: result(2, "4", "32", "60", ', "skipped": " true", "partial": "yes", "reason": ""'),
            3: result(3, "32", "32", "0", ', "skipped": [true], "partial": {"a": 1}, "reason": " \\t\\n"'),
            4: result(4, "10", "10", "150", ', "skipped": null, "partial": false, "reason": 5'),
            5: result(5, "10", "30", "20", ', "skipped": 0, "partial": -1, "reason": {"why": "so"}'),
            6: STANDARD[6],
        },
    )
    cases.add("trigger_test", trigger="test")
