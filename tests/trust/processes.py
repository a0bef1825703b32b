"""The command line in processes of its own, and a look into PostgreSQL from another connection."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from adbc_driver_postgresql import dbapi

from tests.command import Done

IGNY8 = [sys.executable, "-m", "igny8_analysis"]


def in_a_process(*arguments: object, env: dict[str, str] | None = None, **options: Any) -> Done:
    """What a command did: `returncode`, `stdout`, `stderr`."""
    return subprocess.run(
        [*IGNY8, *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False, env=os.environ | (env or {}), **options,
    )  # fmt: skip


def start(*arguments: object) -> subprocess.Popen[str]:
    """A command under way."""
    return subprocess.Popen(
        [*IGNY8, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def on_a_terminal(*arguments: object, columns: int = 80) -> tuple[int, str]:
    """The exit status of a command on a terminal so wide, and all that it sent there, on both of its streams."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*IGNY8, *map(str, arguments)], stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    sent = b""
    with suppress(OSError):  # how a terminal says that nobody writes to it any more
        while piece := os.read(controller, 65536):
            sent += piece
    os.close(controller)
    return process.wait(60), sent.decode()


def assert_told(done: Done, status: int, *words: str) -> None:
    """The command failed as promised: with that status, in one line that holds the words."""
    told = f"{done.returncode}: {done.stdout}{done.stderr}"
    assert (done.returncode, done.stdout) == (status, ""), told
    assert done.stderr.startswith("igny8: "), told
    assert done.stderr.endswith("\n"), told
    assert len(done.stderr.splitlines()) == 1, told
    assert len(done.stderr) <= 2_000, told
    assert "Traceback" not in told
    for word in words:
        assert word in done.stderr, told


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query to a PostgreSQL database."""
    with closing(dbapi.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def wait_for(what: Callable[[], Any], seconds: float = 30) -> Any:
    """What the call gives as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")
