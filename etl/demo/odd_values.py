"""Runs whose values are odd: wrong shapes, wrong types, numbers at the edges, credits that do not add up."""

from igny8_analysis.etl.demo.values import STAGES, as_json
from igny8_analysis.etl.demo.written import STANDARD, Cases, result, with_error, with_time

BAD_TIMES = {
    1: '"25:61:00"',
    2: "90",
    3: '"1:2:3"',
    4: '"-1:00:00"',
    5: '"1234567:00:00"',
    6: '" 00:10:00 "',
    7: '"00:10:00.5"',
}
"""Stage → JSON text that is no `HH:MM:SS`."""


def add_odd_values(cases: Cases) -> None:
    """Add the runs, one a day."""
    _add_shapes(cases)
    _add_numbers(cases)
    _add_times_and_errors(cases)
    _add_credits(cases)
    _add_columns(cases)
    _add_looser(cases)


def _add_shapes(cases: Cases) -> None:
    """Results that are no object, or an empty one."""
    cases.add("result_is_array", {2: "[1, 2, 3]"})
    cases.add("result_is_text", {2: '"done"'})
    cases.add("result_is_number", {2: "17"})
    cases.add("result_is_boolean", {2: "true"})
    cases.add("result_is_json_null", {2: "null"})
    cases.add("result_is_empty", {2: "{}"})
    cases.add("no_results", results={}, credits=0)


def _add_numbers(cases: Cases) -> None:
    """Numbers as text, with exponents, negative, too large, and of other types."""
    cases.add(
        "text_numbers",
        {1: result(1, '"45"', '" 4.5e1 "', '"\\t12.50\\r\\n"'), 2: result(2, '".5"', '"5."', '"+7"')},
    )
    cases.add(
        "texts_that_are_no_numbers",
        {
            1: result(1, '""', '"   "', '"forty"'),
            2: result(2, '"4,5"', '"0x10"', '"NaN"'),
            3: result(3, '"1e"', '"--1"', '"Infinity"'),
            4: result(4, '"4 5"', '"1_000"', '"٤٥"'),
            5: result(5, '"\\u00a045"', '"45\\u000b"', '"."'),
        },
    )
    cases.add(
        "numbers_with_point", {1: result(1, "45.0", "4.5e1", "12.50"), 2: result(2, "1E1", "8e0", "6.0e+1")}
    )
    cases.add("negative_numbers", {1: result(1, "-5", '"-5"', "-0.5"), 4: result(4, "10", "10", "-150")})
    cases.add("booleans_for_numbers", {1: result(1, "true", "false", "true")})
    cases.add("objects_for_numbers", {1: result(1, '{"count": 45}', "[45]", "{}")})
    cases.add("nulls_for_numbers", {1: result(1, "null", "null", "null"), 2: '{"clusters_processed": 4}'})
    cases.add(
        "too_large_numbers",
        {
            1: result(1, "1000000000000", "999999999999.9999996", "1e400"),
            2: result(2, '"1e12"', '"1e400"', "1234567890123456789012345678901234567890"),
        },
    )
    cases.add("largest_number", {1: result(1, "999999999999.999999", "4", "20")})
    cases.add(
        "many_decimals",
        {1: result(1, "50.1234565", "4.00000049", "19.9999995"), 2: result(2, "1e-7", "32", "60")},
    )
    cases.add("rounding_tie", results={4: result(4, "40", "40", "107")}, credits=107)


def _add_times_and_errors(cases: Cases) -> None:
    """`time_elapsed` and `error`, right and wrong, and what they make of a stage."""
    cases.add(
        "bad_times",
        {stage: result(stage, "3", "3", "1", time=time) for stage, time in BAD_TIMES.items()},
        credits=7,
    )
    cases.add(
        "missing_times",
        {1: '{"keywords_processed": 50, "clusters_created": 4, "credits_used": 20}', 2: with_time("null")},
    )
    cases.add("empty_time", {2: with_time('""')})
    cases.add("stage_over_24_hours", {2: with_time('"30:15:00"')})
    cases.add("longest_time", {2: with_time('"999999:59:59"')})
    cases.add(
        "errors_that_are_no_text",
        {
            1: with_error(1, "5"),
            2: with_error(2, "true"),
            3: with_error(3, '{"code": 500}'),
            4: with_error(4, "[]"),
            5: with_error(5, "null"),
            6: with_error(6, "false"),
        },
        credits=0,
    )
    cases.add("blank_errors", {1: with_error(1, '""'), 2: with_error(2, '"  \\t\\n"')}, credits=320)
    cases.add(
        "failed_stage", {5: with_error(5, as_json(f"{cases.canary}: no prompts")), 6: None}, credits=230
    )
    cases.add(
        "error_beside_output",
        {4: result(4, "10", "7", "105", f', "error": "{cases.canary}: 3 of 10 timed out", "partial": true')},
        credits=355,
    )
    cases.add(
        "skipped_stages", {5: '{"skipped": true, "reason": "nothing to do"}', 6: "{}", 7: None}, credits=230
    )
    cases.add("processed_without_output", {6: result(6, "30", "0", "0")}, credits=250)
    cases.add(
        "credits_in_local_stages", {3: result(3, "32", "32", "3"), 7: result(7, "0", "", "2")}, credits=405
    )


def _add_credits(cases: Cases) -> None:
    """Keys nobody knows, and credits that do or do not add up to the run's."""
    cases.add(
        "unknown_result_keys",
        {
            1: result(
                1, "50", "4", "20", ', "tokens_used": 81234, "Reason": "x", "": 1, "<b>k</b>": {"a": [1]}'
            )
        },
    )
    cases.add("deeply_nested", {1: result(1, "50", "4", "20", f', "reason": {"[" * 90 + "]" * 90}')})
    cases.add(
        "fractional_stage_credits", {1: result(1, "50", "4", "19.75"), 2: result(2, "4", "32", '"60.25"')}
    )
    cases.add("credits_not_attributed", credits=412)
    cases.add("stages_account_for_more", credits=391)
    cases.add("not_reconciled_below_half", {2: result(2, "4", "32", "60.4")})
    cases.add("not_reconciled_by_half", {2: result(2, "4", "32", "59.5")})
    cases.add("zero_credits", {stage: result(stage, "3", "3", "0") for stage in STAGES}, credits=0)
    cases.add("negative_total", credits=-40)


def _add_columns(cases: Cases) -> None:
    """Stages, statuses, messages and snapshots outside of what is usual."""
    cases.add("result_beyond_current_stage", stage=3, results=STANDARD, credits=400)
    cases.add("current_stage_0", stage=0)
    cases.add("current_stage_8", stage=8)
    cases.add(
        "failed_at_stage_0",
        stage=0,
        status="failed",
        results={},
        credits=0,
        error_message=f"{cases.canary}: never began",
    )
    cases.add("cancelled_at_stage_9", stage=9, status="cancelled")
    cases.add(
        "failed_without_message",
        status="failed",
        stage=2,
        results={1: STANDARD[1]},
        credits=20,
        error_message="",
    )
    cases.add(
        "failed_with_blank_message",
        status="failed",
        stage=2,
        results={1: STANDARD[1]},
        credits=20,
        error_message=" \n",
    )
    cases.add("snapshot_missing", snapshot=None)
    cases.add("snapshot_is_array", snapshot="[50, 4]")
    cases.add("snapshot_is_text", snapshot='"none"')
    cases.add("snapshot_is_empty", snapshot="{}")
    cases.add("snapshot_in_part", snapshot='{"stage_1_initial": 50, "stage_4_initial": 10}')
    cases.add(
        "snapshot_of_odd_values",
        snapshot='{"stage_1_initial": "50", "stage_2_initial": -4, "stage_3_initial": true,'
        ' "stage_4_initial": 10.0, "stage_5_initial": null, "stage_6_initial": {"n": 30},'
        ' "stage_7_initial": "ten", "total_initial_items": "?"}',
    )
    cases.add("unknown_status", status="archived")
    cases.add("status_in_capitals", status="COMPLETED")
    cases.add("unknown_trigger", trigger="webhook")


def _add_looser(cases: Cases) -> None:
    """What only other tables than the documented ones hold."""
    cases.add("fractional_total", {2: result(2, "4", "32", "60.5")}, credits=400.5, schema="numeric")
    cases.add("fractional_total_in_cents", credits=400.1, schema="numeric")
    cases.add("total_missing", total_credits_used=None, schema="loose")
    cases.add("malformed_result", {2: '{"clusters_processed": 4, "ideas_created": 32'}, schema="loose")
    cases.add("malformed_word", {2: "{'clusters_processed': 4}"}, schema="loose")
    cases.add("malformed_empty", {2: ""}, schema="loose")
    cases.add("malformed_nan", {2: '{"clusters_processed": NaN}'}, schema="loose")
    cases.add("malformed_escape", {2: '{"error": "\\ud800"}'}, schema="loose")
    cases.add("malformed_snapshot", snapshot='{"stage_1_initial": 50,}', schema="loose")
    cases.add("unreadable_start", started_at="yesterday", schema="loose")
    cases.add("unreadable_end", completed_at="2026-02-30T25:00:00Z", schema="loose")
    cases.add("nul_in_error", {2: with_error(2, '"a\\u0000b"')}, schema="loose")
