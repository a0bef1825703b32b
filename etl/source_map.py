"""An operator's own names for the source's tables and columns, from a TOML file."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from igny8_analysis.etl.errors import LoadError, UsageError
from igny8_analysis.etl.source_schema import SOURCE_TABLES

FORBIDDEN = ('"', "'", "`", "\0")


@dataclass(frozen=True)
class SourceMap:
    """Names in place of the usual ones: of tables by their key, of columns by their table's key and usual name."""

    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def read_source_map(file: Path) -> SourceMap:
    """Read `[tables]` and `[columns.KEY]` of the file.

    Raises UsageError where it is no such file, LoadError for a key that is not known and a name that can be none.
    """
    if not file.is_file():
        raise UsageError(f"there is no source map {file}; check --source-map and IGNY8_SOURCE_MAP")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the source map {file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the source map {file} is no TOML: {error}") from None
    _expect_known(file, "", content, ("tables", "columns"))
    tables = _section(file, "tables", content)
    columns = _section(file, "columns", content)
    _expect_known(file, "tables.", tables, SOURCE_TABLES)
    _expect_known(file, "columns.", columns, SOURCE_TABLES)
    for key, table in SOURCE_TABLES.items():
        _expect_known(file, f"columns.{key}.", _section(file, key, columns), table.columns)
    return SourceMap(
        {key: _name(file, f"tables.{key}", name) for key, name in tables.items()},
        {
            key: {column: _name(file, f"columns.{key}.{column}", name) for column, name in names.items()}
            for key, names in columns.items()
        },
    )


def _section(file: Path, name: str, content: dict[str, Any]) -> dict[str, Any]:
    section = content.get(name, {})
    if not isinstance(section, dict):
        raise UsageError(f"the source map {file}: {name} must be a section of names, as [tables] is")
    return section


def _expect_known(file: Path, where: str, given: dict[str, Any], known: Collection[str]) -> None:
    for key in given:
        if key not in known:
            raise LoadError(f"the source map {file}: {where}{key} is no key; known are {', '.join(known)}")


def _name(file: Path, where: str, name: Any) -> str:
    if not isinstance(name, str):
        raise UsageError(f"the source map {file}: {where} must be a text, the name in the source")
    if not name or any(character in name for character in FORBIDDEN):
        raise LoadError(
            f"the source map {file}: {where} is {name!r}; a name is not empty and holds no quote or NUL"
        )
    return name
