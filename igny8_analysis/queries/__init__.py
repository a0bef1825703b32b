"""Queries over the views: kept as SQL, read by name."""

from functools import cache
from pathlib import Path


def read_query(name: str, **values: object) -> str:
    """Return the text of `<name>.sql` beside this file, its `{{ names }}` filled in with the values."""
    if not values:
        return _text(name)
    from igny8_analysis.etl.templates import filled

    return filled(_text(name), values)


@cache
def _text(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
