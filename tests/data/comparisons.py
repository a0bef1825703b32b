"""Runs beside their baseline, and what is said of them."""
# fmt: off

from typing import Any

from ..cases import Case, run

START = "2026-02-20T08:00:00Z"


def before(count: int = 3, credits: float = 100, created: float = 10, stage: int = 4) -> list[dict[str, Any]]:
    """Completed runs before START, alike: by default 10 articles for 100 credits each."""
    return [
        run(number, f"2026-02-{number:02}T08:00:00Z", stages={stage: (10, created, credits)})
        for number in range(1, count + 1)
    ]


def insight(type_: str, severity: str, message: str) -> dict[str, str]:
    return {"type": type_, "severity": severity, "message": message}


def efficient(pct: int) -> dict[str, str]:
    return insight("success", "info", f"This run was {pct}% more credit-efficient than average")


def wasteful(pct: int) -> dict[str, str]:
    return insight("variance", "warning", f"This run was {pct}% less credit-efficient than average")


def said(name: str, stages: dict[int, Any], *insights: dict[str, str], **more: Any) -> Case:
    """What is said of a run after three like those of `before`."""
    columns = {key: more.pop(key) for key in ("status", "credits", "current_stage", "error_message") if key in more}
    return Case(
        name,
        runs=[*more.pop("before", before()), run(50, START, stages=stages, **columns)],
        detail={"run_50": {"insights": list(insights)} | more},
    )


BASELINES = [
    Case(
        "known before a run is what was completed before its start, not at it",
        runs=[
            run(1, "2026-02-01T08:00:00Z", completed_at="2026-02-20T07:59:59.999999Z", stages={4: (10, 10, 30)}),
            run(2, "2026-02-02T08:00:00Z", completed_at="2026-02-20T08:00:00Z", stages={4: (10, 10, 60)}),
            run(3, START, stages={4: (10, 10, 90)}),
            run(4, "2026-02-20T08:00:00.000001Z", None, status="running"),
        ],
        detail={
            "run_3": {
                "historical_comparison": {"avg_credits": 30, "avg_duration_seconds": 1_641_600,  # 19 days less 1 µs
                                          "avg_credits_per_item": 3.0, "total_runs_analyzed": 1,
                                          "has_sufficient_data": False},
                "stages.3.comparison": {"historical_avg_credits": 30, "historical_avg_items": 10,
                                        "credit_variance_pct": None, "items_variance_pct": None},
                "insights": [insight("history", "info", "Only 1 completed run before this one: "
                                     "at least 3 are needed for a comparison")],
            },
            "run_4": {"historical_comparison.total_runs_analyzed": 2, "historical_comparison.avg_credits": 45},
        },
    ),
    Case(
        "a first run has nothing to be compared with, and null says so",
        runs=[run(1, START, stages={4: (10, 10, 90)})],
        detail={
            "run_1": {
                "historical_comparison": {"avg_credits": None, "avg_duration_seconds": None,
                                          "avg_credits_per_item": None, "total_runs_analyzed": 0,
                                          "has_sufficient_data": False},
                "stages.3.comparison": {"historical_avg_credits": None, "historical_avg_items": None,
                                        "credit_variance_pct": None, "items_variance_pct": None},
                "insights": [insight("history", "info", "No completed run before this one: "
                                     "at least 3 are needed for a comparison")],
            }
        },
    ),
    Case(
        "a baseline is the latest ten by completion, each run's its own",
        # runs 1 … 12 cost 100 … 1200: before 13 are 3 … 12, before 12 are 2 … 11
        runs=[
            run(number, f"2026-02-{number:02}T08:00:00Z", stages={4: (10, 10, number * 100)})
            for number in range(1, 14)
        ],
        detail={
            "run_13": {"historical_comparison.avg_credits": 750, "historical_comparison.total_runs_analyzed": 10},
            "run_12": {"historical_comparison.avg_credits": 650},
            "run_4": {"historical_comparison.avg_credits": 200, "historical_comparison.total_runs_analyzed": 3,
                      "stages.3.comparison.credit_variance_pct": 100.0},  # 400 to 200
        },
    ),
    Case(
        "an average of nothing, or of a stage that did not run now, has no variance",
        runs=[
            *before(3, credits=0),
            run(50, START, credits=5, stages={4: (0, 0, 0), 5: (1, 1, 5)}),
        ],
        detail={
            "run_50": {
                # stage 4 did not run in this run
                "stages.3.comparison": {"historical_avg_credits": 0, "historical_avg_items": 10,
                                        "credit_variance_pct": None, "items_variance_pct": None},
                # stage 5 never ran before
                "stages.4.comparison": {"historical_avg_credits": None, "historical_avg_items": None,
                                        "credit_variance_pct": None, "items_variance_pct": None},
                "insights": [],  # and 0 credits per item are no measure of 5
            }
        },
    ),
    Case(
        "variance has one decimal, half away from zero, on both sides",
        runs=[
            *before(3, credits=400, created=400),
            run(50, START, stages={4: (10, 449, 351)}),  # (351 − 400) / 400 = −12.25 %; 49 / 400 = 12.25 %
        ],
        detail={
            "run_50": {
                "stages.3.comparison.credit_variance_pct": -12.3,
                "stages.3.comparison.items_variance_pct": 12.3,
                # 351 / 449 = 0.7817… credits per item to 1: 21.8 % lower
                "insights": [efficient(22)],
            }
        },
    ),
]

INSIGHTS = [
    said("exactly 5 % cheaper an item is worth a word", {4: (10, 10, 95)}, efficient(5)),
    said("4.5 % rounds to 5", {4: (10, 10, 95.5)}, efficient(5)),
    said("4.4 % rounds to 4, and is not", {4: (10, 10, 95.6)}),
    said("exactly 5 % dearer", {4: (10, 10, 105)}, wasteful(5)),
    said("4.4 % dearer is not worth it", {4: (10, 10, 104.4)}),
    said(
        "a stage at exactly 20 % more has no row",
        {4: (10, 10, 120)},
        wasteful(20),
        **{"stages.3.comparison.credit_variance_pct": 20.0},
    ),
    said("20.4 % rounds to 20", {4: (10, 10, 120.4)}, wasteful(20)),
    said(
        "20.5 % rounds to 21",
        {4: (10, 10, 120.5)},
        wasteful(21),
        insight("variance", "warning", "Content Writing used 21% higher credits than average"),
    ),
    said("exactly 20 % less", {4: (10, 10, 80)}, efficient(20)),
    said(
        "20.5 % less rounds to 21",
        {4: (10, 10, 79.5)},
        efficient(21),
        insight("variance", "info", "Content Writing used 21% lower credits than average"),
    ),
    said(
        "items: 20 % of 10 are 2, and 13 are 30 % more",
        {4: (10, 13, 130)},
        insight("variance", "warning", "Content Writing used 30% higher credits than average"),
        insight("variance", "info", "Content Writing created 30% more items than average"),
    ),
    said("twelve items are exactly 20 % more", {4: (10, 12, 120)}),
    said("eight items are exactly 20 % fewer", {4: (10, 8, 80)}),
    said(
        "seven items are 30 % fewer",
        {4: (10, 7, 70)},
        insight("variance", "info", "Content Writing used 30% lower credits than average"),
        insight("variance", "warning", "Content Writing created 30% fewer items than average"),
    ),
    said(
        "rows come kind by kind, and within a kind by stage",
        # credits: stage 1 50 → 100 (+100 %), 2 50 → 20 (−60 %), 4 50 → 25 (−50 %), 5 50 → 75 (+50 %): 200 → 220
        # items: stage 1 10 → 5 (−50 %), 2 10 → 20 (+100 %), 4 10 → 10, 5 10 → 9 (−10 %): 40 → 44; 5 each as before
        {1: (10, 5, 100), 2: (10, 20, 20), 4: (10, 10, 25), 5: (10, 9, 75)},
        insight("variance", "warning", "Keyword Clustering used 100% higher credits than average"),
        insight("variance", "warning", "Image Prompts used 50% higher credits than average"),
        insight("variance", "info", "Idea Generation used 60% lower credits than average"),
        insight("variance", "info", "Content Writing used 50% lower credits than average"),
        insight("variance", "warning", "Keyword Clustering created 50% fewer items than average"),
        insight("variance", "info", "Idea Generation created 100% more items than average"),
        before=[
            run(number, f"2026-02-{number:02}T08:00:00Z", stages=dict.fromkeys((1, 2, 4, 5), (10, 10, 50)))
            for number in (1, 2, 3)
        ],
    ),
    said(
        "a gap of less than half a credit is not worth a word",
        {4: (10, 10, 100)},
        credits=100.49,
    ),
    said(
        "half a credit that no stage accounts for rounds to 1",
        {4: (10, 10, 100)},
        insight("reconciliation", "warning", "1 credits of this run are not attributed to any stage"),
        credits=100.5,
    ),
    said(
        "stages that account for more than the run",
        {4: (10, 10, 100)},
        insight("reconciliation", "warning", "The stages account for 3 more credits than the run"),
        credits=97.5,
    ),
    said(
        "a failed run says where and why, and nothing is compared",
        {4: (10, 1, 500)},
        insight("error", "error", "This run failed at stage 4 (Content Writing): out of credits"),
        insight("reconciliation", "warning", "The stages account for 500 more credits than the run"),
        status="failed", current_stage=4, error_message="out of credits", credits=0,
    ),
    said(
        "a failed run without a reason",
        {},
        insight("error", "error", "This run failed at stage 7 (Review)"),
        status="failed", error_message="",
    ),
    said(
        "a failed run with a blank reason",
        {},
        insight("error", "error", "This run failed at stage 7 (Review)"),
        status="failed", error_message=" \n",
    ),
    said(
        "a failed run outside the stages",
        {},
        insight("error", "error", "This run failed at stage 8: lost"),
        status="failed", error_message="lost", current_stage=8,
    ),
    said(
        "a cancelled run at stage 0, with a stage that failed in it",
        {2: {"error": "stopped by hand"}},
        insight("error", "warning", "This run was cancelled at stage 0"),
        insight("error", "error", "Idea Generation reported an error: stopped by hand"),
        status="cancelled", current_stage=0, error_message="not shown",
    ),
    said(
        "of a running run only its stages' errors are said",
        {1: {"error": "slow"}, 4: (10, 1, 500)},
        insight("error", "error", "Keyword Clustering reported an error: slow"),
        status="running", credits=0,
        **{"stages.3.comparison.credit_variance_pct": 400.0},  # yet it is compared
    ),
    Case(
        "two runs before are one too few",
        runs=[*before(2), run(50, START, stages={4: (10, 10, 500)})],
        detail={
            "run_50": {
                "insights": [insight("history", "info", "Only 2 completed runs before this one: "
                                     "at least 3 are needed for a comparison")],
                "stages.3.comparison.credit_variance_pct": None,
                "stages.3.comparison.historical_avg_credits": 100,
            }
        },
    ),
]

CASES = [*BASELINES, *INSIGHTS]
