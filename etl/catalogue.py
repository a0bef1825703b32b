"""Which of the declared tables and columns a source has, under which names, and what else is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.source_map import SourceMap
from igny8_analysis.etl.source_schema import OTHER_NAMES, SOURCE_TABLES, SourceTable
from igny8_analysis.etl.sources.source import SEE_ALL_ROWS, Relation, Source
from igny8_analysis.etl.templates import identifier

_HIDDEN = f"row-level security hides rows of it; {SEE_ALL_ROWS}"


@dataclass(frozen=True)
class FoundTable:
    """A declared table as this installation has it: its relation (None: missing), its columns by their usual names."""

    key: str
    table: SourceTable
    relation: Relation | None
    columns: dict[str, str]

    @property
    def name(self) -> str:
        """The table's name in the source; the usual one where it is missing."""
        return self.relation.name if self.relation else self.table.names[0]

    @property
    def is_readable(self) -> bool:
        """Whether the table is there and the role may read something of it."""
        return self.relation is not None and self.relation.is_readable

    @property
    def missing(self) -> list[str]:
        """Usual names of the columns that a readable table lacks."""
        return [name for name in self.table.columns if name not in self.columns] if self.is_readable else []

    @property
    def required_missing(self) -> list[str]:
        """Those of them without which it is not read."""
        return [name for name in self.missing if name in self.table.required]

    @property
    def is_read(self) -> bool:
        """Whether there is anything to read."""
        return self.is_readable and not self.required_missing

    @property
    def unread(self) -> list[str]:
        """Columns of the table that are not read."""
        return (
            [name for name in self.relation.columns if name not in self.columns.values()]
            if self.relation
            else []
        )

    def type_of(self, column: str) -> str | None:
        """The type that the source holds a declared column to, if to any."""
        return self.relation.types.get(self.columns.get(column, "")) if self.relation else None

    def sql(self, **more: str) -> str:
        """The table as a SQL relation named `key` with every declared column, NULL where it is missing; and `more`."""
        found = self.columns if self.is_read else {}
        columns = [
            f"{identifier(found[name])} as {name}" if name in found else f"cast(null as {type_}) as {name}"
            for name, type_ in self.table.columns.items()
        ]
        columns += [f"{sql} as {name}" for name, sql in more.items()]
        relation = self.relation if self.is_read else None
        source = f"from {'.'.join(map(identifier, relation.path))}" if relation else "where 1 = 0"
        return f"(select {', '.join(columns)} {source}) as {self.key}"


@dataclass(frozen=True)
class Catalogue:
    """What a source has: the declared tables as found, and every relation that was looked at."""

    tables: dict[str, FoundTable]
    relations: list[Relation]

    @property
    def missing(self) -> list[str]:
        """Optional tables and columns that the source lacks or the role may not read, by name."""
        names = [found.name for found in self.tables.values() if not found.is_readable]
        return names + [
            f"{found.name}.{column}" for found in self.tables.values() for column in found.missing
        ]

    @property
    def not_read(self) -> list[str]:
        """Keys of the declared tables that read as empty."""
        return [key for key, found in self.tables.items() if not found.is_read]

    @property
    def unreadable(self) -> list[str]:
        """Those missing that are there, but the role may not read them."""
        names = []
        for found in self.tables.values():
            if found.relation and not found.is_readable:
                names.append(found.name)
            elif found.relation:
                unreadable = [name for name in found.missing if name in found.relation.columns]
                names += [f"{found.name}.{column}" for column in unreadable]
        return names

    @property
    def filtered(self) -> list[str]:
        """Those tables of them of which row-level security hides rows."""
        return [t.name for t in self.tables.values() if t.relation and t.relation.hides_rows]

    @property
    def lacking(self) -> list[str]:
        """What stops a load: required tables and columns that are not there to be read."""
        found = [t for t in self.tables.values() if not t.table.is_extra]
        names = [t.name for t in found if t.table.is_required and not t.is_readable]
        return names + [f"{t.name}.{column}" for t in found for column in t.required_missing]

    @property
    def unread_tables(self) -> list[str]:
        """Tables of IGNY8 that are there and not read."""
        read = [found.relation for found in self.tables.values() if found.is_readable]
        return [relation.name for relation in self.relations if relation not in read]

    @property
    def warnings(self) -> list[str]:
        """What was left out of a load that goes through, and how it would come in."""
        if not self.filtered:
            return []
        return [f"{', '.join(self.filtered)} reads as empty: {_HIDDEN}"]

    def require(self) -> None:
        """Raise LoadError with one message that names everything whose lack stops a load."""
        if not self.lacking:
            return
        if hidden := sorted(set(self.lacking) & set(self.filtered)):
            raise LoadError(f"{', '.join(hidden)} cannot be read whole: {_HIDDEN}")
        is_denied = not set(self.lacking).isdisjoint(self.unreadable)
        denied = f"; permission denied for {', '.join(self.unreadable)}" if is_denied else ""
        raise LoadError(
            f"the source lacks what the load needs: {', '.join(self.lacking)}{denied}; "
            "grant SELECT on it to the reading role, load from an IGNY8 database that has it, "
            "or name it in a source map (igny8 check shows what is there)"
        )

    def describe(self) -> dict[str, Any]:
        """What was found, table by table, as `igny8 check --format json` prints it; what is hidden, where it is so."""
        hidden = {"unreadable": self.unreadable, "filtered": self.filtered}
        return {
            "tables": {
                key: {
                    "name": found.relation.name if found.relation else None,
                    "columns": list(found.columns.values()),
                    "missing": [name for name in found.missing if name not in found.table.required],
                    "required_missing": found.required_missing,
                    "unread": found.unread,
                }
                for key, found in self.tables.items()
            },
            "unread_tables": self.unread_tables,
            "would_load": not self.lacking,
            **{name: hidden[name] for name in hidden if hidden[name]},
        }


def look(source: Source, names: SourceMap | None = None) -> Catalogue:
    """Look which declared tables and columns the source has; `names` go before the usual ones.

    Raises LoadError where a table or column that `names` holds is not there.
    """
    names = names or SourceMap()
    relations = source.relations(list(names.tables.values()))
    return Catalogue(
        {key: _find(key, table, relations, names) for key, table in SOURCE_TABLES.items()}, relations
    )


def _find(key: str, table: SourceTable, relations: list[Relation], names: SourceMap) -> FoundTable:
    own_name, own_columns = names.tables.get(key), names.columns.get(key, {})
    by_name = {name: r for r in relations for name in (r.name, ".".join(r.path))}
    found = [by_name[name] for name in _present((own_name,) if own_name else table.names, by_name)]
    relation = next((r for r in found if r.is_readable), found[0] if found else None)
    if relation is None:
        if own_name or own_columns:
            raise LoadError(
                f"the source map names {own_name or 'columns'} for {key}, and the source has no such table that the "
                "reading role can see; igny8 check without the map shows what is there"
            )
        return FoundTable(key, table, None, {})
    columns: dict[str, str] = {}
    for column in table.columns:
        usual = (column, OTHER_NAMES[column]) if column in OTHER_NAMES else (column,)
        present = _present((own_columns[column],) if column in own_columns else usual, relation.columns)
        if column in own_columns and not present:
            raise LoadError(
                f"the source map names {own_columns[column]} for {key}.{column}, and {relation.name} has no such column"
            )
        if readable := [name for name in present if relation.columns[name]]:
            columns[column] = readable[0]
    return FoundTable(key, table, relation, columns)


def _present(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those of the wanted names that are there, as they are spelled there: letters may be upper or lower case."""
    spelled = {name.lower(): name for name in names} | {name: name for name in names}
    return [spelled.get(name) or spelled[name.lower()] for name in wanted if name.lower() in spelled]
