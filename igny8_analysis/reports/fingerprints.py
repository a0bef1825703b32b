"""Digests of the data that a report shows, so that one whose data did not change need not be made again.

A page's digest is of the rows of every table that its notebook's queries read, in the columns that they name, and of
the notebook, the package's code and the views' definition: it is the same as long as the page would be. Two things
move with every load though nothing happened, and are left out: when the data was loaded, and the point that each load
adds to the line of what is pending. What moves with the clock alone, the brief's and a statement's outlook, is renewed
with the first load of a UTC day.
"""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from igny8_analysis.connection import Warehouse

ELSEWHERE = ("etl", "notebooks", "warehouse")
"""Folders of the package that make the rows, and that hold the notebooks of all pages."""
DRAWING = ("altair", "jinja2", "nbconvert", "vl-convert-python")

SAYS_WHEN = frozenset(("current_load", "loads"))
ORIGIN = "origin_at"  # of a forecast of the next run: the load's instant
OUTLOOK = frozenset(("spend_months", "runways"))
LESSONS = frozenset(
    ("account_lessons", "platform_lessons")
)  # of a UTC day; what they make of a forecast is read
BRIEF = "select brief from briefs"  # less its outlook
LATEST_OF = {"pending_history": "pending_items"}

Key = tuple[int | None, ...]
ALL = "*"


class Digests:
    """The digest of every page that a notebook makes, by one query: of all owners, or of one."""

    def __init__(
        self, warehouse: Warehouse, notebook: Path, keys: tuple[str, ...], owner: int | None = None
    ) -> None:
        """Read what the notebook reads. `keys` tell its pages apart: a site or an account, and a run."""
        self._made_by = code_digest(notebook), warehouse.manifest.get("definition")
        self._day = f"{warehouse.as_of:%Y-%m-%d}"
        self._is_of_run = len(keys) > 1
        self._parts: dict[Key, list[tuple[Any, ...]]] = {}
        read = columns_read(notebook, is_deep=not self._is_of_run)
        query = " union all ".join(_hashed(warehouse, view, read[view], keys, owner) for view in sorted(read))
        for *key, view, count, total in warehouse.sql(f"{query} order by all").fetchall():
            self._parts.setdefault(tuple(key), []).append((view, count, total))

    def of(self, *key: int, **more: Any) -> str:
        """Return the digest of the page of a site, an account or a run, with what else goes into it."""
        keys: list[Key] = [(None,) * len(key), key]
        if self._is_of_run:
            keys.append((key[0], None))
        day = "" if self._is_of_run else self._day
        parts = [self._parts.get(key) for key in keys]
        return digest(self._made_by, day, parts, sorted(more.items()))


def _hashed(
    warehouse: Warehouse, view: str, wanted: frozenset[str], keys: tuple[str, ...], owner: int | None
) -> str:
    """Return the query of a view's rows by owner: how many, and the sum of the hashes of the wanted columns."""
    from igny8_analysis.warehouse.renew import to_11_digits

    rows = warehouse.sql(f"select * from {view} limit 0")
    columns = list(rows.columns)
    types = dict(zip(columns, map(str, rows.types), strict=True))
    shown = [name for name in columns if (ALL in wanted or name in wanted) and name != ORIGIN]
    first, other = keys[0], {"site_id": "account_id", "account_id": "site_id"}[keys[0]]
    source, by = f"{view} as v", "null"
    if first in columns:
        by = f"v.{first}"
    elif other in columns:
        source, by = f"{view} as v join sites as s on s.{other} = v.{other}", f"s.{first}"
    named = [by, *(f"v.{name}" if name in columns else "null" for name in keys[1:])]
    row = ", ".join(to_11_digits(f'v."{name}"', types[name]) for name in shown) or "1"
    where = ""
    if by != "null":  # what is of no owner is on no page
        where = f" where {by} is not null" if owner is None else f" where {by} = {owner}"
    ids = ", ".join(f"cast({name} as bigint) as key_{n}" for n, name in enumerate(named))
    return (
        f"select {ids}, '{view}' as view, count(*) as rows, "
        f"cast(sum(cast(hash(row({row})) as hugeint)) as varchar) as total from {source}{where} group by all"
    )


def digest(*parts: Any) -> str:
    """Return a short digest of the parts, in their order."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


@cache
def code_digest(notebook: Path, package: Path = Path(__file__).parent.parent) -> str:
    """Return a digest of all that turns rows into a report: the notebook, what reads and draws, and what it draws with.

    Rows tell for themselves whether what makes them is another.
    """
    sources = [
        file
        for file in sorted(package.rglob("*.*"))
        if file.suffix != ".pyc" and file.relative_to(package).parts[0] not in ELSEWHERE
    ]
    parts = [
        *(file.read_bytes() for file in [notebook, *sources]),
        *(version(name).encode() for name in DRAWING),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@cache
def columns_read(notebook: Path, *, is_deep: bool) -> Mapping[str, frozenset[str]]:
    """Return by view the names of columns that a notebook's queries read, `*` for all.

    With `is_deep` the tables are named from which a view that is not kept is made, where that is cheaper and says
    the same: not where the view reads the load's instant, or the lake.
    """
    from igny8_analysis.warehouse.build import load_views

    views = {view.name: view for view in load_views()}
    read: dict[str, frozenset[str]] = {}
    opened: set[str] = set()
    waiting = list(_queries(notebook))
    while waiting:
        for name, columns in _columns(waiting.pop()).items():
            view = views.get(LATEST_OF.get(name, name))
            if (
                view is None or view.name in SAYS_WHEN | OUTLOOK | LESSONS
            ):  # the notebook's own run tells what is not there
                continue
            if is_deep and not view.is_kept and not view.reads & SAYS_WHEN and view.reads == view.references:
                if view.name not in opened:
                    opened.add(view.name)
                    waiting.append(view.sql)
            else:
                read[view.name] = read.get(view.name, frozenset()) | columns
    return read


def _columns(query: str) -> dict[str, frozenset[str]]:
    """Return by table the names that a query could read of it: all names in it, or `*`."""
    from igny8_analysis.warehouse.syntax import Syntax

    syntax = Syntax(query)
    read: dict[str, frozenset[str]] = {}
    for called, table in syntax.tables:
        is_whole = bool(syntax.stars & {"", called})
        read[table] = read.get(table, syntax.names) | ({ALL} if is_whole else frozenset())
    return read


def _queries(notebook: Path) -> Iterator[str]:
    """Return the queries of a notebook's cells, and those of the brief it shows."""
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                match node:
                    case ast.Constant(value=str(text)) if text.strip().startswith(("select", "with")):
                        yield re.sub(r"\$[a-z_]+", "null", text)
                    case ast.Attribute(attr="brief"):
                        yield BRIEF
