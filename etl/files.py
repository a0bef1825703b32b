"""Files opened without waiting, told from what others may have put in their place, and written whole."""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

UNFINISHED = ".igny8-unfinished"
TOKEN_BYTES = 8


def open_regular(path: Path, flags: int = os.O_RDONLY, *, is_own: bool = False) -> int:
    """Open a regular file and return its descriptor; a FIFO, which would keep one waiting, is refused.

    With `is_own` links and files of other users are refused too: for locks, and what is going to be removed.
    Raises OSError.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | (os.O_NOFOLLOW if is_own else 0), 0o666)
    about = os.fstat(descriptor)
    refused = None
    if not stat.S_ISREG(about.st_mode):
        refused = OSError(errno.EINVAL, "it is no regular file", str(path))
    elif is_own and about.st_uid != os.geteuid():
        refused = PermissionError(errno.EPERM, "it belongs to another user", str(path))
    if refused:
        os.close(descriptor)
        raise refused
    return descriptor


def read_text(path: Path) -> str:
    """The text of a regular file; what is no UTF-8 is replaced. Raises OSError."""
    with os.fdopen(open_regular(path), encoding="utf-8", errors="replace") as file:
        return file.read()


def write_durably(path: Path, text: str) -> None:
    """Write a file that is not there yet; its content is on the disk afterwards. Raises OSError."""
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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
    for path in folder.glob(f".{'[0-9a-f]' * 2 * TOKEN_BYTES}{UNFINISHED}"):
        with (
            suppress(OSError),
            os.fdopen(open_regular(path, is_own=True), "rb") as file,
        ):  # an error: being written, say
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _locked_beside(target: Path) -> tuple[int, Path]:
    """Return a new file in the target's folder; while this process lives its lock keeps it from being swept."""
    while True:
        unfinished = target.with_name(f".{secrets.token_hex(TOKEN_BYTES)}{UNFINISHED}")
        descriptor = open_regular(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, is_own=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else it was swept before it was locked
            return descriptor, unfinished
        os.close(descriptor)


def flush(path: Path) -> None:
    """Bring a file's content, or a folder's list of names, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def may_write(folder: Path | str) -> bool:
    """Whether this process may make files in the folder: by what it acts as, which is not always who started it."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def is_there(path: Path) -> bool:
    """Whether anything has this name, a link to nothing included."""
    return os.path.lexists(path)
