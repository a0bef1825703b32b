"""A load as a whole: extract, build, check, publish, under one lock; visible complete or not at all."""

import errno
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.errors import Igny8Error, LoadError
from igny8_analysis.etl.extract import Extracted, Load, extract
from igny8_analysis.etl.interrupts import interruptible
from igny8_analysis.etl.loading import Loading, loading
from igny8_analysis.etl.resources import MACHINE, Resources, is_out_of_memory
from igny8_analysis.etl.source_map import SourceMap
from igny8_analysis.etl.sources import open_source
from igny8_analysis.etl.templates import parquet_files
from igny8_analysis.text import counted
from igny8_analysis.warehouse.build import build, check, definition, reading, remove, totals
from igny8_analysis.warehouse.renew import renew

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# How people are told what came and went in the source.
CHANGES = {
    "new": "new in the source",
    "gone": "gone from the source",
    "hidden": "no longer readable in the source",
}

Progress = Callable[[str], None]


class Abandoned(threading.Event):
    """Whether a signal ended the load: what runs beside it ends too."""

    interrupt = threading.Event.set


Beginning = tuple[dict[str, int], str | None]
"""What is at the end of the previous version's tables; why its file is nothing to go on from, None: it is."""


@dataclass(frozen=True)
class LoadReport:
    """What a load did: the version it published, its counts, what the source lacked and what of it came or went.

    `held` are old versions that stay while they are read, `warnings` what an operator should mend, and what went
    wrong after publishing;
    `reading` says whether all runs were read, and why, or only those that changed; `building` whether all of the
    warehouse was built, and why, or only what these can change.
    """

    version: str
    as_of: datetime
    runs: int
    findings: int
    quarantined: int
    missing: list[str]
    unreadable: list[str]
    changes: list[dict[str, str]]
    seconds: float
    held: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reading: str = ""
    building: str = ""

    def __str__(self) -> str:
        line = (
            f"loaded {counted(self.runs, 'run')} as version {self.version} in {self.seconds:.1f} s: "
            f"{counted(self.findings, 'finding')}, {counted(self.quarantined, 'row')} quarantined"
        )
        line = "; ".join(filter(None, (line, self.reading, self.building)))
        parts = [("the source lacks", [name for name in self.missing if name not in self.unreadable])]
        parts += [("the reading role may not read", self.unreadable), *told_changes(self.changes)]
        parts.append(("while they are read, these versions stay:", self.held))
        return "; ".join([line, *(f"{what} {', '.join(names)}" for what, names in parts if names)])


def told_changes(changes: list[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """What came and went in the source since the load before, as people are told."""
    return [
        (f"{told}:", [c["object"] for c in changes if c["change"] == kind]) for kind, told in CHANGES.items()
    ]


def load(
    source_url: str,
    root: Path,
    as_of: datetime | None = None,
    keep: int = lake.KEEP,
    progress: Progress = lambda step: None,
    names: SourceMap | None = None,
    resources: Resources = MACHINE,
    is_full: bool = False,
) -> LoadReport:
    """Load the source into a new version of the warehouse directory `root` and make it current.

    `as_of` names the instant of a copy that was taken earlier; it cuts nothing off. `keep` versions stay. `names`
    go before the usual names of the source's tables and columns.
    Raises UsageError for a bad address, WarehouseNotFound for a directory whose versions cannot be gone on from, and
    LoadError for everything else; then `root` is as it was. After publishing there are only warnings.
    """
    started = time.monotonic()
    try:
        with loading(root) as this:
            is_left = Abandoned()
            with (
                open_source(source_url) as source,
                ThreadPoolExecutor(1) as beside,
                interruptible(is_left),
            ):
                this.sweep()
                instant = (as_of or source.as_of).astimezone(UTC)
                version = this.begin(instant)
                goes_on = beside.submit(_goes_on_from, this.previous, version.database, is_full, is_left)
                this_load = Load(version.number, version.id, instant)
                extracted = extract(
                    source, this_load, version.lake, this.previous, progress, names, resources, is_full
                )
            progress("build warehouse")
            built = _build(version, this.previous, goes_on, resources)
            progress("check")
            check(version.database, resources)
            about = {
                "source": {
                    "kind": source.kind,
                    "missing": extracted.catalogue.missing,
                    "changes": extracted.changes,
                    **extracted.catalogue.describe(),
                },
                "reconciliation": _reconcile(version, extracted, resources),
                "definition": definition(),
                "runs_digest": extracted.runs_digest,
                "runs_read": {"rows": extracted.runs_read.rows, "why_all": extracted.runs_read.why_all},
                "as_read": extracted.as_read,
                "built": {"sites": built.sites, "why_all": built.why_all, "appended": built.appended},
            }
            report = publish(this, version, instant, about, keep, started, progress)
            warnings = [*extracted.catalogue.warnings, *report.warnings]
            return replace(report, reading=str(extracted.runs_read), building=str(built), warnings=warnings)
    except Igny8Error:
        raise
    except (duckdb.Error, OSError) as error:
        raise LoadError(explain(error)) from error


def publish(
    this: Loading,
    version: lake.Version,
    as_of: datetime,
    about: dict[str, Any],
    keep: int,
    started: float,
    progress: Progress,
) -> LoadReport:
    """Write the manifest of the built and checked version, make it the current one and prune the old ones."""
    tables = _describe_tables(version)
    report = LoadReport(
        version.id,
        as_of,
        tables["runs"]["rows"],
        tables["value_findings"]["rows"],
        tables["quarantine"]["rows"],
        about["source"]["missing"],
        about["source"].get("unreadable", []),
        about["source"].get("changes", []),
        time.monotonic() - started,
    )
    manifest = {
        "version": version.id,
        "load_number": version.number,
        "as_of": as_of.isoformat().replace("+00:00", "Z"),
        **about,
        "tables": tables,
        "database_bytes": version.database.stat().st_size,
        "database_crc32": lake.crc32(version.database),
        "duration_seconds": round(report.seconds, 3),
    }
    progress("publish")
    this.publish(manifest)
    progress("prune")
    this.prune(keep)
    return replace(report, held=this.held, warnings=this.warnings)


@dataclass(frozen=True)
class Built:
    """How a warehouse was built: of how many sites anew; why all of it (None: only what a change can change).

    `appended` is what the next load goes on from.
    """

    sites: int
    why_all: str | None
    appended: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.why_all is None:
            return f"built what the runs of {counted(self.sites, 'site')} can change"
        return f"built everything: {self.why_all}"


def _build(
    version: lake.Version, previous: lake.Version | None, goes_on: Future[Beginning], resources: Resources
) -> Built:
    """Make the version's database: of the copy of the previous one, if that is something to go on from.

    What fails then is no fault of the load before: it fails the load, but for memory that does not do.
    """
    appended, why_all = goes_on.result()
    if previous and why_all is None:
        try:
            renewed = renew(version.lake, version.database, previous, appended, resources)
            return Built(renewed.sites, None, renewed.appended)
        except duckdb.Error as error:
            if not is_out_of_memory(error):
                raise
            why_all = "to go on from the load before takes more memory than there is"
    remove(version.database)
    build(version.lake, version.database, resources)
    with reading(version.database, resources) as connection:
        ((sites,),) = connection.execute("select count(*) from sites").fetchall()
    return Built(sites, why_all)


def _goes_on_from(
    previous: lake.Version | None, database: Path, is_full: bool, is_left: Abandoned
) -> Beginning:
    """Copy the previous version's file to `database`, if the same definition made it and it is as written."""
    if previous is None or is_full:
        return {}, "--full" if is_full else "there is no load before"
    try:
        manifest = previous.manifest()
        if manifest.get("definition") != definition():
            maker = "igny8 build" if "engine" in manifest else "another version of this program or of DuckDB"
            return {}, f"{maker} made the one before"
        if manifest.get("database_crc32") != lake.copy(previous.database, database, is_left):
            return {}, "the file of the load before is damaged"
    except (Igny8Error, OSError) as error:
        return {}, f"the load before cannot be gone on from: {' '.join(str(error).split())}"
    match manifest.get("built", {"appended": {}}):
        case {"appended": dict(appended)} if all(isinstance(rows, int) for rows in appended.values()):
            return appended, None
    return {}, "the manifest of the load before is damaged"


def _reconcile(
    version: lake.Version, extracted: Extracted, resources: Resources
) -> dict[str, dict[str, int | float]]:
    """Each measure in the source, in quarantine, in the lake and in the views. Raises LoadError where it got lost."""
    in_views = totals(version.database, resources)
    for measure in extracted.measures:
        if in_views[measure.name] != measure.lake:
            raise LoadError(
                f"{measure.name} in the lake and in the warehouse differ: {measure.lake} and "
                f"{in_views[measure.name]}; nothing was published"
            )
    return {
        measure.name: {
            "source": plain_number(measure.source),
            "quarantined": plain_number(measure.quarantined),
            "lake": plain_number(measure.lake),
            "warehouse": plain_number(in_views[measure.name]),
        }
        for measure in extracted.measures
    }


def plain_number(number: int | Decimal) -> int | float:
    """The number as JSON has it."""
    return int(number) if number == int(number) else float(number)


def _describe_tables(version: lake.Version) -> dict[str, dict[str, Any]]:
    """Rows, bytes and SHA-256 of each Parquet file of the lake."""
    described = {}
    with duckdb.connect() as metadata:
        for name in LAKE_TABLES:
            found = metadata.execute(
                "select file_name, num_rows from parquet_file_metadata(?) order by file_name",
                [parquet_files(version.lake / f"{name}.parquet")],
            ).fetchall()
            files = [Path(file) for file, _ in found]
            described[name] = {
                "rows": sum(rows for _, rows in found),
                "bytes": sum(file.stat().st_size for file in files),
                "sha256": lake.sha256(*files),
            }
    return described


def explain(error: Exception) -> str:
    """What an error of DuckDB or the system means for a load, on one line."""
    message = " ".join(str(error).split())
    if getattr(error, "errno", None) in NO_ROOM or any(os.strerror(code) in message for code in NO_ROOM):
        return f"the disk is full: {message}; free some space and load again, nothing was changed"
    if is_out_of_memory(error):
        told = message.partition(" Possible solutions")[0]
        message = f"{told}; allow it more (--memory), or fewer threads (--threads)"
    return f"the load failed, nothing was changed: {message}"
