"""Standard streams as a command finds them: closed, full, read by somebody who left, or unable to spell a character."""

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from igny8_analysis.etl.errors import Igny8Error
from igny8_analysis.text import visible

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputLost(Igny8Error):  # noqa: N818 (it is told as any other)
    """Standard output could not be written."""

    exit_code = 5


class ReaderLeft(OutputLost):
    """Whoever read standard output has read enough, as `head` does: no failure."""

    exit_code = 0


class _Output(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise ReaderLeft from None
        except OSError as error:
            raise OutputLost(f"standard output cannot be written: {error.strerror}") from None


class _Errors(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        with suppress(OSError):  # there is no other place to tell of it
            return super().write(data)
        return memoryview(data).nbytes


def prepare(*, shows_warnings: bool) -> None:
    """Give this process streams that are open; a lost output is told, a lost error is not, and no warning is sent.

    Descriptors 0 to 2 that are closed are taken, so that no other file gets them, in this process or its children.
    """
    while (taken := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(taken, True)
    os.close(taken)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    out = 1 if sys.stdout else os.open(os.devnull, os.O_RDONLY)  # which takes nothing
    encoding = sys.stdout.encoding if sys.stdout else "utf-8"
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(out, "w", closefd=False)),
        encoding,
        "backslashreplace",
        line_buffering=os.isatty(out),
    )
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Errors(2, "w", closefd=False)),
        sys.stderr.encoding if sys.stderr else "utf-8",
        "backslashreplace",
        line_buffering=True,
    )
    if not shows_warnings:
        warnings.simplefilter("ignore")


def tell(*lines: str) -> None:
    """Say on standard output what was done; where that cannot be written, what was done stands all the same."""
    with spared():
        print("\n".join(map(visible, lines)))


@contextmanager
def spared() -> Iterator[None]:
    """Where what the block says on standard output cannot be written, what was done stands all the same."""
    try:
        yield
        sys.stdout.flush()
    except (OutputLost, OSError):
        give_up_output()


def give_up_output() -> None:
    """Send what is still to be written, and what follows, nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
