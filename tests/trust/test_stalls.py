"""Every wait has an end, and Ctrl-C and SIGTERM end every wait: servers that stop, statements that do not end.

The servers are stopped by SIGSTOP, the signals are real ones; only the limits are shorter than in life.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_postgresql import dbapi

from igny8_analysis import connect
from igny8_analysis.etl import loading as loading_of
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.sources import postgres
from igny8_analysis.load import load
from tests.cases import make_source, run, site
from tests.conftest import run_sql, sampled
from tests.trust.processes import Done, assert_told, query, start, wait_for

BACKENDS = f"select pid, wait_event_type from pg_stat_activity where application_name = '{postgres.APPLICATION_NAME}'"
HEARD_SECONDS = 5
SIGNALS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
signals = pytest.mark.parametrize(("number", "status", "word"), SIGNALS, ids=["ctrl-c", "sigterm"])
ENDLESS = "(with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n)"


def waiting(url: str, event: str) -> int:
    """The process of the server that works for us, once it waits for such an event."""
    found = wait_for(lambda: [pid for pid, wait in query(url, BACKENDS) if wait == event])
    return int(found[0])


@contextmanager
def stopped(url: str, event: str) -> Iterator[None]:
    """Keep our server process from running while the block does, from its first such wait on."""
    pid = waiting(url, event)
    try:
        os.kill(pid, signal.SIGSTOP)
    except (ProcessLookupError, PermissionError):
        pytest.skip("the server's processes are not ours to stop")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def make_runs_slow(url: str) -> None:
    """A run each tenth of a second, in batches that hold few."""
    run_sql(
        url,
        "alter table igny8_automation_runs rename to all_runs",
        "create view igny8_automation_runs as"
        " select r.* from all_runs as r cross join lateral pg_sleep(0.1 + 0 * r.id)",
    )


@contextmanager
def keywords_locked(url: str) -> Iterator[None]:
    """Whoever counts keywords waits."""
    with closing(dbapi.connect(url)) as blocker, blocker.cursor() as cursor:
        cursor.execute("lock table igny8_keywords in access exclusive mode")
        yield
        blocker.rollback()


def assert_ends(process: subprocess.Popen[str], number: signal.Signals, status: int, word: str) -> None:
    """The signal ends it as promised, and soon."""
    sent = time.monotonic()
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=2 * HEARD_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert_told(Done(process.args, process.returncode, out, err), status, word)
    assert time.monotonic() - sent < HEARD_SECONDS


LOAD = """
import sys
from pathlib import Path
from igny8_analysis.etl.sources import postgres
from igny8_analysis.load import load
postgres.STALLED_SECONDS = 2
postgres.BATCH_SIZE = {"adbc.postgresql.batch_size_hint_bytes": "1"}
try:
    load(sys.argv[1], Path(sys.argv[2]))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_server_that_stops_while_rows_flow_is_left(small_postgres: str, tmp_path: Path) -> None:
    """The load ends, its lock is free, and so is the connection as soon as the server looks."""
    make_runs_slow(small_postgres)
    loading = subprocess.Popen(
        [sys.executable, "-c", LOAD, small_postgres, str(tmp_path)], stdout=subprocess.PIPE, encoding="utf-8"
    )
    waiting(small_postgres, "Timeout")
    time.sleep(2)  # rows flow
    with stopped(small_postgres, "Timeout"):
        out, _ = loading.communicate(timeout=60)
        assert out.startswith(
            "LoadError reading from PostgreSQL failed: the server did not answer for 2 s"
        ), out
        with loading_of.locked(tmp_path):
            pass
    wait_for(lambda: query(small_postgres, BACKENDS) == [])


def test_a_program_goes_on_after_a_server_that_stopped(
    small_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first row: what the server may take for a statement, and some seconds. Nothing stays open."""
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MINUTES", 0.05)
    monkeypatch.setattr(postgres, "GRACE_SECONDS", 1)
    is_over = threading.Event()

    def stop_it() -> None:
        with stopped(small_postgres, "Lock"):
            is_over.wait(30)

    with keywords_locked(small_postgres):
        before = postgres._sockets()
        stopping = threading.Thread(target=stop_it)
        stopping.start()
        with pytest.raises(
            LoadError, match=r"the server did not answer for 4 s; nothing was loaded, load again"
        ):
            load(small_postgres, tmp_path)
        wait_for(lambda: postgres._sockets() == before)
        assert query(small_postgres, BACKENDS) != []
        is_over.set()
        stopping.join()
    wait_for(lambda: query(small_postgres, BACKENDS) == [])
    load(small_postgres, tmp_path)


@signals
def test_a_signal_while_the_server_is_stopped(
    small_postgres: str, tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    with keywords_locked(small_postgres):
        loading = start("etl", "--source", small_postgres, "--warehouse", tmp_path)
        with stopped(small_postgres, "Lock"):
            assert_ends(loading, number, status, word)
    make_runs_slow(small_postgres)
    loading = start("etl", "--source", small_postgres, "--warehouse", tmp_path)
    with stopped(small_postgres, "Timeout"):
        assert_ends(loading, number, status, word)
    assert list(tmp_path.glob("versions/*")) == []


# SQLite


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = [run(n, f"2026-02-{n:02d}T08:00:00Z", stages={1: (50, 4, 20)}) for n in (1, 2)]
    return make_source(tmp_path_factory.mktemp("source") / "db.sqlite", [site(1, "a.example")], runs, [])


@pytest.mark.parametrize("table", ["tasks", "automation_runs"], ids=["counting", "rows"])
@signals
def test_a_signal_in_a_slow_statement_of_sqlite(
    source: Path, tmp_path: Path, table: str, number: signal.Signals, status: int, word: str
) -> None:
    slow = shutil.copy(source, tmp_path / "slow.sqlite")
    with closing(sqlite3.connect(slow)) as connection:
        connection.execute(f"alter table igny8_{table} rename to all_rows")
        connection.execute(
            f"create view igny8_{table} as select * from all_rows where id < 2 or {ENDLESS} > 0"
        )
    loading = start("etl", "--source", f"sqlite:///{slow}", "--warehouse", tmp_path / "data")
    wait_for(lambda: list((tmp_path / "data").glob("versions/*")))
    time.sleep(1)
    assert_ends(loading, number, status, word)
    assert list((tmp_path / "data").glob("versions/*")) == []


# Queries


QUERIES = {
    "function": "select length(regexp_replace(repeat('a', 300000000), 'a', 'bb', 'g'))",
    "join": "select sum(a.id * b.id) from lake.run_stages a, lake.run_stages b, lake.run_stages c",
    "recursion": "with recursive t(x) as (select 1 union all select x + 1 from t) select count(*) from t where x < 0",
    "count": "select count(*) from range(1000000000000) a(x)",
}


@pytest.mark.parametrize("name", sampled(QUERIES, 1))
@signals
def test_a_signal_in_a_query(
    demo_warehouse: Path, name: str, number: signal.Signals, status: int, word: str
) -> None:
    """Also in a function that looks at nothing while it works."""
    asking = start("sql", QUERIES[name], "--warehouse", demo_warehouse)
    wait_until_it_works(asking)
    assert_ends(asking, number, status, word)


def wait_until_it_works(process: subprocess.Popen[str]) -> None:
    """Until it has used far more processor time than its start takes, which is half a second."""
    wait_for(lambda: processor_seconds(process) > 1.8, 60)


def processor_seconds(process: "subprocess.Popen[Any]") -> float:
    """What it has used so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


NOTEBOOK = """
import sys, time
import igny8_analysis
from IPython.core.interactiveshell import InteractiveShell

warehouse = igny8_analysis.connect(sys.argv[1])
query = sys.argv[2]
print("ready", flush=True)
try:
    if sys.argv[3] == "magic":
        shell = InteractiveShell.instance(user_ns={"wh": warehouse})
        shell.run_line_magic("load_ext", "igny8_analysis.magic")
        shell.run_cell_magic("sql", "", query)
    else:
        getattr(warehouse.sql(query), sys.argv[3])()
except KeyboardInterrupt:
    print("interrupted")
print(warehouse.sql("select 42").fetchall())
"""


@pytest.mark.parametrize("way", sampled(["magic", "fetchall", "pl", "show"]))
def test_control_c_in_a_notebook(demo_warehouse: Path, way: str) -> None:
    """The next query answers as ever."""
    python = subprocess.Popen(
        [sys.executable, "-c", NOTEBOOK, str(demo_warehouse), QUERIES["count"], way],
        stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert python.stdout
    assert python.stdout.readline() == "ready\n"
    before = processor_seconds(python)
    wait_for(lambda: processor_seconds(python) > before + 1, 60)
    python.send_signal(signal.SIGINT)
    out, _ = python.communicate(timeout=HEARD_SECONDS)
    assert out.split("\n")[-3:] == ["interrupted", "[(42,)]", ""]


def test_a_query_in_another_thread_is_none_of_the_signals(demo_warehouse: Path) -> None:
    found: list[object] = []
    with connect(demo_warehouse) as warehouse:
        thread = threading.Thread(target=lambda: found.append(warehouse.sql("select 42").fetchall()))
        thread.start()
        thread.join()
    assert found == [[(42,)]]
