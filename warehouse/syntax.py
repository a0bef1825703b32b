"""What a query reads and gives, from the syntax tree that DuckDB's own parser makes of it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

from igny8_analysis.etl.errors import LoadError

Node = dict[str, Any]


class Syntax:
    """The syntax tree of one query."""

    def __init__(self, sql: str) -> None:
        """Parse it. Raises LoadError for what is no query."""
        ask = "select json_serialize_sql(?, skip_default := true, skip_empty := true)"
        ((text,),) = _parser().execute(ask, [sql]).fetchall()
        self._nodes = list[Node]()
        tree = json.loads(text, object_hook=self._note)
        if tree["error"]:
            raise LoadError(f"{tree['error_message']} in: {' '.join(sql.split())}")
        self._query: Node = tree["statements"][0]["node"]

    def _note(self, node: Node) -> Node:
        self._nodes.append(node)
        return node

    @property
    def tables(self) -> Iterator[tuple[str, str]]:
        """What it calls each table or view that it reads, and the name of that (`lake.runs`), as often as it does."""
        common = {cte["key"] for node in self._nodes for cte in node.get("cte_map", {}).get("map", [])}
        for node in self._nodes:
            if node.get("type") == "BASE_TABLE":
                table: str = node["table_name"]
                name = f"{node['schema_name']}.{table}" if "schema_name" in node else table
                if name not in common:
                    yield node.get("alias", table), name

    @property
    def names(self) -> frozenset[str]:
        """Every name that may be a column's."""
        return frozenset(
            name for node in self._nodes if node.get("type") == "COLUMN_REF" for name in node["column_names"]
        )

    @property
    def stars(self) -> frozenset[str]:
        """Of what it takes all columns, as it calls it; an empty name: of all that it reads."""
        return frozenset(node.get("relation_name", "") for node in self._nodes if node.get("type") == "STAR")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it gives; an empty one where the naming is left to DuckDB."""
        query = self._query
        while query["type"] == "SET_OPERATION_NODE":  # of which the first part names them
            query = query["children"][0]
        return tuple(map(_name, query["select_list"]))

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the columns that sort its rows."""
        last = self._query.get("modifiers", [])
        return tuple(_name(by["expression"]) for modifier in last for by in modifier.get("orders", []))


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A connection to parse by, of one thread: a process that has it can still be forked."""
    return duckdb.connect(config={"threads": 1})


def _name(expression: Node) -> str:
    name: str = expression.get("alias") or expression.get("column_names", [""])[-1]
    return name
