"""`igny8 check`: what a load would find in a source, without reading a row."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from igny8_analysis.cli.options import examples, format_option, source_map_option, source_option

if TYPE_CHECKING:
    from igny8_analysis.etl.catalogue import Catalogue


@click.command(
    "check",
    epilog=examples(
        "igny8 check --source postgresql://reader@db.example/igny8",
        "igny8 check --source sqlite:////srv/copy.sqlite --source-map source.toml --format json",
    ),
)
@source_option
@source_map_option
@format_option
def check_command(source: str, source_map: Path | None, format_: str) -> None:
    """Show what a load would find in a source: tables, columns, what is missing and what is not read.

    No row is read. The names on the left are those that a source map uses. The exit status is 5 where a load
    would stop.
    """
    from igny8_analysis.cli.output import print_csv, print_json
    from igny8_analysis.etl.catalogue import look
    from igny8_analysis.etl.source_map import read_source_map
    from igny8_analysis.etl.sources import open_source

    names = read_source_map(source_map) if source_map else None
    with open_source(source) as opened:
        found = look(opened, names)
    if format_ == "json":
        print_json(found.describe())
    elif format_ == "csv":
        print_csv(("table", "name", "what", "column"), _rows(found))
    else:
        _show(found)
    found.require()


def _rows(found: "Catalogue") -> list[tuple[str | None, ...]]:
    """One row a table, per column read, missing or not read, and per table that is not read."""
    rows: list[tuple[str | None, ...]] = []
    for key, table in found.describe()["tables"].items():
        rows.append((key, table["name"], "table", None))
        for what in ("columns", "missing", "required_missing", "unread"):
            rows += [(key, table["name"], what, column) for column in table[what]]
    return rows + [(None, name, "unread_table", None) for name in found.unread_tables]


def _show(found: "Catalogue") -> None:
    for key, table in found.tables.items():
        _line(f"{key}:", _about(found, key))
        read = [name if name == own else f"{name} ({own})" for name, own in table.columns.items()]
        optional = [name for name in table.missing if name not in table.required_missing]
        _names("reads", read if table.is_read else [])
        _names("missing", optional)
        _names("required", table.required_missing)
        _names("not read", table.unread)
    _line("Tables not read:", ", ".join(found.unread_tables) or "none")
    if found.unreadable:
        _line("The reading role may not read:", ", ".join(found.unreadable))
    if not found.lacking:
        _line("A load would go through.")


def _about(found: "Catalogue", key: str) -> str:
    table = found.tables[key]
    stops = "a load would stop" if table.table.is_required else "optional"
    if table.relation is None:
        return f"not there, looked for {' and '.join(table.table.names)} ({stops})"
    if table.relation.hides_rows:
        return f"{table.name}: row-level security hides rows from the role, so it is not read ({stops})"
    if not table.is_readable:
        return f"{table.name}: the role may not read it ({stops})"
    if table.required_missing:
        stops = "it reads as empty" if table.table.is_extra else "a load would stop"
        return f"{table.name}: required columns are missing ({stops})"
    return table.name


def _names(what: str, names: list[str]) -> None:
    if names:
        _line(f"    {what:10}", ", ".join(names))


def _line(*parts: str) -> None:
    from igny8_analysis.text import visible

    click.echo(visible(" ".join(parts)))
