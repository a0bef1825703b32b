"""Stages as pages and tables call them; views and payloads keep the names of `stage_parameters`."""

import re
from typing import Any

LABELS = {"Review": "Review and approval"}
TEXTS = {"message", "first_insight"}
_NAMES = "|".join(LABELS)
_IN_TEXT = re.compile(
    rf"(?<=failed at )({_NAMES})(?=:|$)|(?<=\()({_NAMES})(?=\))|^({_NAMES})(?= reported )|(?<=: )({_NAMES})(?= costs )"
)
"""A stage where a text of an alert or an insight names it."""


def stage_label(name: str) -> str:
    """What people read for a stage's name."""
    return LABELS.get(name, name)


def with_label(row: dict[str, Any]) -> dict[str, Any]:
    """The row with stages as people read them: in its `stage_name`, and in the text of an alert or an insight."""
    labelled = {name: _labelled(row[name]) for name in TEXTS & row.keys()}
    if "stage_name" in row:
        labelled["stage_name"] = stage_label(row["stage_name"])
    return row | labelled


def _labelled(text: str | None) -> str | None:
    return text and _IN_TEXT.sub(lambda found: LABELS[found[0]], text, count=1)
