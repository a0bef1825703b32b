"""`igny8 etl`, `igny8 demo`, `igny8 versions`: making and listing versions of a warehouse."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from igny8_analysis.cli.options import (
    examples,
    format_option,
    quiet_option,
    resources_options,
    source_map_option,
    source_option,
    warehouse_option,
)
from igny8_analysis.cli.streams import tell
from igny8_analysis.etl.errors import Igny8Error, WarehouseNotFound
from igny8_analysis.etl.files import is_there
from igny8_analysis.etl.lake import KEEP
from igny8_analysis.text import one_line

if TYPE_CHECKING:
    from igny8_analysis.load import LoadReport

DEMO_RUNS = 5


EARLIEST_YEAR, LATEST_YEAR = 1969, 2200


class Instant(click.ParamType[datetime]):
    """An ISO 8601 date or time; without an offset it is UTC."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the text."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write it like 2026-03-01T12:00:00Z", param, ctx)
        if not EARLIEST_YEAR < instant.year < LATEST_YEAR:
            self.fail(
                f"{value!r} is no time of a copy: its year is from {EARLIEST_YEAR + 1} to {LATEST_YEAR - 1}",
                param,
                ctx,
            )
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@contextmanager
def progress_display(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A spinner with the step's name on a terminal's standard error, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("start") as status:
        yield status.update


@click.command(
    "etl",
    epilog=examples(
        "igny8 etl --source postgresql://reader@db.example/igny8",
        "igny8 etl --source sqlite:////srv/copy.sqlite --as-of 2026-03-01T12:00:00Z",
        "igny8 etl --source postgresql://reader@db.example/igny8 --source-map source.toml --keep 30 --quiet",
    ),
)
@source_option
@source_map_option
@click.option("--as-of", type=Instant(), help="Instant of a copy that was taken earlier; cuts nothing off.")
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="Versions that stay."
)
@click.option(
    "--full",
    "is_full",
    is_flag=True,
    help="Read and build everything, also what did not change since the load before.",
)
@resources_options
@warehouse_option
@quiet_option
def etl_command(
    source: str,
    source_map: Path | None,
    as_of: datetime | None,
    keep: int,
    is_full: bool,
    threads: int | None,
    memory: int | None,
    directory: Path | None,
    quiet: bool,
) -> None:
    """Load a source database into a new version of the warehouse.

    The source is read only, in one transaction. The new version is seen when it is complete and checked;
    until then, and if anything fails, readers see the version before.
    """
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.etl.resources import Resources
    from igny8_analysis.etl.source_map import read_source_map
    from igny8_analysis.load import load

    names = read_source_map(source_map) if source_map else None
    resources = Resources(threads, memory)
    with progress_display(quiet) as progress:
        report = load(
            source, warehouse_directory(directory), as_of, keep, progress, names, resources, is_full
        )
    print_warnings(report.warnings)
    if not quiet:
        tell(str(report))


def print_warnings(warnings: Iterable[str]) -> None:
    """Tell on standard error what went wrong beside the work that was done."""
    for warning in warnings:
        click.echo(one_line(f"igny8: warning: {warning}"), err=True)


@click.command(
    "versions",
    epilog=examples(
        "igny8 versions",
        "igny8 versions --warehouse /srv/igny8 --format json",
        "igny8 versions --use 20260301T120000Z-0007",
    ),
)
@click.option(
    "--use", "chosen", metavar="ID", help="Make this version the current one: to roll back, or to undo that."
)
@warehouse_option
@format_option
def versions_command(chosen: str | None, directory: Path | None, format_: str) -> None:
    """List the versions that stay, newest load first, or choose the one in use.

    --use changes nothing but which version is current. The next load goes on from it, gets a number above all others
    and becomes current; the counts of loads that were rolled back stay in their own versions.
    """
    from igny8_analysis.cli.output import print_rows
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.etl import lake
    from igny8_analysis.load import CHANGES

    root = warehouse_directory(directory)
    if chosen is not None:
        _use(root, chosen)
        return
    current = None
    try:
        current = lake.find_version(root)
    except WarehouseNotFound as error:
        if not lake.list_versions(root):
            raise
        with suppress(WarehouseNotFound):
            current = lake.current_version(root)
        print_warnings([str(error)])
    columns = (
        "version",
        "is_current",
        "as_of",
        "source",
        "runs",
        "findings",
        "quarantined",
        "seconds",
        "bytes",
        "source_changes",
    )
    rows: list[tuple[Any, ...]] = []
    for version in lake.list_versions(root):
        if version.is_newer:
            rows.append((version.id, version == current, *[None] * (len(columns) - 2)))
            continue
        manifest = version.manifest()
        tables = manifest["tables"]
        changes = [
            f"{CHANGES.get(change['change'], change['change'])}: {change['object']}"
            for change in manifest["source"].get("changes", [])
        ]
        rows.append(
            (
                version.id,
                version == current,
                manifest["as_of"],
                manifest["source"]["kind"],
                tables["runs"]["rows"],
                tables["value_findings"]["rows"],
                tables["quarantine"]["rows"],
                manifest["duration_seconds"],
                lake.bytes_of(manifest),
                changes if format_ == "json" else "; ".join(changes) or None,
            )
        )
    print_rows(columns, rows, format_)


def _use(root: Path, version_id: str) -> None:
    from igny8_analysis.etl import lake
    from igny8_analysis.etl.history import load_numbers
    from igny8_analysis.etl.loading import use_version

    version = lake.find_version(root, version_id)
    kept = load_numbers(version)
    use_version(root, version_id)
    tell(f"{version_id} is the current version; the next load goes on from it")
    for other in lake.list_versions(root):
        if other == version or other.is_newer:
            continue
        try:
            lacking = load_numbers(other) - kept
        except Igny8Error as error:
            print_warnings([str(error)])
            continue
        if lacking:
            loads = ", ".join(map(str, sorted(lacking)))
            tell(f"not in its history: the counts of load {loads}, which stay in {other.id}")
        kept |= lacking


@click.command("demo", epilog=examples("igny8 demo", "igny8 demo --warehouse /tmp/igny8"))
@warehouse_option
@quiet_option
def demo_command(directory: Path | None, quiet: bool) -> None:
    """Make a sample source, load it and make its reports: all overviews, the last 5 runs of each site."""
    from igny8_analysis.connection import connect, warehouse_directory
    from igny8_analysis.etl.demo import AS_OF
    from igny8_analysis.reports.make import Options, Reports

    root = warehouse_directory(directory)
    source = root / "demo.sqlite"
    if is_demo_loaded(root, source, AS_OF):
        done = "the sample source is loaded already"
    else:
        report = _load_demo(root, source, quiet)
        print_warnings(report.warnings)
        done = str(report)
    if not quiet:
        tell(done)
    with connect(root) as warehouse:
        index = Reports(warehouse, root, Options(jobs=2, only_changed=True, is_quiet=quiet)).all(
            None, DEMO_RUNS
        )
    if not quiet:
        option = f" --warehouse {root}" if directory else ""
        tell(*(line.format(index=index.resolve(), warehouse=option) for line in DEMO_DONE.split("\n")))


def _load_demo(root: Path, source: Path, quiet: bool) -> "LoadReport":
    """Load the sample, and put it at `source` when that went well: a first load that fails leaves nothing."""
    from igny8_analysis.etl import lake
    from igny8_analysis.etl.demo import AS_OF, copy_sqlite, is_sample, write_sqlite
    from igny8_analysis.etl.errors import LoadError
    from igny8_analysis.etl.scratch import SAMPLE, Scratch
    from igny8_analysis.load import load

    if is_there(source) and not is_sample(source):
        raise LoadError(f"{source} is not the sample's: move it, or name another directory with --warehouse")
    for version in lake.list_versions(root):
        if version.is_newer or datetime.fromisoformat(version.manifest()["as_of"]) != AS_OF:
            raise LoadError(
                f"{root} holds loads that are not the sample's: name another directory with --warehouse; "
                "nothing was changed"
            )
    with Scratch(SAMPLE) as folder, progress_display(quiet) as progress:
        made = Path(folder) / source.name
        write_sqlite(made)
        report = load(f"sqlite:///{made}", root, AS_OF, KEEP, progress)
        try:
            copy_sqlite(made, source)
        except OSError as error:
            told = (
                f"the sample is loaded, yet its source {source} cannot be written: {error.strerror or error}"
            )
            return replace(report, warnings=[*report.warnings, told])
    return report


def is_demo_loaded(root: Path, source: Path, as_of: datetime) -> bool:
    """Whether the current version is a load of the demo that is younger than the source and the program's files."""
    from igny8_analysis import etl, warehouse
    from igny8_analysis.etl import lake

    version = lake.current_version(root)
    if version is None or not source.exists() or not version.manifest_file.exists():
        return False
    folders = (Path(package.__path__[0]) for package in (etl, warehouse))
    program = [file for folder in folders for file in folder.rglob("*") if file.suffix != ".pyc"]
    newest = max(file.stat().st_mtime for file in (source, *program) if file.is_file())
    manifest = version.manifest()
    return (
        datetime.fromisoformat(manifest["as_of"]) == as_of and version.manifest_file.stat().st_mtime > newest
    )


DEMO_DONE = """
Open      {index}
Then try  igny8 overview mysite.com{warehouse}
          igny8 history mysite.com{warehouse}
          igny8 run mysite.com run_20260226_073127_manual{warehouse}
          igny8 forecast mysite.com{warehouse}
          igny8 sql{warehouse} "select * from run_statistics"
          igny8 lab{warehouse}"""
