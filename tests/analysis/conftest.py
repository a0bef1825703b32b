"""IPython in the test's own process."""

import atexit
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def ipython(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    """What a kernel runs cells with, without the cost of one; it asks the demo's warehouse."""
    monkeypatch.setenv("IGNY8_WAREHOUSE", str(demo_warehouse))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    yield made
    made.history_manager.end_session()
    atexit.unregister(made.atexit_operations)
    InteractiveShell.clear_instance()
