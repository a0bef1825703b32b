"""A report is there whole: the earlier one or the new one, whenever its making is killed."""

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from igny8_analysis.etl.files import UNFINISHED, sweep, whole
from igny8_analysis.load import load
from tests.cases import make_source, run, site
from tests.command import igny8
from tests.conftest import sampled
from tests.pages import notebooks_here
from tests.reports.conftest import processes_of
from tests.trust.faults import Loads
from tests.trust.processes import IGNY8, assert_told, in_a_process, wait_for


@pytest.fixture(scope="module")
def loads() -> Iterator[Loads]:
    with Loads() as started:
        yield started


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of one site."""
    folder = tmp_path_factory.mktemp("loaded")
    grow(folder, 1)
    return folder / "data"


@pytest.fixture
def root(loaded: Path, tmp_path: Path) -> Path:
    """A copy of it; `grow` changes what its overview says."""
    return shutil.copytree(loaded, tmp_path / "data")


def grow(folder: Path, runs: int) -> None:
    rows = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}) for n in range(1, runs + 1)]
    source = make_source(folder / f"{runs}.sqlite", [site(1, "a.example")], rows)
    load(f"sqlite:///{source}", folder / "data")


@pytest.mark.slow
def test_a_report_killed_at_every_step(loads: Loads, root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    target = folder / "index.html"
    assert loads.report(root, target)[0] == 0
    old = target.read_bytes()
    grow(tmp_path, 2)
    status, steps = loads.report(root, tmp_path / "new.html")
    assert status == 0
    new = (tmp_path / "new.html").read_bytes()
    assert new != old
    (published,) = [
        number
        for number, name in enumerate(steps)
        if name.startswith("os.rename") and name.endswith(UNFINISHED)
    ]
    leftovers = 0
    for number, name in enumerate(steps):
        target.write_bytes(old)
        assert loads.report(root, target, step=number)[0] == -9
        assert target.read_bytes() == (new if number > published else old), f"killed at {name}"
        leftovers += len(list(folder.iterdir())) - 1
        sweep(folder)
        assert [path.name for path in folder.iterdir()] == ["index.html"]
    assert leftovers
    assert loads.report(root, target, step=published)[0] == -9
    assert loads.report(root, target)[0] == 0
    assert target.read_bytes() == new
    assert [path.name for path in folder.iterdir()] == ["index.html"]


@pytest.mark.slow
@pytest.mark.parametrize("later", sampled([1, 0], quick=1))
def test_a_killed_command_leaves_no_process_and_is_cleared_away(
    root: Path, tmp_path: Path, later: float
) -> None:
    """With a kernel, in a temporary folder whose name is too long for a socket's."""
    scratch, target = tmp_path / ("t" * 90), tmp_path / "out" / "index.html"
    scratch.mkdir()
    environment = {"TMPDIR": str(scratch)}
    report = ["report", "overview", "1", "-o", str(target), "--warehouse", str(root)]
    killed = subprocess.Popen([*IGNY8, *report], env=os.environ | environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: list(scratch.glob("igny8-kernel-*/kernel.json")))
    time.sleep(later)
    killed.kill()
    killed.wait()
    wait_for(lambda: not processes_of(str(scratch)))

    done = in_a_process(*report, env=environment)
    assert done.returncode == 0, done.stderr
    assert target.read_text(encoding="utf-8").endswith("</html>")
    assert [path.name for path in target.parent.iterdir()] == ["index.html"]
    assert list(scratch.glob("igny8-kernel-*")) == []


def test_what_is_being_written_is_not_swept(tmp_path: Path) -> None:
    """What a dead writer left is."""
    (tmp_path / f".0123456789abcdef{UNFINISHED}").write_bytes(b"half")
    theirs = tmp_path / f".notes{UNFINISHED}"
    theirs.write_bytes(b"of someone else")
    with whole(tmp_path / "a.html") as file:
        sweep(tmp_path)
        file.write(b"all")
    assert (tmp_path / "a.html").read_bytes() == b"all"
    assert set(tmp_path.iterdir()) == {tmp_path / "a.html", theirs}


def test_what_takes_a_files_place_is_on_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power may go at any moment: a name without what it names would be an empty report."""
    done: list[object] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        done.append(os.fstat(descriptor).st_size)
        real_fsync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        done.append(target.name)
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    with whole(tmp_path / "a.html") as file:
        file.write(b"all")
    assert done == [3, "a.html"]


def test_a_report_that_cannot_be_written_leaves_nothing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "folder" / "in it").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    for target in (
        tmp_path / "file" / "a.html",
        tmp_path / "folder",
        tmp_path / "pipe",
        Path("/proc/none/a"),
    ):
        with notebooks_here():
            done = igny8("report", "overview", "1", "-o", str(target), "--warehouse", str(root))
        assert_told(done, 5, str(target.parent), "cannot be written")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["in it"]
    assert {path.name for path in tmp_path.iterdir()} == {"data", "file", "folder", "pipe"}


@pytest.mark.parametrize("files", [20, 40])
def test_a_kernel_that_cannot_start_is_told(root: Path, tmp_path: Path, files: int) -> None:
    """A limit of open files stands for whatever a kernel may find too little of; it says nothing of its own."""
    target = tmp_path / "out.html"
    done = in_a_process(
        "report", "overview", "1", "-o", target, "--warehouse", root,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )  # fmt: skip
    assert_told(done, 5, "the kernel did not start", "ulimit")
    assert not target.exists()
