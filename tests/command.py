"""Running the command line in a test, as a process of its own would see it, without the cost of one."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from igny8_analysis.cli import main

Done = subprocess.CompletedProcess[str]
"""What a command printed, and its exit status."""


def igny8(*arguments: object, stdin: str | None = None) -> Done:
    """Run `igny8 <arguments>`."""
    words = list(map(str, arguments))
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["igny8", *words])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((stdin or "").encode()), "utf-8"))
        with pytest.raises(SystemExit) as stop:
            main()
    out.flush()
    return Done(words, _status(stop.value.code), out.buffer.getvalue().decode(), err.getvalue())


def _status(code: object) -> int:
    return code if isinstance(code, int) else 0
