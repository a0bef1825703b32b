"""Numbers, titles, stages, durations and values of single runs."""
# fmt: off

from ..cases import Case, run

DAY = "2026-02-10T"
WITHOUT_BASELINE = {"type": "history", "severity": "info"}


def first_run_insight(runs: str = "No completed run") -> dict[str, str]:
    message = f"{runs} before this one: at least 3 are needed for a comparison"
    return WITHOUT_BASELINE | {"message": message}


NUMBERS_AND_TITLES = [
    Case(
        "runs that started together share the higher number; the list goes by start, then id",
        site={"domain": "https://www.MySite.com/"},
        runs=[
            run(1, DAY + "10:00:00Z"),
            run(2, DAY + "11:00:00Z"),
            run(3, DAY + "11:00:00Z", status="failed"),
            run(4, DAY + "12:00:00Z", status="cancelled"),
        ],
        history={
            "runs.*.run_id": ["run_4", "run_3", "run_2", "run_1"],
            "runs.*.run_number": [4, 3, 3, 1],  # 2 and 3: three runs had started by 11:00
            "runs.0.run_title": "mysite.com #4",
        },
        overview={"site.domain": "mysite.com", "site.name": "A site"},
        detail={"run_2": {"run.run_number": 3, "run.run_title": "mysite.com #3"}},
    ),
    Case(
        "a site without a domain goes by its name",
        site={"domain": None, "name": "Garden & Home"},
        runs=[run(1, DAY + "10:00:00Z")],
        overview={"site.domain": None, "site.name": "Garden & Home"},
        history={"runs.0.run_title": "Garden & Home #1"},
    ),
    Case(
        "an empty domain is none",
        site={"domain": "", "name": "Unnamed"},
        runs=[run(1, DAY + "10:00:00Z")],
        overview={"site.domain": None},
        history={"runs.0.run_title": "Unnamed #1"},
    ),
    Case(
        "the bare domain keeps its path and loses scheme, www. and the last slash",
        site={"domain": "HTTP://WWW.Example.org/Blog/"},
        overview={"site.domain": "example.org/blog"},
    ),
    Case(
        "a site of which only runs are left is called by its id",
        has_site=False,
        runs=[run(1, DAY + "10:00:00Z")],
        overview={"site.domain": None, "run_statistics.total_runs": 1},
        findings={("missing_site", None, None)},
    ),
    Case(
        "asking for a repeated run_id gives the latest, by start and then id",
        runs=[
            run(1, DAY + "10:00:00Z", run_id="twice", credits=1),
            run(3, DAY + "11:00:00Z", run_id="twice", credits=3),
            run(2, DAY + "11:00:00Z", run_id="twice", credits=2),
        ],
        detail={"twice": {"run.total_credits_used": 3, "run.run_number": 3}},
        findings={
            *(("repeated_run_id", id_, None) for id_ in (1, 2, 3)),
            *(("credits_not_reconciled", id_, None) for id_ in (1, 2, 3)),
        },  # run 1 ends at 11:00, when 2 and 3 start, so nothing overlaps
    ),
]

STAGES = [
    Case(
        "stage status, first rule that holds, in a completed run that stopped after stage 4",
        runs=[
            run(
                1, DAY + "10:00:00Z", current_stage=4, credits=7, stages={
                    1: (10, 0, 7),  # credits → completed
                    # created without credits → completed, and its error stays beside it
                    2: {"clusters_processed": 3, "ideas_created": 5, "error": "half of it"},
                    3: {"ideas_processed": 5, "error": "no task"},  # an error → failed
                    4: {"tasks_processed": 2},  # nothing came of it → skipped; it ran all the same
                    5: {},  # after current_stage → pending
                    6: {"error": "no images"},  # failed, wherever current_stage is
                    7: {"ready_for_review": 4},  # processing is completing, in stage 7
                },
            )
        ],
        history={
            "runs.0.stage_statuses":
                ["completed", "completed", "failed", "skipped", "pending", "failed", "completed"],
            "runs.0.stages_completed": 3,
            "runs.0.stages_failed": 2,
            "runs.0.summary.items_processed": 24,  # 10 + 3 + 5 + 2 + 4
            "runs.0.summary.items_created": 5,
        },
        detail={
            "run_1": {
                "stages.*.error": ["", "half of it", "no task", "", "", "no images", ""],
                "stages.*.items_processed": [10, 3, 5, 2, 0, 0, 4],
                "stages.*.items_created": [0, 5, 0, 0, 0, 0, 0],
                "stages.*.stage_name": ["Keyword Clustering", "Idea Generation", "Task Creation",
                                        "Content Writing", "Image Prompts", "Image Generation", "Review"],
                "insights": [
                    {"type": "error", "severity": "error", "message": "Idea Generation reported an error: half of it"},
                    {"type": "error", "severity": "error", "message": "Task Creation reported an error: no task"},
                    {"type": "error", "severity": "error", "message": "Image Generation reported an error: no images"},
                    first_run_insight(),
                ],
            }
        },
        findings={("result_beyond_current_stage", 1, 6), ("result_beyond_current_stage", 1, 7)},
    ),
    Case(
        "nothing is skipped in a run that is not completed",
        runs=[run(1, DAY + "10:00:00Z", status="failed", current_stage=3, stages={1: (2, 1, 1)})],
        history={"runs.0.stage_statuses": ["completed"] + ["pending"] * 6},
    ),
    Case(
        "the summary adds up all stages: 12 + 56 + 50 + 25 + 75 + 25 = 243 created",
        runs=[
            run(
                1, DAY + "10:00:00Z", stages={
                    1: (150, 12, 60), 2: (12, 56, 180), 3: (56, 50, 0), 4: (50, 25, 375),
                    5: (25, 75, 50), 6: (75, 25, 375), 7: (25, None, 0),
                },
            )
        ],
        history={
            "runs.0.summary": {"items_processed": 393,  # 150 + 12 + 56 + 50 + 25 + 75 + 25
                               "items_created": 243, "content_created": 25, "images_generated": 25},
            "runs.0.total_credits_used": 1040,  # 60 + 180 + 375 + 50 + 375
            "runs.0.stages_completed": 7,
        },
        detail={
            "run_1": {
                "efficiency": {
                    "credits_per_item": 4.28,  # 1040 / 243 = 4.2798…
                    "items_per_minute": 4.05,  # 243 in 60 minutes
                    "credits_per_minute": 17.33,  # 1040 / 60 = 17.333…
                },
            }
        },
        findings=set(),
    ),
    Case(
        "a key of stage 7 that would count creation is unknown to it, and counts nothing",
        runs=[run(1, DAY + "10:00:00Z", stages={7: {"ready_for_review": 0, "content_created": 9}})],
        history={"runs.0.summary.items_created": 0, "runs.0.stage_statuses.6": "skipped"},
        findings={("unknown_result_key", 1, 7)},
    ),
]

TIMES = [
    Case(
        "durations keep microseconds until they are rounded, half away from zero",
        runs=[
            run(1, DAY + "10:00:00Z", completed_at=DAY + "10:01:30.500000Z"),  # 90.5 s → 91
            run(2, DAY + "11:00:00.9Z", completed_at=DAY + "11:00:01.399999Z"),  # 0.499999 s → 0
            run(3, DAY + "12:00:00Z", None, status="running"),
            run(4, DAY + "13:00:00Z", -1),  # ends before its start: none
            run(5, DAY + "14:00:00Z", 0),  # no time at all is a duration
        ],
        history={"runs.*.duration_seconds": [0, None, None, 0, 91]},
        detail={
            "run_2": {"run.started_at": "2026-02-10T11:00:00Z", "run.completed_at": "2026-02-10T11:00:01Z"},
            "run_4": {"run.duration_seconds": None, "run.active_seconds": None,
                      "efficiency.items_per_minute": 0, "efficiency.credits_per_minute": 0},
            "run_5": {"run.duration_seconds": 0, "efficiency.credits_per_minute": 0},
        },
        findings={("stale_run", 3, None), ("end_before_start", 4, None)},
    ),
    Case(
        "the kept pause is taken off where it lies within the run",
        runs=[
            # 90.5 s, of which 30.25 s paused: 60.25 → 60
            run(1, DAY + "10:00:00Z", completed_at=DAY + "10:01:30.5Z",
                paused_at=DAY + "10:00:10Z", resumed_at=DAY + "10:00:40.25Z"),
            # the whole run, to the instant
            run(2, DAY + "11:00:00Z", 10, paused_at=DAY + "11:00:00Z", resumed_at=DAY + "11:10:00Z"),
            # resumed after the end, paused before the start, never resumed, resumed before it paused
            run(3, DAY + "12:00:00Z", 10, paused_at=DAY + "12:05:00Z", resumed_at=DAY + "12:10:01Z"),
            run(4, DAY + "13:00:00Z", 10, paused_at=DAY + "12:59:59Z", resumed_at=DAY + "13:05:00Z"),
            run(5, DAY + "14:00:00Z", 10, paused_at=DAY + "14:05:00Z"),
            run(6, DAY + "15:00:00Z", 10, paused_at=DAY + "15:05:00Z", resumed_at=DAY + "15:04:00Z"),
        ],
        detail={
            "run_1": {"run.duration_seconds": 91, "run.active_seconds": 60},
            "run_2": {"run.duration_seconds": 600, "run.active_seconds": 0},
            **{f"run_{number}": {"run.active_seconds": 600} for number in (3, 4, 5, 6)},
        },
    ),
    Case(
        "timestamps come in many spellings",
        runs=[
            run(1, DAY + "10:00:00Z", completed_at="2026-02-10 10:01"),
            run(2, DAY + "11:00:00Z", completed_at="2026-02-10T13:01:30.1234567+02:00"),
            run(3, DAY + "12:00:00Z", completed_at="2026-02-10 08:30:00.5 -0400"),
            run(4, DAY + "13:00:00Z", completed_at="2026-02-10 18:30:07+05"),
            run(5, DAY + "14:00:00Z", completed_at="2026-02-10T14:00:59.9999999 Z"),
        ],
        history={
            "runs.*.completed_at": ["2026-02-10T14:00:59Z", "2026-02-10T13:30:07Z", "2026-02-10T12:30:00Z",
                                    "2026-02-10T11:01:30Z", "2026-02-10T10:01:00Z"],
            # 59.999999 → 60; 30 min 7 s; 30 min 0.5 s → 1801; 90.123456 → 90; 60
            "runs.*.duration_seconds": [60, 1807, 1801, 90, 60],
        },
        findings=set(),
    ),
    Case(
        "a timestamp that cannot be read is none, and a finding; without a start there is no run",
        runs=[
            run(1, DAY + "10:00:00Z", completed_at="2026-02-30 10:00:00", paused_at="noon"),
            run(2, DAY + "11:00:00Z", 10, resumed_at="2026-02-10", cancelled_at=""),
            run(3, DAY + "12:00:00Z", 10, started_at="yesterday"),
            run(4, DAY + "13:00:00Z", 10, started_at=None),
            run(5, DAY + "14:00:00Z", 10, status=None),
            run(6, DAY + "15:00:00Z", 10, run_id=None),
        ],
        history={"runs.*.run_id": ["run_2", "run_1"], "runs.*.run_number": [2, 1],
                 "runs.*.completed_at": ["2026-02-10T11:10:00Z", None]},
        overview={"run_statistics.total_runs": 2},
        findings={("unparsable_value", 1, None), ("completed_without_end", 1, None),
                  ("unparsable_value", 2, None)},
    ),
]

VALUES = [
    Case(
        "numbers as they were written over the years all read as 45",
        runs=[
            run(number, f"{DAY}{10 + number}:00:00Z", credits=45, stages={4: {"credits_used": value}})
            for number, value in enumerate((45, 45.0, "45", " 4.5e1 ", "+45.", "\t450E-1\r\n", "045"), 1)
        ],
        history={"runs.*.stage_statuses.3": ["completed"] * 7},
        overview={"historical_averages.stages.3.avg_credits": 45,
                  "historical_averages.stages.3.runs_with_stage": 7},
        findings=set(),
    ),
    Case(
        "what is no number reads as 0 and is a finding",
        runs=[
            run(number, f"{DAY}{10 + number}:00:00Z", credits=0, stages={4: {"tasks_processed": value}})
            for number, value in enumerate(("4 5", "", "NaN", True, {}, [45], "0x2d", "1e12", "4,5"), 1)
        ],
        history={"runs.*.summary.items_processed": [0] * 9},
        findings={("unparsable_value", number, 4) for number in range(1, 10)},
    ),
    Case(
        "what is negative reads as 0 and is a finding of its own",
        runs=[
            run(1, DAY + "11:00:00Z", credits=0, stages={4: {"credits_used": -1}}),
            run(2, DAY + "12:00:00Z", credits=0, stages={4: {"credits_used": "-0.5"}}),
            run(3, DAY + "13:00:00Z", credits=0, stages={4: {"credits_used": -0.0}}),  # zero is not negative
        ],
        history={"runs.*.stage_statuses.3": ["skipped"] * 3},
        findings={("negative_value", 1, 4), ("negative_value", 2, 4)},
    ),
    Case(
        "missing and null are 0, and nothing to find",
        runs=[run(1, DAY + "11:00:00Z", stages={4: {"credits_used": None, "time_elapsed": None, "error": None}})],
        detail={"run_1": {"stages.3.credits_used": 0, "stages.3.duration_seconds": None, "stages.3.error": ""}},
        findings=set(),
    ),
    Case(
        "a million millions is too much, once rounded to six decimals",
        runs=[
            run(1, DAY + "11:00:00Z", stages={1: '{"clusters_created": 999999999999.9999994}'}),
            run(2, DAY + "12:00:00Z", stages={1: '{"clusters_created": 999999999999.9999995}'}),
            run(3, DAY + "13:00:00Z", stages={1: '{"clusters_created": 1e999999999999}'}),
            run(4, DAY + "14:00:00Z", stages={1: '{"clusters_created": 1e-999999999999}'}),
        ],
        history={"runs.*.summary.items_created": [0, 0, 0, 1_000_000_000_000]},  # …999.999999 is shown rounded
        findings={("unparsable_value", 2, 1), ("unparsable_value", 3, 1)},
    ),
    Case(
        "counts of batches and words are numbers too, each in its stage",
        runs=[
            run(1, DAY + "11:00:00Z", stages={
                1: {"batches": "many", "total_words": "many"},
                4: {"batches": "many", "total_words": -3},
            }),
        ],
        findings={("unparsable_value", 1, 1), ("negative_value", 1, 4)},
    ),
    Case(
        "fractions of items and credits are kept, summed exactly and rounded at the end",
        runs=[
            run(1, DAY + "11:00:00Z", credits=1.2, stages={
                1: (0.4, 0.4, 0.4), 2: (0.4, 0.4, 0.4), 3: (0.4, 0.4, 0.4)}),
        ],
        detail={
            "run_1": {
                "stages.*.items_created": [0, 0, 0, 0, 0, 0, 0],
                "run.total_credits_used": 1,
                "efficiency.credits_per_item": 1.0,  # 1.2 / 1.2
            }
        },
        history={"runs.0.summary.items_created": 1, "runs.0.summary.items_processed": 1},  # 1.2
        findings=set(),
    ),
    Case(
        "more than six decimals are rounded on reading, half away from zero",
        runs=[
            run(1, DAY + "11:00:00Z", credits="0.000001", stages={1: '{"credits_used": 0.0000005}'}),
            run(2, DAY + "12:00:00Z", credits=0, stages={1: '{"credits_used": "0.00000049"}'}),
        ],
        history={"runs.*.stage_statuses.0": ["skipped", "completed"]},
        findings=set(),
    ),
    Case(
        "elapsed times may pass a day, and have two digits of minutes and seconds",
        runs=[
            run(1, DAY + "11:00:00Z", stages={
                1: {"time_elapsed": "25:00:01"},  # 90,001 s
                2: {"time_elapsed": "1:02:03"},  # 3,723 s
                3: {"time_elapsed": "00:60:00"},
                4: {"time_elapsed": 90},
                5: {"time_elapsed": "999999:59:59"},
                6: {"time_elapsed": "00:00:00\n"},
                7: {"time_elapsed": ""},
            }),
        ],
        detail={"run_1": {"stages.*.duration_seconds": [90001, 3723, None, None, 3_599_999_999, None, None]}},
        findings={("unparsable_value", 1, stage) for stage in (3, 4, 6, 7)},
    ),
    Case(
        "an error counts if it is a text that is not blank",
        runs=[
            run(1, DAY + "11:00:00Z", stages={
                1: {"error": " \t\r\n"}, 2: {"error": ""}, 3: {"error": 500}, 4: {"error": True},
                5: {"error": {"code": 500}}, 6: {"error": " No model left "}, 7: {"error": "Off"},
            }),
        ],
        detail={"run_1": {"stages.*.error": ["", "", "", "", "", " No model left ", "Off"],
                          "stages.*.status": ["skipped"] * 5 + ["failed"] * 2}},
        findings={("unparsable_value", 1, stage) for stage in (3, 4, 5)},
    ),
    Case(
        "a result that is no object reads as an empty one",
        runs=[
            run(1, DAY + "11:00:00Z", stages={
                1: "[1, 2]", 2: '"done"', 3: "7", 4: '{"tasks_processed": 3', 5: "true", 6: "{}", 7: None}),
        ],
        detail={"run_1": {"stages.*.status": ["skipped"] * 7, "stages.*.items_processed": [0] * 7}},
        findings={("unparsable_value", 1, stage) for stage in (1, 2, 3, 4, 5)},
    ),
    Case(
        "JSON is JSON to the letter, whatever a parser would let pass; in a text all is allowed",
        runs=[
            run(1, DAY + "11:00:00Z", initial_snapshot='{"stage_1_initial": 5,}', stages={
                1: '{"credits_used": 1,}', 2: '{"tasks_processed": [1, ]}', 3: '{"credits_used": nan}',
                4: '{"credits_used": -inf}', 5: '{"credits_used": 1} // all', 6: "{'credits_used': 1}",
                7: '{"ready_for_review": 1, "reason": "[1,] \\"inf, }\\" nan"}',
            }),
            run(2, DAY + "12:00:00Z", initial_snapshot='{"stage_1_initial": NaN, "most": Infinity}'),
            run(3, DAY + "13:00:00Z", initial_snapshot="inf"),
        ],
        detail={"run_1": {"stages.*.status": ["skipped"] * 6 + ["completed"]}},
        history={"runs.*.initial_snapshot": [None, {"stage_1_initial": None, "most": None}, None]},
        findings={("unparsable_value", 1, None), ("unparsable_value", 2, 1), ("unparsable_value", 3, None),
                  *(("unparsable_value", 1, stage) for stage in range(1, 7))},
    ),
    Case(
        "the last of a repeated key counts; an infinite number spoils only itself",
        runs=[
            run(1, DAY + "11:00:00Z", credits=2, stages={
                1: '{"credits_used": "x", "credits_used": 2}',
                2: '{"ideas_created": 4, "clusters_processed": NaN, "credits_used": -Infinity}',
            }),
        ],
        detail={"run_1": {"stages.0.credits_used": 2, "stages.1.items_created": 4}},
        findings={("unparsable_value", 1, 2)},
    ),
    Case(
        "total credits that make no sense read as 0",
        runs=[
            run(1, DAY + "11:00:00Z", credits=-5),
            run(2, DAY + "12:00:00Z", total_credits_used=None),
            run(3, DAY + "13:00:00Z", credits="NaN"),
            run(4, DAY + "14:00:00Z", credits=10**12),
            run(5, DAY + "15:00:00Z", credits=12.5, stages={1: (1, 1, 12.5)}),
            run(6, DAY + "16:00:00Z", credits="9" * 40),
        ],
        history={"runs.*.total_credits_used": [0, 13, 0, 0, 0, 0]},
        overview={"run_statistics.total_credits_used": 13},  # 12.5
        findings={("negative_value", 1, None), *(("unparsable_value", number, None) for number in (2, 3, 4, 6))},
    ),
    Case(
        "the snapshot is shown as it is; its counts are numbers",
        runs=[
            run(1, DAY + "11:00:00Z",
                initial_snapshot='{"stage_1_initial": 5, "total_initial_items": 5, "more": [1.5]}'),
            run(2, DAY + "12:00:00Z", initial_snapshot='{"stage_2_initial": -1, "stage_3_initial": "lots"}'),
            run(3, DAY + "13:00:00Z", initial_snapshot='{"stage_1_initial": 5'),
            run(4, DAY + "14:00:00Z", initial_snapshot="{}"),
            run(5, DAY + "15:00:00Z"),
        ],
        history={
            "runs.*.initial_snapshot": [
                None, {}, None, {"stage_2_initial": -1, "stage_3_initial": "lots"},
                {"stage_1_initial": 5, "total_initial_items": 5, "more": [1.5]}],
        },
        findings={("negative_value", 2, 2), ("unparsable_value", 2, 3), ("unparsable_value", 3, None)},
    ),
]

CASES = [*NUMBERS_AND_TITLES, *STAGES, *TIMES, *VALUES]
