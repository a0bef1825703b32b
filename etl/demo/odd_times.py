"""Runs whose times, ends and ids are odd: ties, overlaps, pauses, edges of windows, stale and open runs."""

from datetime import timedelta

from igny8_analysis.etl.demo.cast import AS_OF
from igny8_analysis.etl.demo.values import utc
from igny8_analysis.etl.demo.written import STANDARD, Cases

ORPHANED_SITE = 999
"""Id of a site that has a run and no row."""


def add_odd_times(cases: Cases) -> None:
    """Add the runs; nine of them complete after the two that end together, so these are the 10th and 11th."""
    cases.add(
        "stale_running",
        at="2025-11-03T09:00:00",
        ends=None,
        status="running",
        stage=4,
        results={1: STANDARD[1]},
        credits=20,
    )
    cases.add(
        "stale_paused",
        at="2025-12-20T09:00:00",
        ends=None,
        status="paused",
        paused_at=utc("2025-12-20T09:10:00"),
        stage=2,
        results={1: STANDARD[1]},
        credits=20,
    )
    cases.add("under_a_minute", at="2026-01-05T08:00:00.250000", ends=timedelta(seconds=42.5))
    cases.add("no_time_at_all", at="2026-01-06T08:00:00", ends=timedelta(minutes=0))
    cases.add("over_30_hours", at="2026-01-07T08:00:00", ends=timedelta(hours=31, minutes=20))
    cases.add("completed_without_end", at="2026-01-09T08:00:00", ends=None)
    cases.add("end_before_start", at="2026-01-10T08:00:00", ends=-timedelta(minutes=5))
    cases.add("first_of_touching", at="2026-01-11T08:00:00")
    cases.add("starts_as_other_ends", at="2026-01-11T08:30:00")
    cases.add("overlapped", at="2026-01-12T08:00:00", ends=timedelta(minutes=90))
    cases.add("overlaps", at="2026-01-12T09:00:00", ends=timedelta(minutes=90))
    cases.add("within_both", at="2026-01-12T09:10:00", ends=timedelta(minutes=5))
    cases.add(
        "cancelled_without_end",
        at="2026-01-13T08:00:00",
        ends=None,
        status="cancelled",
        stage=3,
        cancelled_at=utc("2026-01-13T08:20:00"),
    )
    cases.add("overlaps_cancelled", at="2026-01-13T08:15:00")
    cases.add("after_cancelled", at="2026-01-13T08:50:00", ends=timedelta(minutes=10))
    cases.add("failed_without_end", at="2026-01-14T08:00:00", ends=None, status="failed", stage=2)
    cases.add(
        "pause_kept",
        at="2026-01-15T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-15T08:10:00"),
        resumed_at=utc("2026-01-15T08:40:00.5"),
    )
    cases.add(
        "pause_backwards",
        at="2026-01-16T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-16T08:40:00"),
        resumed_at=utc("2026-01-16T08:10:00"),
    )
    cases.add(
        "pause_not_resumed",
        at="2026-01-17T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-17T08:40:00"),
    )
    cases.add(
        "pause_before_start",
        at="2026-01-18T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-18T07:40:00"),
        resumed_at=utc("2026-01-18T08:10:00"),
    )
    cases.add(
        "pause_beyond_end",
        at="2026-01-19T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-19T08:40:00"),
        resumed_at=utc("2026-01-19T09:10:00"),
    )
    cases.add(
        "pause_all_along",
        at="2026-01-20T08:00:00",
        ends=timedelta(minutes=60),
        paused_at=utc("2026-01-20T08:00:00"),
        resumed_at=utc("2026-01-20T09:00:00"),
    )
    month, week, day = AS_OF - timedelta(days=30), AS_OF - timedelta(days=7), AS_OF - timedelta(days=1)
    moment = timedelta(microseconds=1)
    cases.add("started_30_days_ago", at=month)
    cases.add("started_just_within_30_days", at=month + moment, trigger="scheduled")
    cases.add("same_start_one", at="2026-02-03T08:00:00")
    cases.add(
        "same_start_two",
        at="2026-02-03T08:00:00",
        ends=timedelta(minutes=45),
        trigger="scheduled",
        credits=410,
    )
    cases.add(
        "same_second_later",
        at="2026-02-03T08:00:00.000001",
        ends=timedelta(minutes=50),
        status="failed",
        stage=2,
        run_id="run_20260203_080000_manual_2",
        error_message=f"{cases.canary}: began a microsecond later",
    )
    cases.add("repeated_run_id_one", at="2026-02-04T08:00:00", run_id="run_20260204_080000_manual")
    cases.add(
        "repeated_run_id_two", at="2026-02-04T10:00:00", run_id="run_20260204_080000_manual", credits=420
    )
    cases.add("repeated_at_once_one", at="2026-02-04T12:00:00", status="failed", stage=1)
    cases.add(
        "repeated_at_once_two", at="2026-02-04T12:00:00", ends=timedelta(minutes=35), status="failed", stage=1
    )
    cases.add("same_end_one", at="2026-02-05T08:00:00", ends="2026-02-05T09:00:00", credits=300)
    cases.add("same_end_two", at="2026-02-05T08:10:00", ends="2026-02-05T09:00:00", credits=500)
    for number in range(1, 7):
        cases.add(f"ordinary_{number}", at=f"2026-02-{8 + number:02d}T08:00:00")
    cases.add("ended_7_days_ago", at=week - timedelta(minutes=30), ends=week)
    cases.add("ended_just_within_7_days", at=week - timedelta(minutes=20), ends=week + moment)
    cases.add("running_for_24_hours", at=day, ends=None, status="running", stage=5)
    cases.add("stale_by_a_moment", at=day - moment, ends=None, status="running", stage=5)
    cases.add(
        "paused",
        at=AS_OF - timedelta(hours=6),
        ends=None,
        status="paused",
        stage=4,
        paused_at=AS_OF - timedelta(hours=5),
    )
    cases.add("ended_at_as_of", at=AS_OF - timedelta(minutes=30), ends=AS_OF)
    cases.add(
        "running",
        at=AS_OF - timedelta(minutes=10),
        ends=None,
        status="running",
        stage=2,
        results={1: STANDARD[1]},
        credits=20,
    )
    cases.add("started_at_as_of", at=AS_OF, ends=None, status="running", stage=1, results={}, credits=0)
    cases.add("ended_after_as_of", at=AS_OF - timedelta(minutes=15), ends=AS_OF + moment)
    cases.add(
        "started_after_as_of",
        at=AS_OF + timedelta(minutes=5),
        ends=None,
        status="running",
        stage=1,
        results={},
        credits=0,
    )
    cases.add("run_without_site", at="2026-02-20T08:00:00", site_id=ORPHANED_SITE, schema="loose")
