"""`igny8 demo` a second time: what is loaded stays, what changed is loaded."""

import os
import shutil
from pathlib import Path

import pytest

from igny8_analysis.cli.load import _load_demo, is_demo_loaded
from igny8_analysis.etl import demo, lake
from igny8_analysis.etl.demo import AS_OF
from tests.command import igny8


@pytest.fixture
def root(demo_warehouse: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo_warehouse, tmp_path / "data")
    return tmp_path / "data"


def dated(path: Path, seconds_after: int, other: Path) -> None:
    time = other.stat().st_mtime + seconds_after
    os.utime(path, (time, time))


def test_a_load_of_the_demo_stays(root: Path, demo_source: Path) -> None:
    version = lake.current_version(root)
    assert version
    dated(version.manifest_file, 1, demo_source)
    assert is_demo_loaded(root, demo_source, AS_OF)


def test_a_younger_source_another_instant_and_no_load_are_loaded(root: Path, demo_source: Path) -> None:
    version = lake.current_version(root)
    assert version
    assert not is_demo_loaded(root, demo_source, AS_OF.replace(year=2025))
    assert not is_demo_loaded(root, root / "none.sqlite", AS_OF)
    assert not is_demo_loaded(root / "empty", demo_source, AS_OF)
    dated(version.manifest_file, -1, demo_source)
    assert not is_demo_loaded(root, demo_source, AS_OF)


def test_a_sample_that_cannot_be_kept_is_loaded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(made: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(demo, "copy_sqlite", is_full)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    report = _load_demo(tmp_path / "data", tmp_path / "data" / "demo.sqlite", quiet=True)
    (warning,) = report.warnings
    assert warning.startswith("the sample is loaded, yet its source")
    current = lake.current_version(tmp_path / "data")
    assert current
    assert current.id == report.version
    assert list(tmp_path.glob("igny8-sample-*")) == []


def test_the_demo_leaves_other_loads_alone(own_small: Path) -> None:
    before = (
        sorted(file.name for file in (own_small / "versions").iterdir()),
        (own_small / "current").read_bytes(),
    )
    done = igny8("demo", "--quiet", "--warehouse", own_small)
    assert (done.returncode, done.stdout) == (5, "")
    assert "holds loads that are not the sample's" in done.stderr
    after = (
        sorted(file.name for file in (own_small / "versions").iterdir()),
        (own_small / "current").read_bytes(),
    )
    assert after == before
