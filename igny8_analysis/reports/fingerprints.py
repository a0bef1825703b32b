"""Digests of the data that a report shows, so that one whose data did not change need not be made again.

A run's digest is of its rows in every view that its notebook reads, found in the notebook's own queries; and
of the notebook and the package's code. It is the same as long as the report would be.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from igny8_analysis.connection import Warehouse

DRAWING = ("altair", "jinja2", "nbconvert", "vl-convert-python")

Key = tuple[int | None, int | None]


class RunDigests:
    """The digest of every run of a site, or of all sites, in one pass a view."""

    def __init__(self, warehouse: Warehouse, notebook: Path, site_id: int | None = None) -> None:
        """Read every view that the notebook reads, of one site or of all."""
        self._notebook = notebook
        self._parts: dict[Key, list[str]] = {}
        for view in sorted(views_read(notebook)):
            self._add(warehouse, view, site_id)

    def of(self, site_id: int, run: int, *more: Any) -> str:
        """Return the digest of a run's data, with what else goes into its report."""
        keys: list[Key] = [(None, None), (site_id, None), (site_id, run)]
        return digest(code_digest(self._notebook), *(self._parts.get(key) for key in keys), *more)

    def _add(self, warehouse: Warehouse, view: str, site_id: int | None) -> None:
        columns = warehouse.sql(f"select * from {view} limit 0").columns
        keys = [name if name in columns else f"null as {name}" for name in ("site_id", "id")]
        scope = f"where site_id = {site_id}" if site_id is not None and "site_id" in columns else ""
        query = (
            f"select {', '.join(keys)}, count(*), cast(sum(cast(hash(v) as hugeint)) as varchar) "
            f"from {view} as v {scope} group by 1, 2"
        )
        for site, run, count, total in warehouse.sql(query).fetchall():
            self._parts.setdefault((site, run), []).append(f"{view} {count} {total}")


def digest(*parts: Any) -> str:
    """Return a short digest of the parts, in their order."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


@cache
def code_digest(notebook: Path, package: Path = Path(__file__).parent.parent) -> str:
    """Return a digest of all that turns rows into a report: the notebook, our charts, queries, reports, what draws."""
    folders = (package / "charts", package / "queries", package / "reports")
    sources = [file for folder in folders for file in sorted(folder.rglob("*.*")) if file.suffix != ".pyc"]
    parts = [
        *(file.read_bytes() for file in [notebook, *sources]),
        *(version(name).encode() for name in DRAWING),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@cache
def views_read(notebook: Path) -> frozenset[str]:
    """Return the names of the views that a notebook's queries read."""
    import sqlglot
    from sqlglot import exp

    names: set[str] = set()
    for query in _queries(notebook):
        tree = sqlglot.parse_one(query, dialect="duckdb")
        names |= {table.name for table in tree.find_all(exp.Table)}
        names -= {common.alias for common in tree.find_all(exp.CTE)}
    return frozenset(names)


def _queries(notebook: Path) -> Iterator[str]:
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                match node:
                    case ast.Constant(value=str(text)) if text.strip().startswith(("select", "with")):
                        yield text
