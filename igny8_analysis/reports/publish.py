"""Publish reports whole, and tell from a published one what it is and which data it shows."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from etl.errors import LoadError

_STAMP = re.compile(r'<meta name="igny8-report" content="([a-z0-9-]+)">')
_HEAD_BYTES = 2048


def publish(target: Path, html: str) -> None:
    """Write a report so that at `target` there is always the earlier one or the whole new one.

    Raises LoadError where the folder or file cannot be written.
    """
    unfinished = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            unfinished = Path(file.name)
            file.write(html)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except OSError as error:
        msg = f"the report {target} cannot be written: {error.strerror or error}"
        raise LoadError(msg) from None
    finally:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)


def stamp_of(file: Path) -> str:
    """Return the stamp of a published report, as `run-7-42-<digest>`; empty where there is no report of ours."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    found = _STAMP.search(head)
    return found[1] if found else ""
