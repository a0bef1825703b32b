"""A home that cannot be written, or is none: everything works, and nothing is said of it."""

from pathlib import Path

import pytest

from tests.trust.processes import igny8

NOWHERE = {"HOME": "/proc/self/nowhere", "XDG_CACHE_HOME": "", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": ""}


@pytest.mark.parametrize(
    "words",
    [
        ("overview", "101"),
        ("sql", "select count(*) from runs"),
        ("export", "runs", "-o", "runs.parquet"),
        ("report", "run", "101", "latest", "-o", "run.html"),
        ("etl", "--source"),
        ("demo", "--quiet"),
    ],
    ids=lambda words: words[0],
)
def test_a_home_that_cannot_be_written(
    demo_source: Path, demo_warehouse: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    is_new = words[0] in ("etl", "demo")
    more = [f"sqlite:///{demo_source}"] if words[0] == "etl" else []
    done = igny8(*words, *more, "--warehouse", "new" if is_new else demo_warehouse, env=NOWHERE, cwd=tmp_path)
    assert (done.returncode, "unexpected" in done.stderr) == (0, False), done.stderr
    assert "home" not in (done.stdout + done.stderr).lower()
    assert list(tmp_path.iterdir()) != [] or words[0] in ("overview", "sql")
