"""Scratch folders of kernels: gone with the work, or, where its process was killed, swept by the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from igny8_analysis.etl.files import open_regular

PREFIX = "igny8-kernel-"
LOCK = "lock"


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder, locked while this process lives; making one sweeps those of dead processes."""

    def __init__(self) -> None:
        """Make the folder."""
        sweep()
        super().__init__(prefix=PREFIX, ignore_cleanup_errors=True)
        unlocked = Path(self.name) / "unlocked"
        self._lock = unlocked.open("w", encoding="utf-8")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unlocked.rename(unlocked.with_name(LOCK))  # only now may others find it

    def cleanup(self) -> None:
        """Remove the folder."""
        self._lock.close()
        super().cleanup()


def sweep() -> None:
    """Remove the scratch folders whose processes are dead."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with (
            suppress(OSError),
            os.fdopen(open_regular(lock, is_own=True), "rb") as file,
        ):  # an error: in use, say
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
