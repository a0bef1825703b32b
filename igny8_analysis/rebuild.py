"""A warehouse from a lake that is already there, by either engine: a version like any that a load makes."""

import importlib.util
import os
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import Igny8Error, LoadError
from igny8_analysis.etl.history import load_numbers
from igny8_analysis.etl.loading import Loading, loading
from igny8_analysis.etl.resources import MACHINE, Resources
from igny8_analysis.load import LoadReport, Progress, explain, plain_number, publish
from igny8_analysis.warehouse.build import build, check, reading, take_in, totals


def rebuild(
    lake_uri: str,
    root: Path,
    engine: str = "duckdb",
    master: str | None = None,
    keep: int = lake.KEEP,
    progress: Progress = lambda step: None,
    resources: Resources = MACHINE,
) -> LoadReport:
    """Make a new, current version of the warehouse directory `root` from the lake's Parquet at `lake_uri`.

    By `duckdb` the lake must be a local folder; by `spark` it may lie wherever Spark reads, and the version holds,
    beside `warehouse.duckdb`, each view as Parquet in `views/`. Raises as `load` does; then `root` is as it was.
    """
    started = time.monotonic()
    local = lake.local_lake(lake_uri)
    if local is None and engine == "duckdb":
        raise LoadError(f"{lake_uri} is not on this machine: copy the lake here, or use --engine spark")
    try:
        with ExitStack() as held, loading(root) as this:
            if local and lake.Version(local.parent).is_published:
                held.callback(os.close, lake.hold(lake.Version(local.parent)))
            return _rebuild(lake_uri, this, engine, master, keep, started, progress, resources)
    except Igny8Error:
        raise
    except (duckdb.Error, OSError) as error:
        raise LoadError(explain(error)) from error


def _rebuild(
    lake_uri: str,
    this: Loading,
    engine: str,
    master: str | None,
    keep: int,
    started: float,
    progress: Progress,
    resources: Resources,
) -> LoadReport:
    version = this.begin(datetime.now(UTC))
    if engine == "spark":
        _compute_by_spark(lake_uri, version, master, progress)
        this.sweep()
        progress("take in")
        take_in(version.lake, version.path / "views", version.database)
    else:
        lake.copy_lake(lake_uri, version.lake)
        this.sweep()
        progress("build warehouse")
        build(version.lake, version.database, resources=resources)
    with reading(version.database, resources) as connection:
        ((number, as_of, kind, missing),) = connection.execute(
            "select load_number, as_of, source_kind, missing from loads join current_load using (load_number, as_of)"
        ).fetchall()
        changes = connection.execute(
            "select object, change from lake.source_changes join current_load using (load_number) order by 2 desc, 1"
        ).fetchall()
    version = this.rename(as_of, at_least=number)
    progress("check")
    check(version.database, resources)
    source = {"kind": kind, "missing": [name for name in missing.split(", ") if name]}
    source["changes"] = [{"object": name, "change": change} for name, change in changes]
    measures = totals(version.database, resources)
    reconciliation = {name: {"warehouse": plain_number(number)} for name, number in measures.items()}
    about = {"source": source, "engine": engine, "reconciliation": reconciliation}
    if lacking := _lacking(this.previous, version):
        keep = sys.maxsize
        loads = ", ".join(map(str, sorted(lacking)))
        this.warnings.append(
            f"not in its history: the counts of load {loads}; the versions that hold them stay, none was pruned"
        )
    return publish(this, version, as_of, about, keep, started, progress)


def _compute_by_spark(lake_uri: str, version: lake.Version, master: str | None, progress: Progress) -> None:
    if not all(map(importlib.util.find_spec, ("pyspark", "sqlglot"))):
        raise LoadError("the Spark engine needs pyspark: pip install 'igny8-analysis[spark]'")
    from igny8_analysis.warehouse.spark import compute_views

    compute_views(lake_uri, version.lake, version.path / "views", master, progress)


def _lacking(previous: lake.Version | None, version: lake.Version) -> set[int]:
    """Loads of the version in use until now whose counts the new one does not hold; of a damaged one, none."""
    try:
        return load_numbers(previous) - load_numbers(version) if previous else set()
    except Igny8Error:
        return set()
