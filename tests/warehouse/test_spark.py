"""Both engines give the same numbers: every view over the demo lake, row for row, and every payload."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark
import pytest
import sqlglot
from click.testing import CliRunner

import igny8_analysis
from benchmarks import sources
from igny8_analysis.cli import cli
from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.rebuild import rebuild
from igny8_analysis.warehouse import spark
from igny8_analysis.warehouse.build import View
from tests.differing import COMPUTED, differing_views

START_SECONDS = 90


def lake_of(root: Path) -> Path:
    version = lake.current_version(root)
    assert version is not None
    return version.lake


def payloads(root: Path) -> list[object]:
    """Every site's overview and history, and its three latest runs."""
    with igny8_analysis.connect(root) as warehouse:
        told: list[object] = []
        for (site_id,) in warehouse.sql("select site_id from sites order by site_id").fetchall():
            history = warehouse.history(site_id)
            told += [warehouse.overview_stats(site_id), history]
            told += [warehouse.run_detail(site_id, run["run_id"]) for run in history["runs"][:3]]
        return told


@pytest.fixture(scope="module")
def demo_payloads(demo_warehouse: Path) -> list[object]:
    return payloads(demo_warehouse)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a standalone cluster of two workers on loopback, stopped at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    master = f"spark://127.0.0.1:{port}"
    common = ["--host", "127.0.0.1", "--webui-port", "0"]
    with ExitStack() as stack:

        def start(kind: str, name: str, *arguments: str) -> None:
            log = stack.enter_context((folder / f"{name}.log").open("w", encoding="utf-8"))
            spark_home = Path(pyspark.__file__).parent
            process = subprocess.Popen(
                [spark_home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}", *arguments],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"SPARK_HOME": str(spark_home), "SPARK_LOCAL_IP": "127.0.0.1"},
            )
            stack.callback(process.wait)
            stack.callback(os.killpg, process.pid, signal.SIGKILL)

        start("master.Master", "master", *common, "--port", str(port))
        for number in (1, 2):
            work = str(folder / f"work{number}")
            size = ["--cores", "1", "--memory", "1g", "--work-dir", work]
            start("worker.Worker", f"worker{number}", *common, *size, master)
        deadline = time.monotonic() + START_SECONDS
        while (folder / "master.log").read_text(encoding="utf-8").count("Registering worker") < 2:
            assert time.monotonic() < deadline, (folder / "master.log").read_text(encoding="utf-8")
            time.sleep(0.2)
        yield master


def test_rewrites() -> None:
    def rewritten(sql: str) -> str:
        return spark.to_spark(sql)

    assert rewritten("select epoch_us(as_of) from loads") == "SELECT UNIX_MICROS(as_of) FROM loads"
    assert rewritten("select runs.id from lake.runs") == "SELECT runs.id FROM lake_runs AS runs"
    assert rewritten("select r.id from lake.runs as r") == "SELECT r.id FROM lake_runs AS r"
    assert rewritten("select list_extract(a, k) from t") == "SELECT GET(a, CAST((k) - 1 AS INT)) FROM t"
    assert rewritten("select format('{:,}', cast(n as hugeint)) from t") == (
        "SELECT FORMAT_NUMBER(CAST(n AS DECIMAL(38, 0)), 0) FROM t"
    )
    assert rewritten("select max(x, 6) from t") == (
        "SELECT SLICE(SORT_ARRAY(COLLECT_LIST(x), FALSE), 1, 6) FROM t"
    )
    assert rewritten("select max(x, 6) over (order by y) from t") == (
        "SELECT SLICE(SORT_ARRAY(COLLECT_LIST(x) OVER (ORDER BY y NULLS LAST), FALSE), 1, 6) FROM t"
    )


@pytest.mark.parametrize("view", COMPUTED, ids=lambda view: view.name)
def test_every_view_is_spark_sql(view: View) -> None:
    sql = spark.to_spark(view.sql)
    assert sqlglot.parse_one(sql, dialect="spark")
    assert "lake." not in sql
    assert not re.search("list_extract|epoch_us|{:,}", sql.lower()), (
        "a rewrite does not see into what it rewrote"
    )


def test_a_master_that_is_none(demo_warehouse: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Spark master"):
        rebuild(str(lake_of(demo_warehouse)), tmp_path, "spark", "http://localhost")
    assert list(tmp_path.glob("versions/*")) == []


def test_a_master_that_does_not_answer(demo_warehouse: Path, tmp_path: Path, java: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["build", "--engine", "spark", "--master", f"spark://127.0.0.1:{port}", "--out", str(tmp_path)]
    done = CliRunner().invoke(cli, [*command, "--lake", str(lake_of(demo_warehouse))])
    assert isinstance(done.exception, LoadError)
    assert done.exception.exit_code == 5
    assert f"no Spark master answers at spark://127.0.0.1:{port}" in str(done.exception)
    assert lake.current_version(tmp_path) is None


def test_no_java(demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(LoadError, match="needs Java, and there is none: install Java 17"):
        rebuild(str(lake_of(demo_warehouse)), tmp_path, "spark")


def test_an_old_java(demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(LoadError, match="needs a newer Java than 8"):
        rebuild(str(lake_of(demo_warehouse)), tmp_path, "spark")


def test_no_pyspark(demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LoadError, match=r"pip install 'igny8-analysis\[spark\]'"):
        rebuild(str(lake_of(demo_warehouse)), tmp_path, "spark")


def test_no_lake(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"is no lake: it lacks accounts\.parquet"):
        rebuild(str(tmp_path / "nothing"), tmp_path / "out", "duckdb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_duckdb_builds_the_same_from_the_lake_alone(
    demo_warehouse: Path, demo_payloads: list[object], tmp_path: Path
) -> None:
    report = rebuild(str(lake_of(demo_warehouse)), tmp_path, "duckdb")
    assert report.runs == 1112
    made, loaded = (lake.find_version(root).manifest() for root in (tmp_path, demo_warehouse))
    assert (made["source"], made["as_of"], made["tables"]) == (
        {key: loaded["source"][key] for key in ("kind", "missing", "changes")},
        loaded["as_of"],
        loaded["tables"],
    )
    assert differing_views(demo_warehouse, tmp_path) == {}
    assert demo_payloads == payloads(tmp_path)


@pytest.mark.soak  # a cluster computes them from the same SQL
def test_spark_gives_the_same_rows_and_payloads(
    demo_warehouse: Path, demo_payloads: list[object], tmp_path: Path, java: str
) -> None:
    rebuild(str(lake_of(demo_warehouse)), tmp_path, "spark", "local[2]")
    assert_same(demo_warehouse, demo_payloads, tmp_path)


@pytest.mark.slow
def test_a_cluster_gives_the_same_rows_and_payloads(
    demo_warehouse: Path, demo_payloads: list[object], tmp_path: Path, java: str
) -> None:
    with cluster(tmp_path) as master:
        rebuild(str(lake_of(demo_warehouse)), tmp_path / "out", "spark", master)
    for worker in ("work1", "work2"):
        assert list((tmp_path / worker).glob("app-*/*/stderr")), f"{worker} took no part"
    assert_same(demo_warehouse, demo_payloads, tmp_path / "out")


def assert_same(demo_warehouse: Path, demo_payloads: list[object], made: Path) -> None:
    """What Spark made is what DuckDB did, and a folder for each view, in it one for each bucket of sites."""
    assert differing_views(demo_warehouse, made) == {}
    assert demo_payloads == payloads(made)
    views = lake.find_version(made).path / "views"
    assert {folder.name for folder in views.iterdir()} == {view.name for view in COMPUTED}
    assert {folder.name for folder in (views / "run_stages").glob("site_bucket=*")} == {
        "site_bucket=0",
        "site_bucket=1",
    }


@pytest.mark.soak
def test_spark_gives_the_same_rows_over_100_000_runs(tmp_path: Path, java: str) -> None:
    runs = str(sources.lake(100_000))
    rebuild(runs, tmp_path / "duckdb", "duckdb")
    rebuild(runs, tmp_path / "spark", "spark", "local[2]")
    assert differing_views(tmp_path / "duckdb", tmp_path / "spark") == {}
