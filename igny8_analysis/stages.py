"""Stages as pages and tables call them; views and payloads keep the names of `stage_parameters`."""

from typing import Any

LABELS = {"Review": "Review and approval"}


def stage_label(name: str) -> str:
    """What people read for a stage's name."""
    return LABELS.get(name, name)


def with_label(row: dict[str, Any]) -> dict[str, Any]:
    """The row, its `stage_name` (where it has one) as people read it."""
    return row | {"stage_name": stage_label(row["stage_name"])} if "stage_name" in row else row
