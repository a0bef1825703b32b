"""What is found amiss in a source."""
# fmt: off

from datetime import timedelta

from ..cases import AS_OF, Case, run

DAY = "2026-02-10T"

CASES = [
    Case(
        "a run overlaps one that started before it and has not ended",
        runs=[
            run(1, DAY + "08:00:00Z", 120),  # to 10:00
            run(2, DAY + "09:00:00Z", 10),  # within 1
            run(3, DAY + "09:59:59.999999Z", 1),  # still within 1
            run(4, DAY + "10:00:59.999999Z", 60),  # 3 ends at this instant
            run(5, DAY + "10:00:59.999999Z", 60),  # starts with 4, not after it
        ],
        findings={("overlapping_runs", 2, None), ("overlapping_runs", 3, None)},
    ),
    Case(
        "a cancelled run without an end lasted until it was cancelled; others without an end overlap nothing",
        runs=[
            run(1, DAY + "08:00:00Z", None, status="cancelled", cancelled_at=DAY + "10:00:00Z"),
            run(2, DAY + "09:00:00Z", 30, status="cancelled", cancelled_at=DAY + "12:00:00Z"),  # ended at 09:30
            run(3, DAY + "11:00:00Z", None, status="failed"),
            run(4, DAY + "12:00:00Z", 1),
        ],
        findings={("overlapping_runs", 2, None)},
    ),
    Case(
        "a running run lasts until as_of, a stale one has no say",
        runs=[
            run(1, AS_OF - timedelta(hours=30), None, status="running"),
            run(2, AS_OF - timedelta(hours=20), None, status="running"),
            run(3, AS_OF - timedelta(hours=10), 60, status="failed"),
            run(4, AS_OF, 60),
        ],
        findings={("stale_run", 1, None), ("overlapping_runs", 3, None)},
    ),
    Case(
        "completed runs have an end, and no end lies before its start",
        runs=[
            run(1, DAY + "08:00:00Z", None),
            run(2, DAY + "09:00:00Z", -1, status="failed"),
            run(3, DAY + "10:00:00Z", 0),
            run(4, DAY + "11:00:00Z", None, status="failed"),
        ],
        findings={("completed_without_end", 1, None), ("end_before_start", 2, None)},
    ),
    Case(
        "credits are reconciled exactly, in runs that are over",
        runs=[
            run(1, DAY + "08:00:00Z", 10, credits=10.000001, stages={1: (1, 1, 10)}),
            run(2, DAY + "09:00:00Z", 10, credits="0.3", stages={1: (1, 1, 0.1), 2: (1, 1, 0.2)}),
            run(3, AS_OF - timedelta(hours=1), None, status="running", credits=5),
            run(4, DAY + "10:00:00Z", 10, status="failed", credits=5),
            run(5, DAY + "11:00:00Z", 10, status="cancelled", credits=5),
            run(6, DAY + "12:00:00Z", 10, status="archived", credits=5),
        ],
        findings={("credits_not_reconciled", id_, None) for id_ in (1, 4, 5)} | {("unknown_status", 6, None)},
    ),
    Case(
        "words outside the lists",
        runs=[
            run(1, DAY + "08:00:00Z", 10, trigger_type="webhook"),
            run(2, DAY + "09:00:00Z", 10, trigger_type="scheduled"),
            run(3, DAY + "10:00:00Z", 10, status="Completed"),
            run(4, DAY + "11:00:00Z", 10, stages={
                1: {"keywords_processed": 0, "clusters_created": 0, "credits_used": 0, "time_elapsed": "00:00:00",
                    "batches": 1, "error": None, "skipped": True, "partial": False, "reason": "none", "total_words": 1},
                2: {"clusters_created": 0},  # a key of another stage
                3: {"Skipped": True},
            }),
            run(5, DAY + "12:00:00Z", 10, trigger_type="test"),
        ],
        findings={("unknown_trigger_type", 1, None), ("unknown_status", 3, None),
                  ("unknown_result_key", 4, 2), ("unknown_result_key", 4, 3)},
    ),
    Case(
        "results beyond the current stage, unless they are empty",
        runs=[
            run(1, DAY + "08:00:00Z", 10, current_stage=2, stages={
                2: {"skipped": True}, 3: {"skipped": True}, 4: {}, 5: None, 6: {"reason": "none"}}),
        ],
        findings={("result_beyond_current_stage", 1, 3), ("result_beyond_current_stage", 1, 6)},
    ),
    Case(
        "a stage is found once for each kind of finding",
        runs=[
            run(1, DAY + "08:00:00Z", 10, credits=0, stages={
                1: {"keywords_processed": "x", "clusters_created": -1, "credits_used": [],
                    "error": 1, "time_elapsed": 1},
            }),
        ],
        findings={("unparsable_value", 1, 1), ("negative_value", 1, 1)},
    ),
]
