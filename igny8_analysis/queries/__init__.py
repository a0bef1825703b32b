"""Queries whose answer is of more than one row of a view: read by name, kept as SQL."""

from functools import cache
from pathlib import Path


@cache
def read_query(name: str) -> str:
    """Return the text of `<name>.sql` beside this file."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
