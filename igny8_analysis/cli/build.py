"""`igny8 build`: a warehouse from a lake, by DuckDB here or by Spark on any number of machines."""

from pathlib import Path

import click

from igny8_analysis.cli.load import print_warnings, progress_display
from igny8_analysis.cli.options import examples, quiet_option, resources_options
from igny8_analysis.cli.streams import tell
from igny8_analysis.etl.lake import KEEP


@click.command(
    "build",
    epilog=examples(
        "igny8 build --engine spark --out /srv/igny8",
        "igny8 build --engine spark --master spark://head:7077 --lake s3a://igny8/lake --out /shared/igny8",
        "igny8 build --lake data/versions/20260301T120000Z-0007/lake --out /srv/again",
    ),
)
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What computes the views; the numbers are the same.",
)
@click.option("--master", metavar="URL", help="Spark's master; local[*] where it is left out.")
@click.option(
    "--lake",
    "lake_uri",
    metavar="URI",
    help="Folder of the lake's Parquet; else the current version's of IGNY8_WAREHOUSE or ./data.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Warehouse directory that gets the new version; Spark's workers must reach it by this path.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="Versions that stay."
)
@resources_options
@quiet_option
def build_command(
    engine: str,
    master: str | None,
    lake_uri: str | None,
    out: Path,
    keep: int,
    threads: int | None,
    memory: int | None,
    quiet: bool,
) -> None:
    """Build a version of a warehouse from a lake that is there already.

    By Spark the views are computed on its machines and written as Parquet beside the warehouse file, in one folder
    a bucket of sites (site_bucket = site_id modulo their number). It needs Java 17 or newer and
    pip install 'igny8-analysis[spark]'.
    """
    from igny8_analysis.connection import warehouse_directory
    from igny8_analysis.etl.lake import find_version
    from igny8_analysis.etl.resources import Resources
    from igny8_analysis.rebuild import rebuild

    if master and engine != "spark":
        raise click.UsageError("--master is Spark's: add --engine spark")
    if (threads or memory) and engine == "spark":
        raise click.UsageError(
            "--threads and --memory are DuckDB's: Spark takes them from --master and its settings"
        )
    with progress_display(quiet) as progress:
        lake_uri = lake_uri or str(find_version(warehouse_directory()).lake)
        report = rebuild(lake_uri, out, engine, master, keep, progress, Resources(threads, memory))
    print_warnings(report.warnings)
    if not quiet:
        tell(str(report).replace("loaded", "built", 1))
