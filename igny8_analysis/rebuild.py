"""A warehouse from a lake that is already there, by either engine: a version like any that a load makes."""

import shutil
import time
from pathlib import Path

import duckdb

from igny8_analysis.etl import lake
from igny8_analysis.etl.errors import Igny8Error, LoadError
from igny8_analysis.load import KEEP, LoadReport, Progress, explain, plain_number, publish
from igny8_analysis.warehouse.build import build, check, take_in, totals
from igny8_analysis.warehouse.spark import compute_views, copy_lake, local_lake


def rebuild(
    lake_uri: str,
    root: Path,
    engine: str = "duckdb",
    master: str | None = None,
    keep: int = KEEP,
    progress: Progress = lambda step: None,
) -> LoadReport:
    """Make a new, current version of the warehouse directory `root` from the lake's Parquet at `lake_uri`.

    By `duckdb` the lake must be a local folder; by `spark` it may lie wherever Spark reads, and the version holds,
    beside `warehouse.duckdb`, each view as Parquet in `views/`. Raises UsageError and LoadError; then `root` is as
    it was.
    """
    started = time.monotonic()
    if local_lake(lake_uri) is None and engine == "duckdb":
        raise LoadError(f"{lake_uri} is not on this machine: copy the lake here, or use --engine spark")
    try:
        with lake.locked(root):
            lake.sweep(root)
            unfinished = root / "versions" / "unfinished"
            try:
                return _rebuild(lake_uri, root, unfinished, engine, master, keep, started, progress)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except Igny8Error:
        raise
    except (duckdb.Error, OSError) as error:
        raise LoadError(explain(error)) from error


def _rebuild(
    lake_uri: str,
    root: Path,
    unfinished: Path,
    engine: str,
    master: str | None,
    keep: int,
    started: float,
    progress: Progress,
) -> LoadReport:
    parquet, views, database = unfinished / "lake", unfinished / "views", unfinished / "warehouse.duckdb"
    parquet.mkdir(parents=True)
    if engine == "spark":
        compute_views(lake_uri, parquet, views, root / "spark.log", master, progress)
        progress("take in")
        take_in(parquet, views, database)
    else:
        copy_lake(lake_uri, parquet)
        progress("build warehouse")
        build(parquet, database)
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        ((number, as_of, kind, missing),) = connection.execute(
            "select load_number, as_of, source_kind, missing from loads join current_load using (load_number, as_of)"
        ).fetchall()
    version = lake.new_version(root, as_of, at_least=number)
    try:
        version.lake.rmdir()
        for part in unfinished.iterdir():
            part.replace(version.path / part.name)
        progress("check")
        check(version.database)
        source = {"kind": kind, "missing": [name for name in missing.split(", ") if name]}
        measures = totals(version.database)
        reconciliation = {name: {"warehouse": plain_number(number)} for name, number in measures.items()}
        about = {"source": source, "engine": engine, "reconciliation": reconciliation}
        return publish(root, version, as_of, about, keep, started, progress)
    except BaseException:
        if lake.current_version(root) != version:
            shutil.rmtree(version.path, ignore_errors=True)
        raise
