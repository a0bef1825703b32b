"""`pytest -p tests.near`: only the tests near what changed, the nearest first, for as long as somebody waits.

A test is near a changed file if it lies in it, or if its name or its text says what the file is called or defines.
A name that few tests say brings them nearer than one that many say.
"""

import inspect
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECONDS = 30
WORD = re.compile(r"\w{4,}")
DEFINED = re.compile(
    r"^(?:def|class|@dataclass\nclass) ([a-z]\w{3,}|[A-Z]\w+)|^([A-Z][A-Z_]{3,}) =", re.MULTILINE
)


def changed_files() -> set[Path]:
    """Files that differ from the last commit, or where nothing does, those of the last commit."""
    for commands in (
        ("diff --name-only HEAD", "ls-files --others --exclude-standard"),
        ("diff --name-only HEAD~1",),
    ):
        listed = [_git(command) for command in commands]
        if found := {ROOT / name for names in listed for name in names}:
            return found
    return set()


def _git(command: str) -> list[str]:
    return subprocess.run(
        ["git", *command.split()], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    ).stdout.splitlines()


def names_of(files: set[Path]) -> Iterator[str]:
    """What the files are called and, where they are Python, what they define for others."""
    for file in files:
        yield file.name.split(".")[0]
        if file.suffix == ".py" and file.is_file():
            yield from (a or b for a, b in DEFINED.findall(file.read_text(encoding="utf-8")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    files = changed_files()
    names = set(names_of(files))
    said = {item: _words(item) & names for item in items}
    tests = Counter(name for words in said.values() for name in words)
    nearness = {
        item: 1.0 if item.path in files else max((1 / tests[name] for name in words), default=0.0)
        for item, words in said.items()
    }
    near = sorted((item for item in items if nearness[item]), key=lambda item: -nearness[item])
    config.hook.pytest_deselected(items=[item for item in items if not nearness[item]])
    items[:] = near


def _words(item: pytest.Item) -> set[str]:
    function = getattr(item, "function", None)
    return set(WORD.findall(f"{item.nodeid} {inspect.getsource(function) if function else ''}"))


class _Patience:
    """Ends the session once SECONDS have gone by since its first test."""

    until: float | None = None

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.until = self.until or time.monotonic() + SECONDS

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self.until and time.monotonic() > self.until:
            item.session.shouldstop = f"the nearest tests of {SECONDS} s pass; make test runs all"
            pytest.skip("not as near")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Patience(), "patience")
