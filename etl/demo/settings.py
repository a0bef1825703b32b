"""Settings of the sites' automation: limits that bind, a stage and an automation switched off, odd values."""

from datetime import time

from igny8_analysis.etl.demo.cast import LIMITS, DemoSite
from igny8_analysis.etl.demo.values import STAGES, Row, Schema, Value, utc, with_columns

LIMIT_COLUMNS = (
    *("max_keywords_per_run", "max_clusters_per_run", "max_ideas_per_run", "max_tasks_per_run"),
    *("max_content_per_run", "max_images_per_run", "max_approvals_per_run"),
)
BATCH_SIZES = (50, 1, 20, 1, 1, 1)
ORPHAN = 997
"""A site that the settings of a loose copy alone name."""


def settings(schema: Schema) -> list[Row]:
    """Give the rows of `igny8_automation_configs`; the sites before `LIMITED` have none."""
    rows: list[Row] = []

    def add(site: int, **columns: Value) -> None:
        plain: Row = {
            "id": len(rows) + 1,
            "site_id": int(site),
            "is_enabled": True,
            "frequency": "daily",
            "scheduled_time": time(2).isoformat(),
            "last_run_at": None,
            "next_run_at": None,
            **{f"stage_{stage}_enabled": True for stage in STAGES},
            **{f"stage_{stage}_batch_size": size for stage, size in enumerate(BATCH_SIZES, 1)},
            **dict.fromkeys(LIMIT_COLUMNS),
            "max_credits_per_run": None,
        }
        rows.append(with_columns(plain, columns))

    add(
        DemoSite.LIMITED,
        **dict(zip(LIMIT_COLUMNS, LIMITS, strict=True)),
        last_run_at=utc("2026-03-01T02:00:00"),
        next_run_at=utc("2026-03-02T02:00:00"),
    )
    add(
        DemoSite.SWITCHED_OFF,
        is_enabled=False,
        stage_6_enabled=False,
        max_credits_per_run=200,
        last_run_at=utc("2026-02-20T09:00:00"),
    )
    add(  # due at three, and nothing started since
        DemoSite.BONUS_ONLY,
        frequency="weekly",
        scheduled_time=time(3).isoformat(),
        last_run_at=utc("2026-02-22T03:00:00"),
        next_run_at=utc("2026-03-01T03:00:00"),
    )
    add(DemoSite.DELETED, is_enabled=False, frequency="monthly")
    add(DemoSite.ODD_SETTINGS, frequency="hourly", max_keywords_per_run=7)  # of two rows the later one counts
    none: Row = dict.fromkeys((f"stage_{stage}_enabled" for stage in STAGES), None)
    odd = none | {"stage_2_enabled": False, "stage_1_batch_size": 0, "stage_2_batch_size": -1}
    odd |= {"max_keywords_per_run": 0, "max_clusters_per_run": -5, "max_ideas_per_run": 12}
    if schema == "loose":
        odd |= {
            "is_enabled": "perhaps",
            "scheduled_time": "at noon",
            "next_run_at": "soon",
            "stage_3_enabled": "TRUE",
            "stage_4_enabled": "f",
            "stage_5_enabled": "2",
            "stage_3_batch_size": "twenty",
            "max_tasks_per_run": " 4.0e1 ",
            "max_content_per_run": "many",
            "max_credits_per_run": "0.00",
        }
    add(DemoSite.ODD_SETTINGS, **odd)
    if schema == "loose":
        add(ORPHAN, frequency=None)
        rows.append(with_columns(rows[0], {"id": len(rows) + 1, "site_id": "nowhere"}))
    return rows
