"""`igny8 etl`, `igny8 demo`, `igny8 versions`: making and listing versions of a warehouse."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from igny8_analysis.cli.options import examples, format_option, quiet_option, warehouse_option
from igny8_analysis.cli.streams import tell

KEEP = 5
DEMO_RUNS = 5


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
        "igny8 etl --source postgresql://reader@db.example/igny8 --keep 30 --quiet",
    ),
)
@click.option("--source", required=True, metavar="URL", help="postgresql://… or sqlite:///path.")
@click.option("--as-of", type=Instant(), help="Instant of a copy that was taken earlier; cuts nothing off.")
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="Versions that stay."
)
@warehouse_option
@quiet_option
def etl_command(source: str, as_of: datetime | None, keep: int, directory: Path | None, quiet: bool) -> None:
    """Load a source database into a new version of the warehouse.

    The source is read only, in one transaction. The new version is seen when it is complete and checked;
    until then, and if anything fails, readers see the version before.
    """
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.load import load

    with progress_display(quiet) as progress:
        report = load(source, warehouse_directory(directory), as_of, keep, progress)
    if not quiet:
        tell(str(report))


@click.command(
    "versions", epilog=examples("igny8 versions", "igny8 versions --warehouse /srv/igny8 --format json")
)
@warehouse_option
@format_option
def versions_command(directory: Path | None, format_: str) -> None:
    """List the versions that stay, newest load first."""
    from igny8_analysis.cli.output import print_rows
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.etl import lake

    root = warehouse_directory(directory)
    current = lake.find_version(root)
    rows = []
    for version in lake.list_versions(root):
        manifest = version.manifest()
        tables = manifest["tables"]
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
                manifest["database_bytes"] + sum(table["bytes"] for table in tables.values()),
            )
        )
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
    )
    print_rows(columns, rows, format_)


@click.command("demo", epilog=examples("igny8 demo", "igny8 demo --warehouse /tmp/igny8"))
@warehouse_option
@quiet_option
def demo_command(directory: Path | None, quiet: bool) -> None:
    """Make a sample source, load it and make its reports: all overviews, the last 5 runs of each site."""
    from igny8_analysis.connection import connect, warehouse_directory
    from igny8_analysis.etl.demo import AS_OF, write_sqlite
    from igny8_analysis.load import load
    from igny8_analysis.reports.make import Options, Reports

    root = warehouse_directory(directory)
    root.mkdir(parents=True, exist_ok=True)
    source = root / "demo.sqlite"
    if is_demo_loaded(root, source, AS_OF):
        done = "the sample source is loaded already"
    else:
        write_sqlite(source)
        with progress_display(quiet) as progress:
            done = str(load(f"sqlite:///{source.resolve()}", root, AS_OF, KEEP, progress))
    if not quiet:
        tell(done)
    with connect(root) as warehouse:
        index = Reports(warehouse, root, Options(jobs=2, only_changed=True, is_quiet=quiet)).all(
            None, DEMO_RUNS
        )
    if not quiet:
        tell(DEMO_DONE.format(index=index.resolve(), warehouse=f" --warehouse {root}" if directory else ""))


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
