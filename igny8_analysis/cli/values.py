"""Values and names as JSON takes them."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def told_apart(names: Sequence[str]) -> list[str]:
    """The names, one that was there already with its number: `a`, `a_2`, `a_3`."""
    found: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        told = name if seen[name] == 1 else f"{name}_{seen[name]}"
        while told in found or (seen[name] > 1 and told in names):
            seen[name] += 1
            told = f"{name}_{seen[name]}"
        found[told] = None
    return list(found)


def plain(value: Any) -> Any:  # noqa: PLR0911 (one return a type)
    """The value as JSON has it: null for NaN and infinity, ISO 8601 for times, hexadecimal for bytes, keys as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case dict():
            keys = told_apart([key if isinstance(key, str) else str(plain(key)) for key in value])
            return {key: plain(inner) for key, inner in zip(keys, value.values(), strict=True)}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return str(value)
