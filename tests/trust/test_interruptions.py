"""Interruptions are plain: one line, the right status, no half version, no process left, old data still served."""

import resource
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from adbc_driver_postgresql import dbapi

from igny8_analysis import connect
from igny8_analysis.etl.loading import locked
from tests.cases import AS_OF, make_source, run, site
from tests.command import igny8
from tests.conftest import lacking, sampled
from tests.lakes import grow
from tests.trust.processes import IGNY8, Done, assert_told, in_a_process, query, start, wait_for
from tests.trust.test_stalls import make_runs_slow

RUNS = 12
BACKENDS = "select pid, wait_event_type from pg_stat_activity where application_name = 'igny8-analysis'"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Of other runs than the warehouse's, or its tables would not be made anew."""
    rows = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 30)}) for n in range(1, RUNS + 1)]
    return make_source(tmp_path / "s.sqlite", [site(1, "a.example")], rows)


@pytest.fixture
def data(own_small: Path) -> Iterator[Path]:
    """A warehouse with one version, which is all that is there in the end."""
    before = contents(own_small)
    yield own_small
    assert contents(own_small) == before
    with connect(own_small) as warehouse:
        assert warehouse.overview_stats("a.example")["run_statistics"]["total_runs"] == RUNS


def contents(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def etl(source: str, root: Path) -> Done:
    return igny8("etl", "--source", source, "--warehouse", root)


# The source


def test_the_server_is_away(data: Path) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        done = etl(f"postgresql://reader@127.0.0.1:{port}/igny8", data)
    assert_told(done, 5, "cannot connect", "refused", "check the address")


def test_the_server_does_not_answer(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}/igny8"
        done = etl(address, data)
    assert_told(done, 5, "cannot connect", "timeout")


def test_control_c_while_the_server_does_not_answer(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}/igny8"
        loading = start("etl", "--source", address, "--warehouse", data)
        connection, _ = silent.accept()
        with connection:
            interrupted = time.monotonic()
            loading.send_signal(signal.SIGINT)
            assert_ended(loading, 130, "interrupted")
            assert time.monotonic() - interrupted < 7, "half of what a connection attempt may take"


def test_the_host_is_unknown(data: Path) -> None:
    assert_told(etl("postgresql://reader@nowhere.invalid/igny8", data), 5, "nowhere.invalid")


@pytest.mark.parametrize(
    "address", ["mysql://u:pw@h/x", "nonsense", "sqlite:/x", "sqlite://", "sqlite:///", "postgresql:x", ""]
)
def test_an_address_of_no_kind(data: Path, address: str) -> None:
    assert_told(etl(address, data), 2, "postgresql://", "sqlite:///")


def test_sqlite_that_is_none(data: Path, tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("no database, " * 500, encoding="utf-8")
    assert_told(etl(f"sqlite:///{tmp_path / 'text.sqlite'}", data), 5, "text.sqlite", "not a database")
    assert_told(etl(f"sqlite:///{tmp_path}", data), 5, "no SQLite file")


def test_sqlite_that_is_cut_short(data: Path, source: Path, tmp_path: Path) -> None:
    whole = source.read_bytes()
    (tmp_path / "cut.sqlite").write_bytes(whole[: len(whole) // 2])
    assert_told(etl(f"sqlite:///{tmp_path / 'cut.sqlite'}", data), 5, "malformed")


def test_the_connection_is_cut_midway(data: Path, small_postgres: str) -> None:
    """While the source works for us, and while rows stream."""
    with closing(dbapi.connect(small_postgres)) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock table igny8_keywords in access exclusive mode")
        loading = start("etl", "--source", small_postgres, "--warehouse", data)
        pid = wait_for(lambda: [pid for pid, wait in query(small_postgres, BACKENDS) if wait == "Lock"])[0]
        query(small_postgres, f"select pg_terminate_backend({pid})")
        assert_ended(loading, 5, "reading from PostgreSQL failed", "terminating connection", "load again")
        blocker.rollback()

    make_runs_slow(small_postgres)
    loading = start("etl", "--source", small_postgres, "--warehouse", data)
    pid = wait_for(lambda: [pid for pid, wait in query(small_postgres, BACKENDS) if wait == "Timeout"])[0]
    query(small_postgres, f"select pg_terminate_backend({pid})")
    assert_ended(loading, 5, "reading from PostgreSQL failed", "terminating connection")


def assert_ended(process: subprocess.Popen[str], status: int, *words: str) -> None:
    out, err = process.communicate(timeout=60)
    assert_told(Done(process.args, process.returncode, out, err), status, *words)


def test_control_c_while_the_source_works(data: Path, small_postgres: str) -> None:
    """The statement is cancelled and the session ends at once."""
    with closing(dbapi.connect(small_postgres)) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock table igny8_keywords in access exclusive mode")
        loading = start("etl", "--source", small_postgres, "--warehouse", data)
        wait_for(lambda: [pid for pid, wait in query(small_postgres, BACKENDS) if wait == "Lock"])
        loading.send_signal(signal.SIGINT)
        assert_ended(loading, 130, "interrupted")
        assert query(small_postgres, BACKENDS) == []
        blocker.rollback()

    make_runs_slow(small_postgres)
    loading = start("etl", "--source", small_postgres, "--warehouse", data)
    wait_for(lambda: [pid for pid, wait in query(small_postgres, BACKENDS) if wait == "Timeout"])
    loading.send_signal(signal.SIGINT)
    assert_ended(loading, 130, "interrupted")
    wait_for(lambda: query(small_postgres, BACKENDS) == [])


AT_STEP = """
import os, signal, sys, threading
import igny8_analysis.load
from igny8_analysis import cli

load = igny8_analysis.load.load
step, delay = sys.argv.pop(1), float(sys.argv.pop(1))

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def progress(name):
    if name == step:
        threading.Timer(delay, interrupt).start() if delay else interrupt()

igny8_analysis.load.load = lambda source, root, as_of, keep, _, *more: load(source, root, as_of, keep, progress, *more)
cli.main()
"""


@pytest.mark.parametrize(
    ("step", "delay"),
    [
        ("read runs", 0),
        pytest.param("unnest results", 0.05, marks=pytest.mark.slow),
        pytest.param("write runs", 0, marks=pytest.mark.slow),
        ("build warehouse", 0.1),
        ("publish", 0),
    ],
)
def test_control_c_at_a_step(data: Path, source: Path, step: str, delay: float) -> None:
    arguments = ["etl", "--source", f"sqlite:///{source}", "--warehouse", str(data)]
    command = [sys.executable, "-c", AT_STEP, step, str(delay), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert_told(done, 130, "interrupted")


# The disk


@pytest.mark.parametrize("room", sampled([0, 20_000, 1_500_000, 1_000, 300_000]))
def test_files_cannot_grow(data: Path, source: Path, room: int) -> None:
    """A limit of the process stands for a full disk where none can be mounted."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = in_a_process(
        "etl", "--source", f"sqlite:///{source}", "--warehouse", data,
        preexec_fn=limit, env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert_told(done, 5, "the disk is full", "free some space")


def small_disk_works() -> bool:
    test = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return (
        bool(shutil.which("unshare"))
        and subprocess.run(test, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("room_kb", sampled([8, 5_000, 400, 2_000]))
def test_the_disk_is_full(small_warehouse: Path, source: Path, tmp_path: Path, room_kb: int) -> None:
    """A small file system of its own, with an old version on it; there the old one is still served."""
    if not small_disk_works():
        lacking("no small file system can be mounted; test_files_cannot_grow alone stands for a full disk")
    size = sum(path.stat().st_size for path in small_warehouse.rglob("*")) // 1024 + 80 + room_kb
    disk = tmp_path / "disk"
    disk.mkdir()
    program, at = shlex.join(IGNY8), shlex.quote(str(disk))
    script = f"""
        mount -t tmpfs -o size={size}k tmpfs {at} && cp -r {shlex.quote(str(small_warehouse))} {at}/data || exit 99
        {program} etl --source sqlite:///{source} --warehouse {at}/data
        echo "status $?"
        ls {at}/data/versions | wc -l
        {program} sql 'select count(*) as runs from runs' --format csv --warehouse {at}/data
    """
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, encoding="utf-8", check=False
    )
    assert done.stdout.split() == ["status", "5", "1", '"runs"', str(RUNS)], done.stdout + done.stderr
    assert_told(Done([], 5, "", done.stderr), 5, "the disk is full", "free some space")


def test_a_place_that_is_no_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert_told(etl(f"sqlite:///{source}", tmp_path / "file"), 5, "file")
    assert_told(igny8("sites", "--warehouse", tmp_path / "file"), 4, "no warehouse")


# One load at a time


def test_a_second_load_ends_at_once(data: Path, source: Path) -> None:
    with locked(data):
        assert_told(etl(f"sqlite:///{source}", data), 5, "another load is running", "try again")


def test_a_lock_of_a_dead_process_does_not_stand_in_the_way(own_small: Path, source: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from igny8_analysis.etl.loading import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(own_small)], stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    assert etl(f"sqlite:///{source}", own_small).returncode == 5
    holder.kill()
    holder.wait()
    holder.stdout.close()
    grow(f"sqlite:///{source}", own_small, AS_OF)


def test_a_source_that_is_being_written(data: Path, source: Path, tmp_path: Path) -> None:
    shutil.copy(source, tmp_path / "busy.sqlite")
    with closing(sqlite3.connect(tmp_path / "busy.sqlite", isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        assert_told(etl(f"sqlite:///{tmp_path / 'busy.sqlite'}", data), 5, "locked")


def test_no_database_of_that_name(data: Path, small_postgres: str) -> None:
    assert_told(etl(urlsplit(small_postgres)._replace(path="/none").geturl(), data), 5, "none")
