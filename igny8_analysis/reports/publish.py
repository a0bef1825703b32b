"""Publish reports whole, over nobody else's files, and tell from a published one which data it shows."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.etl.files import is_there, may_write, open_regular, whole
from igny8_analysis.etl.lake import refuse_own_file

if TYPE_CHECKING:
    from collections.abc import Iterable

_STAMP = re.compile(r'<meta name="igny8-report" content="([a-z0-9-]+)">')
_HEAD_BYTES = 2048


def publish(target: Path, html: str) -> None:
    """Write a report so that at `target` there is always the earlier one or the whole new one.

    Raises LoadError where the folder or file cannot be written, UsageError for a warehouse's own file.
    """
    refuse_own_file(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(target) as file:
            file.write(html.encode())
    except OSError as error:
        msg = f"the report {target} cannot be written: {error.strerror or error}"
        raise LoadError(msg) from None


def refuse_foreign(files: Iterable[Path]) -> None:
    """Raise UsageError where a file that is not a report of ours would be written over, though nobody named it."""
    for file in files:
        if is_there(file) and not stamp_of(file):
            raise UsageError(f"{file} is no report of igny8: name another folder with --output, or move it")


def check_folder(folder: Path) -> None:
    """Raise LoadError where files could not be written to the folder, nor it be made: before there is work to lose."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise LoadError(f"reports cannot be written to {folder}: {nearest} is no folder")
    if not may_write(nearest):
        raise LoadError(f"reports cannot be written to {folder}: {nearest} cannot be written")


def check_place(target: Path) -> None:
    """Raise LoadError where what is there is no file to be replaced: a folder, or a device."""
    if target.exists() and not target.is_file():
        raise LoadError(f"the report {target} cannot be written: it is no regular file")


def stamp_of(file: Path) -> str:
    """Return the stamp of a published report, as `run-7-42-<digest>`; empty where there is no report of ours."""
    try:
        with os.fdopen(open_regular(file), "rb") as opened:
            head = opened.read(_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    found = _STAMP.search(head)
    return found[1] if found else ""
