"""The same views on Apache Spark: transpiled, computed over the lake in order, written as Parquet, taken in by DuckDB.

Spark runs as a program of its own (`spark_job.py`), so that no JVM and no setting of it stays in this process.
"""

import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp

from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.etl.lake import copy_lake, local_path
from igny8_analysis.warehouse.build import TEXTS, load_views

JAVA_AT_LEAST = 17
MASTER = re.compile(r"local(\[(\d+|\*)\])?|spark://[^/]+|yarn|k8s://.+")
WILDCARD = re.compile(r"[][{}*?\\]")
MASTER_PORT = 7077
CONNECT_SECONDS = 5
JOB = Path(__file__).with_name("spark_job.py")

SETTINGS = {
    "spark.app.name": "igny8-analysis",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.cteRecursionRowLimit": "-1",  # a step of forecast_flow has a row for every run
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}

# Below this size of its runs, compiling code and inferring filters cost more than they save: a build of the demo takes
# less than a third.
SMALL_LAKE_BYTES = 8 << 20
SMALL_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL_SETTINGS = {
    "spark.driver.extraJavaOptions": SMALL_JVM,
    "spark.executor.extraJavaOptions": SMALL_JVM,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}

Progress = Callable[[str], None]


def _lake_table(node: exp.Expression) -> exp.Expression:
    """`lake.runs` → `lake_runs`: temporary views of Spark have no schema."""
    if isinstance(node, exp.Table) and node.db == "lake":
        name = exp.to_identifier(f"lake_{node.name}")
        return exp.Table(this=name, alias=node.args.get("alias") or exp.TableAlias(this=node.this))
    return node


def _microseconds(node: exp.Expression) -> exp.Expression:
    """`epoch_us(t)` → `unix_micros(t)`."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "epoch_us":
        return exp.Anonymous(this="unix_micros", expressions=node.expressions)
    return node


def _element(node: exp.Expression) -> exp.Expression:
    """`list_extract(list, k)` → `get(list, k - 1)`: NULL beyond the end, as DuckDB says."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "list_extract":
        values, position = node.expressions
        before = exp.cast(exp.Sub(this=exp.paren(position), expression=exp.Literal.number(1)), "int")
        return exp.Anonymous(this="get", expressions=[values, before])
    return node


def _largest(node: exp.Expression) -> exp.Expression:
    """`max(x, n)` → `slice(sort_array(collect_list(x), false), 1, n)`: the n largest, largest first; also `over w`."""
    largest = node.this if isinstance(node, exp.Window) else node
    if not isinstance(largest, exp.Max) or not largest.args.get("count"):
        return node
    collected: exp.Expression = exp.Anonymous(this="collect_list", expressions=[largest.this])
    if isinstance(node, exp.Window):
        window = node.copy()
        window.set("this", collected)
        collected = window
    ordered = exp.Anonymous(this="sort_array", expressions=[collected, exp.false()])
    return exp.Anonymous(this="slice", expressions=[ordered, exp.Literal.number(1), largest.args["count"]])


def _grouped(node: exp.Expression) -> exp.Expression:
    """`format('{:,}', cast(x as hugeint))` → `format_number(cast(x as decimal(38, 0)), 0)`: 3120 as 3,120."""
    if isinstance(node, exp.Format) and node.name == "{:,}":
        (number,) = node.expressions
        whole = exp.cast(number.this, "decimal(38, 0)")
        return exp.Anonymous(this="format_number", expressions=[whole, exp.Literal.number(0)])
    return node


REWRITES: tuple[Callable[[exp.Expression], exp.Expression], ...] = (
    _lake_table,
    _microseconds,
    _element,
    _largest,
    _grouped,
)


def to_spark(sql: str) -> str:
    """The view's SQL in Spark's dialect: sqlglot's transpilation and the few rewrites of this file.

    Raises sqlglot's UnsupportedError for what Spark cannot say.
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for rewrite in REWRITES:
        tree = tree.transform(rewrite)
    return tree.sql(dialect="spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)


def compute_views(
    lake_uri: str,
    lake: Path,
    views: Path,
    master: str | None = None,
    progress: Progress = lambda step: None,
) -> None:
    """Compute every view but the texts by Spark over the Parquet at `lake_uri`, into one folder each of `views`.

    `lake` becomes a copy of that Parquet. `views` must be a path that Spark's workers reach too. `master` None is
    `local[*]`. What Spark says goes to a temporary file, which stays where it failed.
    Raises UsageError for a master that is none and LoadError for everything else.
    """
    master = master or "local[*]"
    _check_java()
    _check_master(master)
    _check_places(views, local_path(lake_uri))
    copies = copy_lake(lake_uri, lake)
    plan = {
        "master": master,
        "settings": SETTINGS | (SMALL_SETTINGS if _is_small(lake) else {}),
        "tables": {f"lake_{name}": f"{_spark_uri(lake_uri)}/{name}.parquet" for name in LAKE_TABLES},
        "runs": "lake_runs",
        "copies": copies,
        "views": [
            {"name": view.name, "sql": to_spark(view.sql)} for view in load_views() if view.layer != TEXTS
        ],
        "out": _spark_uri(str(views)),
    }
    _run_job(plan, views.with_name("spark_plan.json"), progress)
    for checksum in views.rglob(".*.crc"):
        checksum.unlink()


def _check_places(*places: Path | None) -> None:
    for place in places:
        if place and WILDCARD.search(str(place.resolve())):
            raise UsageError(
                f"Spark cannot use {place}: it takes {{}}[]*?\\ in a path for patterns; name another directory"
            )


def _is_small(lake: Path) -> bool:
    """Whether the lake that was copied to `lake` is small; one that Spark is yet to copy is not."""
    files = (lake / "runs.parquet", *(lake / "runs.parquet").rglob("*.parquet"))
    return 0 < sum(file.stat().st_size for file in files if file.is_file()) < SMALL_LAKE_BYTES


def _spark_uri(uri: str) -> str:
    local = local_path(uri)
    return f"file://{local.resolve()}" if local else uri.rstrip("/")


def _run_job(plan: Mapping[str, object], plan_file: Path, progress: Progress) -> None:
    plan_file.write_text(json.dumps(plan), encoding="utf-8")
    error = None
    descriptor, log_name = tempfile.mkstemp(prefix="igny8-spark-", suffix=".log")
    log_file = Path(log_name)
    with (
        os.fdopen(descriptor, "w", encoding="utf-8") as log,
        subprocess.Popen(
            [sys.executable, "-P", str(JOB), str(plan_file)],
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        ) as job,
    ):
        assert job.stdout is not None
        try:
            for line in job.stdout:
                message = _message(line)
                error = message.get("error", error)
                if "step" in message:
                    progress(message["step"])
        except BaseException:
            job.terminate()
            raise
    if error or job.returncode:
        reason = _in_short(error or log_file.read_text(encoding="utf-8"))
        raise LoadError(f"Spark at {plan['master']} failed, its log is {log_file}: {reason}")
    plan_file.unlink()
    log_file.unlink()


def _message(line: str) -> dict[str, str]:
    """What the job said; nothing where the line is somebody else's."""
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return {}


def _in_short(error: str) -> str:
    """The lines of an error that say what was wrong, without the stack and the plan."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    wanted = itertools.takewhile(lambda line: not line.startswith(("at ", "JVM stacktrace", "'")), lines)
    return " ".join(wanted)[:500] or "no reason given"


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    advice = f"install Java {JAVA_AT_LEAST} or newer, or name its folder in JAVA_HOME"
    if java is None:
        raise LoadError(f"the Spark engine needs Java, and there is none: {advice}")
    told = subprocess.run([java, "-version"], capture_output=True, encoding="utf-8", check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    if version is None or int(version[1]) < JAVA_AT_LEAST:
        found = version[1] if version else "an unknown version"
        raise LoadError(f"the Spark engine needs a newer Java than {found} ({java}): {advice}")


def _check_master(master: str) -> None:
    if not MASTER.fullmatch(master):
        raise UsageError(
            f"{master!r} is no Spark master: local[2], spark://host:{MASTER_PORT}, yarn or k8s://…"
        )
    if not master.startswith("spark://"):
        return
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":") if ":" in address else (address, "", str(MASTER_PORT))
        try:
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
            return
        except (OSError, ValueError, OverflowError) as error:
            reason = str(error)
    raise LoadError(f"no Spark master answers at {master} ({reason}); start one, or leave out --master")
