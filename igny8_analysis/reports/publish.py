"""Publish files whole, sweep what killed work left, and tell from a published report which data it shows."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.etl.files import is_there, may_write, open_regular
from igny8_analysis.etl.lake import warehouse_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNFINISHED = ".igny8-unfinished"
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


def refuse_own_file(target: Path) -> None:
    """Raise UsageError where the file is, or would be, one that a warehouse is made of."""
    if root := warehouse_of(target):
        raise UsageError(f"{target} belongs to the warehouse {root}: name a place elsewhere")


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


@contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file to write that takes `target`'s place when all went well, and is gone otherwise.

    Raises OSError where that cannot be; a device, say, is not replaced.
    """
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")
    descriptor, unfinished = _locked_beside(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the unfinished files in a folder whose writers are dead."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with (
            suppress(OSError),
            os.fdopen(open_regular(path, is_own=True), "rb") as file,
        ):  # an error: being written, say
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def stamp_of(file: Path) -> str:
    """Return the stamp of a published report, as `run-7-42-<digest>`; empty where there is no report of ours."""
    try:
        with os.fdopen(open_regular(file), "rb") as opened:
            head = opened.read(_HEAD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    found = _STAMP.search(head)
    return found[1] if found else ""


def _locked_beside(target: Path) -> tuple[int, Path]:
    """Return a new file in the target's folder; while this process lives its lock keeps it from being swept."""
    while True:
        unfinished = target.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")
        descriptor = open_regular(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, is_own=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else it was swept before it was locked
            return descriptor, unfinished
        os.close(descriptor)
