"""How tables write values: as pages do, by the name of what they are."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from igny8_analysis.cli.values import plain
from igny8_analysis.reports import formats
from igny8_analysis.text import shortened

HEADINGS = {
    "stage_number": "stage",
    "stage_name": "name",
    "active_seconds": "active_time",
    "total_credits_used": "credits",
}
LONGEST_NAME = 32
FEW = 1e-4
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DURATION = re.compile("seconds|duration")
_DIFFERENCE = re.compile("difference|variance|change_pct|^volume|^rate(_credits)?$|^bias$")
_PER_UNIT = re.compile("_per_(processed_)?item|_per_minute|_per_article|^rate_(before|after)")
_TO_HAVE = re.compile("budget|to have")
_SHARE = re.compile("^(wape|bias|coverage_.*|width_.*)$")
_NAME = re.compile("^(name|label|site|domain)$|_name$|_title$")
_UNIT = re.compile("_seconds$|_pct$")


def heading(name: str) -> str:
    """A column's or field's name as tables show it: without the unit, which its values say."""
    return HEADINGS.get(name) or _UNIT.sub("", name)


def is_name(column: str) -> bool:
    """Whether the column holds names that people gave."""
    return bool(_NAME.search(column))


def short(name: str) -> str:
    """The name, or its first 31 characters and a sign that there are more."""
    return shortened(name, LONGEST_NAME)


def facts(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    """Rows of a name and its values, as tables show them."""
    return [[heading(name), *(written(value, name) for value in values)] for name, *values in rows]


def written(value: Any, name: str) -> str:
    """A value of what the name says: a count, credits, seconds, a percentage, an instant, a text."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if is_number and not is_id(name) and math.isfinite(value):
        return _number(value, name).replace(formats.NARROW, " ")
    if isinstance(value, datetime):
        return formats.instant(value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{value[:10]} {value[11:16]}"
    return exact(value, name)


def is_id(name: str) -> bool:
    """Whether the values of that name are ids: digits that are not grouped."""
    return name == "id" or name.endswith("_id")


def _number(value: float | Decimal, name: str) -> str:
    is_difference = bool(_DIFFERENCE.search(name))
    if _DURATION.search(name):
        return formats.signed_as(value, formats.duration) if is_difference else formats.duration(value)
    if name.endswith("_pct"):
        return formats.change(value) if is_difference else formats.percent(value)
    if _SHARE.search(name):
        return formats.change(Decimal(str(value)) * 100) if is_difference else formats.share(str(value))
    if is_difference:
        return formats.signed(value)
    if _PER_UNIT.search(name):
        return formats.rate(value)
    return formats.up(value) if _TO_HAVE.search(name) else formats.number(value, 3 if "ratio" in name else 0)


def exact(value: Any, name: str) -> str:  # noqa: PLR0911 (one return a type)
    """A value as it is, numbers grouped and to four decimals, or four digits: for the answers of queries."""
    match value:
        case int() if is_id(name):
            return str(value)
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() | Decimal():
            few, many = f"{value:.4g}", f"{value:,.4f}".rstrip("0").rstrip(".")
            return few if 0 < abs(float(value)) < FEW else many
        case datetime():
            return value.replace(tzinfo=None).isoformat(" ", "seconds")
        case list() | tuple() | dict():
            return json.dumps(plain(value), ensure_ascii=False)
        case bytes():
            return value.hex()
        case _:
            return str(value)
