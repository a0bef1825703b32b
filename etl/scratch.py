"""Scratch folders: gone with the work, or, where its process was killed, swept by the next."""

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from igny8_analysis.etl.files import may_write, open_regular

KERNEL = "igny8-kernel-"
SPILL = "igny8-spill-"
COPY = "igny8-copy-"
SAMPLE = "igny8-sample-"
LOCK = "lock"
LARGE = "/var/tmp"


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder, locked while this process lives; making one sweeps those of dead processes."""

    def __init__(self, prefix: str = KERNEL) -> None:
        """Make the folder, in TMPDIR where that is set. Raises OSError."""
        folder = _folder(prefix)
        sweep(prefix)
        super().__init__(prefix=prefix, dir=folder, ignore_cleanup_errors=True)
        unlocked = Path(self.name) / "unlocked"
        self._lock = unlocked.open("w", encoding="utf-8")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unlocked.rename(unlocked.with_name(LOCK))  # only now may others find it

    def cleanup(self) -> None:
        """Remove the folder."""
        self._lock.close()
        super().cleanup()


def sweep(prefix: str = KERNEL) -> None:
    """Remove the scratch folders whose processes are dead: ours by their name, their lock and its owner."""
    for lock in _folder(prefix).glob(f"{prefix}*/{LOCK}"):
        with (
            suppress(OSError),
            os.fdopen(open_regular(lock, is_own=True), "rb") as file,
        ):  # an error: in use, say
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


def spill_folder(name: str) -> Path | None:
    """Where a database of this process may put what its memory cannot hold; None where there is no such place.

    Outside every version of a warehouse, and gone when the process ends.
    """
    try:
        return Path(_spill(os.getpid()).name) / name
    except OSError:
        return None


@cache
def _spill(process: int) -> Scratch:
    """The one folder of this process, which may be a fork of another."""
    made = Scratch(SPILL)
    atexit.register(made.cleanup)
    return made


def _folder(prefix: str) -> Path:
    is_large = prefix != KERNEL and "TMPDIR" not in os.environ and may_write(LARGE)
    return Path(LARGE if is_large else tempfile.gettempdir())
