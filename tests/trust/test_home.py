"""A home that cannot be written, or is none: everything works, and nothing is said of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases import make_source, site
from tests.trust.processes import in_a_process

NOWHERE = {"HOME": "/proc/self/nowhere", "XDG_CACHE_HOME": "", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": ""}


@pytest.mark.parametrize(
    "words",
    [
        ("overview", "101"),
        ("sql", "select count(*) from runs"),
        ("export", "runs", "-o", "runs.parquet"),
        ("etl", "--source"),
        pytest.param(
            ("report", "run", "101", "latest", "-o", "run.html"),  # made below by who has no home at all
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda words: words[0],
)
def test_a_home_that_cannot_be_written(demo_warehouse: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    source = make_source(tmp_path / "source.sqlite", [site(1)])
    is_load = words[0] == "etl"
    more = [f"sqlite:///{source}"] if is_load else []
    done = in_a_process(
        *words, *more, "--warehouse", "new" if is_load else demo_warehouse, env=NOWHERE, cwd=tmp_path
    )
    assert (done.returncode, "unexpected" in done.stderr) == (0, False), done.stderr
    assert "home" not in (done.stdout + done.stderr).lower()
    assert list(tmp_path.iterdir()) != [source] or words[0] in ("overview", "sql")


@pytest.mark.skipif(
    os.geteuid() != 0 or not hasattr(os, "setresuid"), reason="only root can become a user whom nobody knows"
)
def test_a_user_without_a_home_and_a_name(demo_warehouse: Path, tmp_path: Path) -> None:
    """As in a container under a number of its own: the system cannot tell where such a user's home is."""
    code = "import os, sys; os.setresuid(54321, -1, -1); from igny8_analysis.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    environment["IGNY8_WAREHOUSE"] = str(demo_warehouse)
    for words in (("sql", "select 1"), ("report", "run", "101", "latest", "-o", "run.html")):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert (done.returncode, "unexpected" in done.stderr) == (0, False), done.stderr
