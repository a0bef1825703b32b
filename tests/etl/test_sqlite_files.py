"""SQLite files as they are found: copied from a running system, held by others, in odd places and shapes."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from igny8_analysis.etl.catalogue import look
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.sources import open_source, sqlite
from tests.cases import make_source, run, site
from tests.conftest import lacking

RUNS = "select id from igny8_automation_runs order by id"


def runs_in(path: Path) -> list[str]:
    with open_source(f"sqlite:///{path}") as source:
        return [
            row["id"]
            for row in source.read(f"select cast(id as text) as id from ({RUNS})").read_all().to_pylist()
        ]


def beside(path: Path) -> dict[str, tuple[int, int, bytes]]:
    """What is in the file's folder."""
    files = sorted(path.parent.iterdir())
    return {f.name: (f.stat().st_size, f.stat().st_mtime_ns, f.read_bytes()) for f in files if f.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two runs."""
    folder = tmp_path / "source"
    folder.mkdir()
    runs = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}) for n in (1, 2)]
    return make_source(folder / "db.sqlite", [site(1, "a.example")], runs, [])


def write_run(connection: sqlite3.Connection, number: int) -> None:
    columns = (
        "site_id, tenant_id, run_id, trigger_type, status, current_stage, started_at, total_credits_used"
    )
    connection.execute(
        f"insert into igny8_automation_runs (id, {columns}) select ?, {columns} from igny8_automation_runs limit 1",
        [number],
    )


@contextmanager
def writer(path: Path, mode: str = "wal") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"pragma journal_mode = {mode}")
        yield connection


def copy(path: Path, *suffixes: str) -> Path:
    """The file as `cp` takes it from under a running program, with its companions."""
    folder = path.parent.with_name("copy")
    folder.mkdir()
    for suffix in ("", *suffixes):
        shutil.copy(f"{path}{suffix}", folder)
    return folder / path.name


def test_a_write_ahead_log_beside_it_is_read_and_nothing_is_left(source: Path) -> None:
    with writer(source) as connection:
        write_run(connection, 3)
        copied = copy(source, "-wal")
    before = beside(copied)
    assert runs_in(copied) == ["1", "2", "3"]
    assert beside(copied) == before


def test_without_its_log_nothing_is_left(source: Path) -> None:
    with writer(source):
        pass
    before = beside(source)
    assert set(before) == {"db.sqlite"}
    assert runs_in(source) == ["1", "2"]
    assert beside(source) == before


def test_beside_a_running_writer(source: Path) -> None:
    with writer(source) as connection:
        write_run(connection, 3)
        names = set(beside(source))
        assert runs_in(source) == ["1", "2", "3"]
        connection.execute("begin immediate")
        write_run(connection, 4)
        assert runs_in(source) == ["1", "2", "3"]
        connection.execute("commit")
        assert runs_in(source) == ["1", "2", "3", "4"]
        assert set(beside(source)) == names


def test_a_write_while_it_is_read_without_locks_is_told(source: Path) -> None:
    with writer(source):
        pass

    def read_while_another_writes() -> None:
        with open_source(f"sqlite:///{source}"), writer(source) as connection:
            write_run(connection, 3)
            connection.execute("pragma wal_checkpoint(truncate)")

    with pytest.raises(LoadError, match="written while it was read"):
        read_while_another_writes()


READER = """
import sys
from igny8_analysis.etl.sources import open_source
with open_source(f"sqlite:///{sys.argv[1]}") as source:
    print(source.read("select count(*) as items from igny8_automation_runs").read_all().to_pylist()[0]["items"])
"""


@pytest.mark.parametrize(("mode", "is_log_there"), [("delete", False), ("wal", False), ("wal", True)])
def test_in_a_folder_that_is_read_only(source: Path, mode: str, is_log_there: bool) -> None:
    with writer(source, mode) as connection:
        if is_log_there:
            write_run(connection, 3)
        path = copy(source, "-wal") if is_log_there else source
    for part in (*path.parent.iterdir(), path.parent):
        part.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | (0o111 if part.is_dir() else 0))
    before = beside(path)
    done = read_without_privileges(path)
    path.parent.chmod(0o755)
    assert (done.returncode, done.stdout.strip()) == (0, "3" if is_log_there else "2"), done.stderr
    assert beside(path) == before


def read_without_privileges(path: Path) -> subprocess.CompletedProcess[str]:
    """Read it in a process to which the folder's rights apply, also where root runs the tests."""
    if os.geteuid() != 0:
        plain = []
    elif shutil.which("setpriv"):
        plain = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    else:
        lacking("root, and no setpriv (of util-linux) on the PATH")
    return subprocess.run(
        [*plain, sys.executable, "-c", READER, str(path)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_a_write_that_was_cut_off_is_told(source: Path) -> None:
    with writer(source, "delete") as connection:
        connection.execute("pragma cache_size = 1")
        connection.execute("begin immediate")
        for number in range(10, 400):
            write_run(connection, number)
        copied = copy(source, "-journal")
    before = beside(copied)
    with pytest.raises(LoadError, match=r"db\.sqlite-journal beside it undoes that.*quick_check"):
        runs_in(copied)
    assert beside(copied) == before


def test_held_open_for_writing_is_told(source: Path) -> None:
    with writer(source, "delete") as connection:
        connection.execute("begin exclusive")
        with pytest.raises(LoadError, match="another program holds it open for writing"):
            runs_in(source)


@pytest.mark.parametrize(
    "name", ["what?.sqlite", "a#b.sqlite", "100%41.sqlite", "a b'c.sqlite", "é?mode=rw.sqlite"]
)
def test_any_name(source: Path, name: str) -> None:
    odd = source.rename(source.with_name(name))
    assert runs_in(odd) == ["1", "2"]
    assert set(beside(odd)) == {name}


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_bytes(b"id,name\n" * 500)
    with pytest.raises(LoadError, match="not a database"):
        runs_in(tmp_path / "text.sqlite")
    os.mkfifo(tmp_path / "fifo.sqlite")
    with pytest.raises(LoadError, match="no SQLite file"):
        runs_in(tmp_path / "fifo.sqlite")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_fifo_beside_it_keeps_nobody_waiting(source: Path, suffix: str) -> None:
    os.mkfifo(f"{source}{suffix}")
    with pytest.raises(LoadError, match=f"db.sqlite{suffix} is no regular file"):
        runs_in(source)


def test_a_write_while_it_is_copied_is_told(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and its log are copied one after the other; what is written between them makes them no pair."""
    with writer(source) as connection:
        write_run(connection, 3)
        copied = copy(source, "-wal")
    copyfile = shutil.copyfile

    def while_another_writes(part: Path, to: Path) -> None:
        copyfile(part, to)
        with part.open("ab") as file:
            file.write(b"x")

    monkeypatch.setattr(shutil, "copyfile", while_another_writes)
    with pytest.raises(LoadError, match="written while it was read"):
        runs_in(copied)


def test_generated_columns_are_columns(source: Path) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        for kind, table in (("virtual", "keywords"), ("stored", "clusters")):
            connection.execute(f"drop table igny8_{table}")
            connection.execute(
                f"create table igny8_{table} (id integer primary key, site_id integer, cluster_id integer, "
                "status text, disabled integer, deleted_at text, "
                f"is_deleted integer generated always as (deleted_at is not null) {kind})"
            )
    with open_source(f"sqlite:///{source}") as opened:
        missing = look(opened).missing
    assert [
        name for name in missing if "is_deleted" in name and ("keywords" in name or "clusters" in name)
    ] == []


def test_a_statement_of_sqlite_that_takes_too_long_is_stopped(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "STATEMENT_MINUTES", 0.002)
    with pytest.raises(LoadError, match="one query took over"), open_source(f"sqlite:///{source}") as opened:
        opened.read(ENDLESS).read_all()


ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) as items from n"
