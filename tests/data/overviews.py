"""Run statistics, windows, averages, predictions and pages of a site."""
# fmt: off

from datetime import timedelta

from ..cases import AS_OF, MICROSECOND, Case, items, run


def past(count: int, credits: float = 100, created: float = 10, processed: float = 20) -> list[dict]:
    """Completed runs of an hour, on the days from 1 February, whose stage 4 did all."""
    return [
        run(number, f"2026-02-{number:02}T08:00:00Z", stages={4: (processed, created, credits)})
        for number in range(1, count + 1)
    ]


STATISTICS = [
    Case(
        "a site without runs has zeros, and nothing to rest a forecast on",
        overview={
            "as_of": "2026-03-01T12:00:00Z",
            "run_statistics": {
                "total_runs": 0, "completed_runs": 0, "failed_runs": 0, "running_runs": 0, "paused_runs": 0,
                "cancelled_runs": 0, "other_runs": 0, "stale_runs": 0, "success_rate_pct": 0,
                "total_credits_used": 0, "total_credits_last_30_days": 0, "avg_credits_per_run": 0,
                "avg_duration_last_7_days_seconds": 0,
            },
            "predictive_analysis.confidence": "low",
            "predictive_analysis.stages.*.basis": ["default"] * 7,
            "predictive_analysis.totals": {"total_pending_items": 0, "total_estimated_credits": 0,
                                           "total_estimated_output": 0, "recommended_buffer_credits": 0},
            "historical_averages.total_runs_analyzed": 0,
            "historical_averages.has_sufficient_data": False,
            "historical_averages.avg_credits_per_item": 0,
            "historical_averages.stages.*.avg_output_ratio": [0] * 7,
            "attention_items.unrecognised_statuses": [],
        },
        history={"": {"runs": [], "pagination": {"page": 1, "page_size": 20, "total_count": 0, "total_pages": 0}}},
        findings=set(),
    ),
    Case(
        "each status is counted, and the counts add up to the total",
        runs=[
            run(number, f"2026-02-20T{number:02}:00:00Z", 10, status=status, credits=credits)
            for number, (status, credits) in enumerate(
                [("completed", 10), ("completed", 20), ("failed", 1), ("cancelled", 2), ("running", 3),
                 ("paused", 4), ("queued", 5), ("COMPLETED", 6)], 1)
        ],
        overview={
            "run_statistics.total_runs": 8,
            "run_statistics.completed_runs": 2, "run_statistics.failed_runs": 1,
            "run_statistics.cancelled_runs": 1, "run_statistics.running_runs": 1,
            "run_statistics.paused_runs": 1, "run_statistics.other_runs": 2,
            "run_statistics.success_rate_pct": 66.7,  # 2 / 3
            "run_statistics.total_credits_used": 51,
            "run_statistics.avg_credits_per_run": 6,  # 51 / 8 = 6.375
            "run_statistics.stale_runs": 2,
        },
    ),
    Case(
        "a percentage has one decimal, half away from zero: 1 of 16 is 6.25 %",
        runs=[run(1, "2026-02-01T00:00:00Z")]
        + [run(number, f"2026-02-{number:02}T00:00:00Z", status="failed") for number in range(2, 17)],
        overview={"run_statistics.success_rate_pct": 6.3},
    ),
    Case(
        "half a credit rounds up: (2 + 3) / 2",
        runs=[run(1, "2026-02-01T00:00:00Z", credits=2), run(2, "2026-02-02T00:00:00Z", credits=3)],
        overview={"run_statistics.avg_credits_per_run": 3, "historical_averages.avg_total_credits": 3},
    ),
    Case(
        "30 days: a start exactly 30 days ago is out, one at as_of is in, one after it is out",
        runs=[
            run(1, AS_OF - timedelta(days=30), status="failed", credits=1),
            run(2, AS_OF - timedelta(days=30) + MICROSECOND, status="failed", credits=10),
            run(3, AS_OF, status="failed", credits=100),
            run(4, AS_OF + MICROSECOND, status="failed", credits=1000),
        ],
        overview={"run_statistics.total_credits_last_30_days": 110,
                  "run_statistics.total_credits_used": 1111},
    ),
    Case(
        "7 days: by completion, exactly 7 days ago is out, at as_of is in, after it is out",
        runs=[
            run(1, AS_OF - timedelta(days=7, seconds=1), completed_at=(AS_OF - timedelta(days=7)).isoformat()),
            # 2 s and 1 microsecond, begun before the window; 100 s; both completed in it: 51.0000005 s
            run(2, AS_OF - timedelta(days=7, seconds=2),
                completed_at=(AS_OF - timedelta(days=7) + MICROSECOND).isoformat()),
            run(3, AS_OF - timedelta(seconds=100), completed_at=AS_OF.isoformat()),
            run(4, AS_OF - timedelta(seconds=1000), completed_at=(AS_OF + MICROSECOND).isoformat()),
            run(5, AS_OF - timedelta(days=1), 60, status="failed"),
            run(6, AS_OF - timedelta(days=1), -60),  # no valid duration
        ],
        overview={"run_statistics.avg_duration_last_7_days_seconds": 51},
    ),
    Case(
        "stale: running or paused, and started more than 24 hours ago",
        runs=[
            run(1, AS_OF - timedelta(hours=24), None, status="running"),
            run(2, AS_OF - timedelta(hours=24) - MICROSECOND, None, status="running"),
            run(3, AS_OF - timedelta(hours=25), None, status="paused"),
            run(4, AS_OF - timedelta(hours=25), 1, status="failed"),
        ],
        overview={"run_statistics.stale_runs": 2},
        # run 1 starts when stale ones have no say and run 4 is over
        findings={("stale_run", 2, None), ("stale_run", 3, None)},
    ),
]

HISTORY = [
    Case(
        "two runs are too few: averages of what there is, defaults for the forecast",
        runs=past(2),
        items=items("tasks", "queued", 3),
        overview={
            "historical_averages.total_runs_analyzed": 2,
            "historical_averages.has_sufficient_data": False,
            "historical_averages.avg_total_credits": 100,
            "historical_averages.avg_duration_seconds": 3600,
            "historical_averages.avg_credits_per_item": 10,
            "historical_averages.stages.3.avg_output_ratio": 0.5,
            "predictive_analysis.confidence": "low",
            "predictive_analysis.stages.3.basis": "default",
            "predictive_analysis.stages.3.estimated_credits": 45,  # 3 × 15
            "predictive_analysis.stages.3.estimated_output": 3,
        },
    ),
    Case(
        "three runs are enough, for the stages that they drained",
        runs=past(3),
        items=items("tasks", "queued", 3) + items("clusters", "new", 1),
        overview={
            "historical_averages.has_sufficient_data": True,
            "historical_averages.stages.3": {
                "stage_number": 4, "stage_name": "Content Writing", "runs_with_stage": 3, "avg_credits": 100,
                "avg_items_created": 10, "avg_output_ratio": 0.5},
            "predictive_analysis.confidence": "medium",
            "predictive_analysis.stages.3": {
                "stage_number": 4, "stage_name": "Content Writing", "pending_items": 3,
                "estimated_credits": 15,  # 3 × 300 / 60
                "estimated_output": 2,  # 3 × 0.5 = 1.5
                "basis": "history"},
            "predictive_analysis.stages.1": {
                "stage_number": 2, "stage_name": "Idea Generation", "pending_items": 1,
                "estimated_credits": 15, "estimated_output": 8, "basis": "default"},
            "predictive_analysis.totals": {
                "total_pending_items": 4, "total_estimated_credits": 30, "total_estimated_output": 10,
                "recommended_buffer_credits": 6},  # 20 % of 30, to the credit
        },
    ),
    Case("nine runs give medium confidence", runs=past(9), overview={"predictive_analysis.confidence": "medium"}),
    Case("ten runs give high confidence", runs=past(10), overview={"predictive_analysis.confidence": "high"}),
    Case(
        "of twelve runs the latest ten by completion are analyzed",
        # run 1 started first and ended last, so 2 and 3 fall out: 10 runs of 100, 400, 500 … 1200
        runs=[
            run(number, f"2026-02-{number:02}T08:00:00Z", stages={1: (1, 1, number * 100)})
            if number > 1
            else run(1, "2026-02-01T08:00:00Z", stages={1: (1, 1, 100)}, completed_at="2026-02-28T00:00:00Z")
            for number in range(1, 13)
        ],
        overview={
            "historical_averages.total_runs_analyzed": 10,
            "historical_averages.avg_total_credits": 730,  # (100 + 400 + 500 + … + 1200) / 10 = 7300 / 10
            "historical_averages.stages.0.runs_with_stage": 10,
        },
    ),
    Case(
        "runs that completed at one instant count by their id",
        # eleven end together: the lowest id falls out: (2 + 3 + … + 11) / 10 = 6.5
        runs=[
            run(number, "2026-02-01T08:00:00Z", credits=number, stages={1: {"clusters_created": 1}})
            for number in range(11, 0, -1)
        ],
        overview={"historical_averages.avg_total_credits": 7},
    ),
    Case(
        "only completed runs with a valid duration that ended by as_of are analyzed",
        runs=[
            run(1, AS_OF - timedelta(hours=1), 60, credits=1),  # at as_of
            run(2, AS_OF - timedelta(hours=1), completed_at=(AS_OF + MICROSECOND).isoformat(), credits=10),
            run(3, "2026-02-01T08:00:00Z", -1, credits=100),
            run(4, "2026-02-02T08:00:00Z", 60, status="failed", credits=1000),
            run(5, "2026-02-03T08:00:00Z", None, credits=10_000),
            run(6, "2026-02-04T08:00:00Z", 0, credits=3),  # no time at all is valid
        ],
        overview={
            "historical_averages.total_runs_analyzed": 2,
            "historical_averages.avg_total_credits": 2,  # (1 + 3) / 2
            "historical_averages.avg_duration_seconds": 1800,
        },
    ),
    Case(
        "a stage's averages are of the runs in which it ran; its ratio is of the sums",
        runs=[
            run(1, "2026-02-01T08:00:00Z", stages={2: (1, 8, 10), 5: (4, 0, 0)}),  # stage 5 ran: it processed
            run(2, "2026-02-02T08:00:00Z", stages={2: (9, 2, 11), 5: (0, 0, 0)}),  # stage 5 did not
            run(3, "2026-02-03T08:00:00Z", stages={2: {"error": "no"}, 5: (1, 5, 5)}),  # a failed stage ran
        ],
        items=items("clusters", "new", 2),
        overview={
            "historical_averages.stages.1.runs_with_stage": 3,
            "historical_averages.stages.1.avg_credits": 7,  # 21 / 3
            "historical_averages.stages.1.avg_items_created": 3,  # 10 / 3
            "historical_averages.stages.1.avg_output_ratio": 1.0,  # 10 / 10, and not (8 + 2/9) / 2
            "historical_averages.stages.4.runs_with_stage": 2,
            "historical_averages.stages.4.avg_credits": 3,  # 5 / 2 = 2.5
            "historical_averages.stages.4.avg_output_ratio": 1.0,  # 5 / 5
            "predictive_analysis.stages.1.estimated_credits": 4,  # 2 × 21 / 10 = 4.2
            "predictive_analysis.stages.1.estimated_output": 2,
        },
    ),
    Case(
        "a ratio has three decimals, half away from zero: 3 / 48 = 0.0625",
        runs=[run(number, f"2026-02-0{number}T08:00:00Z", stages={1: (16, 1, 1)}) for number in (1, 2, 3)],
        overview={"historical_averages.stages.0.avg_output_ratio": 0.063},
    ),
    Case(
        "credits without processed items give no rate: the default stands in",
        runs=[run(number, f"2026-02-0{number}T08:00:00Z", stages={6: (0, 5, 50)}) for number in (1, 2, 3)],
        items=[*items("images", "pending", 4, content_id=7)],
        overview={
            "historical_averages.stages.5.avg_credits": 50,
            "historical_averages.stages.5.avg_output_ratio": 0,
            "predictive_analysis.stages.5.basis": "default",
            "predictive_analysis.stages.5.estimated_credits": 20,  # 4 × 5
        },
    ),
    Case(
        "totals add the rounded stages, and the buffer is rounded up",
        items=[
            *items("keywords", "new", 6),  # 6 × 0.4 = 2.4 → 2; 6 × 0.08 = 0.48 → 0
            *items("clusters", "new", 1),  # 15; 8
            *items("content_ideas", "new", 5),  # 0; 5
            *items("content", "draft", 2),  # 4; 6
            *items("content", "review", 3),  # 0; 0
            *items("images", "pending", 1),  # 5; 1
        ],
        overview={
            "predictive_analysis.stages.*.pending_items": [6, 1, 5, 0, 2, 1, 3],
            "predictive_analysis.stages.*.estimated_credits": [2, 15, 0, 0, 4, 5, 0],
            "predictive_analysis.stages.*.estimated_output": [0, 8, 5, 0, 6, 1, 0],
            "predictive_analysis.totals": {
                "total_pending_items": 18, "total_estimated_credits": 26, "total_estimated_output": 20,
                "recommended_buffer_credits": 6},  # 5.2
        },
    ),
    Case(
        "two stages of 2.4 credits are 2 + 2, and not 4.8",
        # stage 4: 3 runs of (10, 10, 8): 0.8 a task, 3 tasks; stage 1: 6 keywords at the default
        runs=[run(number, f"2026-02-0{number}T08:00:00Z", stages={4: (10, 10, 8)}) for number in (1, 2, 3)],
        items=items("keywords", "new", 6) + items("tasks", "queued", 3),
        overview={"predictive_analysis.totals.total_estimated_credits": 4,
                  "predictive_analysis.totals.recommended_buffer_credits": 1},  # 0.8
    ),
]

ROUNDING = [
    Case(
        "a tie that is no binary fraction: 107 / 40 = 2.675 a run's item is 2.68",
        runs=[run(1, "2026-02-01T08:00:00Z", stages={1: (1, 40, 107)})],
        overview={"historical_averages.avg_credits_per_item": 2.68},
        detail={"run_1": {"efficiency.credits_per_item": 2.68}},
    ),
    Case(
        "a value a breath below a tie is the tie, once it has nine decimals",
        # 26749.999999 / 10000 = 2.6749999999 → 2.675000000 → 2.68
        runs=[run(1, "2026-02-01T08:00:00Z", stages={1: (1, 10_000, 26749.999999)})],
        detail={"run_1": {"efficiency.credits_per_item": 2.68}},
    ),
    Case(
        "half of an odd number rounds up, however large it is",
        # (999,999,999,999 + 0) / 2 and (666,666,666,667 + 0) / 2 end in a half
        runs=[
            run(1, "2026-02-01T08:00:00Z", stages={1: (1, 666_666_666_667, 999_999_999_999)}),
            run(2, "2026-02-02T08:00:00Z", stages={1: (1, 0, 0)}),
        ],
        overview={
            "run_statistics.avg_credits_per_run": 500_000_000_000,
            "historical_averages.stages.0.avg_credits": 500_000_000_000,
            "historical_averages.stages.0.avg_items_created": 333_333_333_334,
        },
    ),
    Case(
        "per minute: 1.005 items a minute is 1.01",
        # 201 items in 200 minutes; 101 credits in 200 minutes = 0.505
        runs=[run(1, "2026-02-01T08:00:00Z", 200, stages={1: (1, 201, 101)})],
        detail={"run_1": {"efficiency.items_per_minute": 1.01, "efficiency.credits_per_minute": 0.51}},
    ),
]

FIVE = [run(number, f"2026-02-0{number}T08:00:00Z") for number in range(1, 6)]
PAGES = [
    Case(
        "five runs, two to a page; a page past the end is empty",
        runs=FIVE,
        pages={
            (1, 2): {"runs.*.run_id": ["run_5", "run_4"],
                     "pagination": {"page": 1, "page_size": 2, "total_count": 5, "total_pages": 3}},
            (3, 2): {"runs.*.run_id": ["run_1"]},
            (4, 2): {"runs": [], "pagination": {"page": 4, "page_size": 2, "total_count": 5, "total_pages": 3}},
            (1, 5): {"runs.len": 5, "pagination.total_pages": 1},
            (1, 100): {"runs.len": 5, "pagination.total_pages": 1},
            (2, 1): {"runs.*.run_id": ["run_4"], "pagination.total_pages": 5},
        },
    ),
]

CASES = [*STATISTICS, *HISTORY, *ROUNDING, *PAGES]
