"""SQL that is kept in files, its `{{ names }}` filled in; and names and texts as SQL spells them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import StrictUndefined, Template

_WILDCARD = re.compile(r"[*?[]")


def filled(sql: Path | str, values: Mapping[str, object]) -> str:
    """The SQL, of a file or as it is, filled in. Raises UndefinedError for a name that has no value."""
    text = sql.read_text(encoding="utf-8") if isinstance(sql, Path) else sql
    return _template(text)(values)


@cache
def _template(text: str) -> Callable[[Mapping[str, object]], str]:
    render: Callable[[Mapping[str, object]], str] = Template(text, undefined=StrictUndefined).render
    return render


def quoted(text: Path | str) -> str:
    """The text as it stands between the quotes of a literal; a path whole, for DuckDB takes `~` and `s3:` for more."""
    return str(text.absolute() if isinstance(text, Path) else text).replace("'", "''")


def parquet(path: Path) -> str:
    """SQL for the rows of Parquet, a file or all in a folder; another folder called `name=value` is no column of it."""
    return f"read_parquet('{quoted(parquet_files(path))}', hive_partitioning = false)"


def parquet_files(path: Path) -> str:
    """What DuckDB finds the file, or all Parquet in the folder, by; a `*` or `[` in its path is no pattern."""
    literal = _WILDCARD.sub(r"[\g<0>]", str(path.absolute()))
    return f"{literal}/**/*.parquet" if path.is_dir() else literal


def identifier(name: str) -> str:
    """The name of a table or column, in its quotes."""
    return '"' + name.replace('"', '""') + '"'
