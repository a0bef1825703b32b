"""In what the current versions of two warehouses differ: tables of the lake, and views; and values that are alike."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from igny8_analysis.etl import lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.lake import Version
from igny8_analysis.warehouse.build import TEXTS, View, load_views

COMPUTED = [view for view in load_views() if view.layer != TEXTS]


def differing_tables(left: Path, right: Path) -> dict[str, int]:
    """For each table of the lake that differs, how many rows are in one of them alone."""
    one, two = lake.find_version(left), lake.find_version(right)
    found = {name: rows_of_one_alone(one, two, name) for name in LAKE_TABLES}
    return {name: rows for name, rows in found.items() if rows}


def rows_of_one_alone(one: Version, two: Version, table: str) -> int:
    """How many rows of a table of the lake are in one version alone."""
    if one.manifest()["tables"][table]["sha256"] == two.manifest()["tables"][table]["sha256"]:
        return 0
    with duckdb.connect() as connection:
        a, b = (f"(from read_parquet('{version.lake}/{table}.parquet'))" for version in (one, two))
        return sum(
            len(connection.execute(f"from {left} except all from {right}").fetchall())
            for left, right in ((a, b), (b, a))
        )


def differing_views(left: Path, right: Path, views: Sequence[View] = COMPUTED) -> dict[str, int]:
    """For each of the views that differs, how many rows do: doubles by more than one part in 10⁹, all else at all."""
    found = {}
    with duckdb.connect() as connection:
        for name, root in (("l", left), ("r", right)):
            version = lake.find_version(root)
            connection.execute(f"attach '{version.database}' as {name} (read_only)")
        for view in views:
            columns = connection.execute(f"describe l.main.{view.name}").fetchall()
            assert connection.execute(f"describe r.main.{view.name}").fetchall() == columns, view.name
            doubles = [f'"{c[0]}"' for c in columns if c[1] == "DOUBLE"]
            exact = [f'"{c[0]}"' for c in columns if c[1] != "DOUBLE"]
            order = ", ".join(exact + [f"round({c}, 6)" for c in doubles])
            sides = [
                f"(select *, row_number() over (order by {order}) as row_place from {side}.main.{view.name}) as {side}"
                for side in "lr"
            ]
            unequal = [f"l.{c} is distinct from r.{c}" for c in exact]
            unequal += [
                f"((l.{c} is null) <> (r.{c} is null) or "
                f"abs(l.{c} - r.{c}) > 1e-9 * greatest(1, abs(l.{c}), abs(r.{c})))"
                for c in doubles
            ]
            ((rows,),) = connection.execute(
                f"select count(*) from {sides[0]} full join {sides[1]} using (row_place) where {' or '.join(unequal)}"
            ).fetchall()
            if rows:
                found[view.name] = rows
    return found


def near(a: Any, b: Any) -> bool:
    """Whether two values, or all of two lists, are alike: doubles but for one part in 10⁹."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(near, a, b))
    if float in (type(a), type(b)) and None not in (a, b):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)
