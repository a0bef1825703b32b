"""Write the generated pages: `python docs/generate.py`, or with `--check` only say which are stale.

`dictionary.md` comes from the catalogue of a warehouse built from the demo source, `cli.md` from the commands, the
forecasts' sheet in `methods.md` from the views' SQL: none can say anything else than the program.
"""

import html
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from igny8_analysis import Warehouse, connect
from igny8_analysis.cli import cli
from igny8_analysis.etl import demo
from igny8_analysis.explain import sql_file
from igny8_analysis.load import load
from igny8_analysis.warehouse.build import column_descriptions, load_views

DOCS = Path(__file__).parent
SHEET = re.compile(r"(?<=```mermaid\n)flowchart.*?(?=```)", re.DOTALL)
MADE = "<!-- Made by docs/generate.py (make docs): change the source, not this page. -->"

TABLES = """
select schema_name, view_name as name, comment, false as is_table from duckdb_views() where not internal
union all
select schema_name, table_name, comment, true from duckdb_tables()
order by schema_name desc, name
"""
COLUMNS = """
select column_name, data_type, comment from duckdb_columns()
where schema_name = ? and table_name = ? order by column_index
"""
VIEW_COLUMNS = "select table_name, column_name from duckdb_columns() where schema_name = 'main'"


def dictionary(warehouse: Warehouse) -> str:
    """The page of every view and table with its columns, types and meanings."""
    tables = warehouse.sql(TABLES).fetchall()
    lines = [
        MADE,
        "",
        "# Data dictionary",
        "",
        *introduction([(schema, name) for schema, name, *_ in tables]),
    ]
    for schema, name, comment, is_table in tables:
        lines += ["", f"## {title(schema, name)}", "", comment or "", ""]
        if schema == "main":
            source = sql_file(name)
            kept = ", kept as a table" if is_table else ""
            lines += [f"Made by [{source}](../{source}){kept}.", ""]
        lines += ["| column | type | meaning |", "|---|---|---|"]
        for column, data_type, meaning in warehouse.sql(COLUMNS, [schema, name]).fetchall():
            lines.append(f"| `{column}` | {data_type.lower()} | {cell(meaning or '')} |")
    return "\n".join(lines) + "\n"


def introduction(tables: list[tuple[str, str]]) -> Iterator[str]:
    """What the page is, and a list of what it holds, layer by layer."""
    yield "Views keep full precision and say NULL where a value does not exist. Times are UTC; windows end at the"
    yield "load's `as_of`. Views are in the schema `main`, what a load wrote is in the schema `lake`."
    yield "Steps that other views are made of are named after those that answer."
    steps = {view.name for view in load_views() if view.step}
    layers: dict[str, tuple[list[str], list[str]]] = {}
    for schema, name in tables:
        layer = Path(sql_file(name)).parent.name if schema == "main" else schema
        layers.setdefault(layer, ([], []))[name in steps].append(title(schema, name))
    for layer, kinds in layers.items():
        answers, on_the_way = (
            ", ".join(f"[{name}](#{name.replace('.', '')})" for name in names) for names in kinds
        )
        yield ""
        yield f"- **{layer}**: " + "; steps: ".join(filter(None, (answers, on_the_way)))


def title(schema: str, name: str) -> str:
    """The name to write in a query."""
    return name if schema == "main" else f"{schema}.{name}"


def cell(text: str) -> str:
    """Text that stays inside a cell of a table; what is between backticks is shown as it is."""
    parts = re.split(r"(`[^`]*`)", text)
    escaped = "".join(part if part.startswith("`") else html.escape(part, quote=False) for part in parts)
    return escaped.replace("|", r"\|").replace("\n", " ")


def reference(command: click.Command, name: str) -> str:
    """The page of every command with its help, as the terminal shows it."""
    lines = [MADE, "", "# Command line", ""]
    for path, text in helps(command, name):
        lines += [f"{'#' * min(len(path) + 1, 4)} {' '.join(path)}", "", "```text", text, "```", ""]
    return "\n".join(lines)


def helps(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[list[str], str]]:
    """Each command's path and help, the group before what is in it."""
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    yield context.command_path.split(), command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from helps(found, sub, context)


def sheet() -> str:
    """What flows into what in `warehouse/forecast/`, as a Mermaid diagram: no edge where a longer way says it too."""
    views = {view.name: view for view in load_views() if view.layer == "forecast"}
    read = {name: view.references & views.keys() for name, view in views.items()}
    lookups = {name for name in views if not views[name].references}  # thresholds and names, read all over
    reached: dict[str, set[str]] = {}
    for name in views:  # each after those it reads
        reached[name] = set(read[name]).union(*(reached[source] for source in read[name]))
    lines = ["flowchart LR"]
    for name in sorted(views.keys() - lookups):
        direct = sorted(read[name] - lookups)
        lines += [
            f"    {source} --> {name}"
            for source in direct
            if not any(source in reached[other] for other in direct)
        ] or [f"    {name}"]
    answers = sorted(name for name in views.keys() - lookups if not views[name].step)
    return (
        "\n".join([*lines, "    classDef answer stroke-width:3px", f"    class {','.join(answers)} answer"])
        + "\n"
    )


def methods(text: str) -> str:
    """The page of methods, written by hand, with the sheet of today's views in it."""
    return SHEET.sub(lambda _: sheet(), text)


def pages(warehouse: Warehouse) -> dict[Path, str]:
    """The generated pages by their files; any warehouse will do, for its views."""
    by_hand = (DOCS / "methods.md").read_text(encoding="utf-8")
    return {
        DOCS / "dictionary.md": dictionary(warehouse),
        DOCS / "cli.md": reference(cli, "igny8"),
        DOCS / "methods.md": methods(by_hand),
    }


def stale(made: dict[Path, str]) -> list[str]:
    """Names of the pages that say something else than what was made."""
    return [
        path.name
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def misfits(warehouse: Warehouse) -> list[str]:
    """What is described and not there: columns that no view has, and what of a grain is beyond its line."""
    columns: dict[str, set[str]] = {}
    for view, column in warehouse.sql(VIEW_COLUMNS).fetchall():
        columns.setdefault(view, set()).add(column)
    common, own = column_descriptions()
    found = [
        f"no view has a column {name}" for name in common if not any(name in has for has in columns.values())
    ]
    for view, names in own.items():
        found += [f"{view} has no column {name}" for name in names if name not in columns.get(view, ())]
    long = [view.name for view in load_views() if f"-- {view.grain}" != view.sql.splitlines()[0]]
    return [*found, *(f"{name}: its grain is more than a line" for name in long)]


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` return 1 if one is stale; 1 too where they describe what is not there."""
    with tempfile.TemporaryDirectory() as folder:
        demo.write_sqlite(Path(folder) / "demo.sqlite")
        load(f"sqlite:///{folder}/demo.sqlite", Path(folder), as_of=demo.AS_OF)
        with connect(folder) as warehouse:
            made, wrong = pages(warehouse), misfits(warehouse)
    if wrong:
        print("warehouse/: " + "; ".join(wrong), file=sys.stderr)
        return 1
    if arguments == ["--check"]:
        if names := stale(made):
            print(f"docs/ is stale: {', '.join(names)}; make docs", file=sys.stderr)
        return int(bool(names))
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
