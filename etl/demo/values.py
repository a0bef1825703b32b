"""What a row of the demo source is made of, and the few words about a stage that all its parts share."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

Value = None | bool | int | float | str | datetime
"""A plain value: JSON is text, times carry UTC."""

Row = dict[str, Value]
"""One row: column → value."""

Schema = Literal["documented", "numeric", "loose"]
"""How much the tables let in: `documented` keeps to IGNY8's own DDL; `numeric` also has fractions in
`total_credits_used`; `loose` also has what only an unchecked copy can hold: malformed JSON, a run without
its site, a missing total. Each holds all of the one before."""

STAGES = range(1, 8)

RESULT_KEYS: Mapping[int, tuple[str, str | None]] = {
    1: ("keywords_processed", "clusters_created"),
    2: ("clusters_processed", "ideas_created"),
    3: ("ideas_processed", "tasks_created"),
    4: ("tasks_processed", "content_created"),
    5: ("content_processed", "prompts_created"),
    6: ("images_processed", "images_generated"),
    7: ("ready_for_review", None),
}
"""Stage → the keys of its input and of its output."""


def utc(text: str) -> datetime:
    """Give the instant that `text` (ISO 8601, no offset) names in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def as_json(value: object) -> str:
    """Write a value as compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def clock(seconds: float) -> str:
    """Write seconds as `HH:MM:SS`; hours may pass 24."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def run_row(
    *,
    tenant_id: int,
    site_id: int,
    started_at: datetime,
    completed_at: datetime | None,
    status: str,
    trigger_type: str,
    current_stage: int,
    total_credits_used: float | None,
    results: Mapping[int, str | None],
    initial_snapshot: str | None,
) -> Row:
    """Make a row of `igny8_automation_runs`; `id`, and what is rare, is still to be given."""
    stamp = started_at.strftime("%Y%m%d_%H%M%S")
    return {
        "id": 0,
        "tenant_id": tenant_id,
        "site_id": site_id,
        "run_id": f"run_{stamp}_{trigger_type}",
        "trigger_type": trigger_type,
        "status": status,
        "current_stage": current_stage,
        "started_at": started_at,
        "completed_at": completed_at,
        "paused_at": None,
        "resumed_at": None,
        "cancelled_at": None,
        "total_credits_used": total_credits_used,
        "initial_snapshot": initial_snapshot,
        **{f"stage_{stage}_result": results.get(stage) for stage in STAGES},
        "error_message": None,
        "updated_at": completed_at or started_at,
    }


def with_columns(row: Row, columns: Row) -> Row:
    """Give `row` with other values in some columns; raises ValueError for a column it does not have."""
    unknown = columns.keys() - row.keys()
    if unknown:
        raise ValueError(f"no such column: {', '.join(sorted(unknown))}")
    return row | columns
