"""How values are written for people: grouped numbers, durations, instants in UTC, and a dash for no value.

Rounding is that of the payloads: half away from zero, once, of the value cast to nine decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil
from typing import Any

from igny8_analysis.payloads import rounded_decimal

NONE = "–"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
WIDEST_RANGE = 10
ALMOST_NOTHING = "almost nothing"
LIKELY = "in four of five cases between {} and {}"
LIKELY_ONE = "in four of five cases {}"


def number(value: Any, places: int = 0) -> str:
    """Write a number with thousands separators and `places` decimals: `12,480`; a dash for None."""
    if value is None:
        return NONE
    rounded = rounded_decimal(value, places)
    return f"{MINUS if rounded < 0 else ''}{rounded.copy_abs():,f}"


def up(value: Any) -> str:
    """Write a number rounded up, as what is to be had: `1,178` of 1,177.15; a dash for None."""
    return NONE if value is None else number(ceil(rounded_decimal(value, 9)))


def rate(value: Any) -> str:
    """Write a number per item or per minute, with two decimals: `4.02`; a dash for None."""
    return number(value, 2)


def signed(value: Any, places: int = 0) -> str:
    """Write a difference with its sign: `+12`, `−3`, `0`; a dash for None."""
    return signed_as(value, lambda amount: number(amount, places))


def signed_as(value: Any, write: Callable[[Any], str]) -> str:
    """Write a difference as `write` does, with its sign: `+2 min 5 s`, `−3 s`, `0 s`; a dash for None."""
    if value is None:
        return NONE
    text = write(value)
    return f"+{text}" if value > 0 and text != write(0) else text


def percent(value: Any, places: int = 1) -> str:
    """Write a percentage given in percent: `98.5 %`; a dash for None."""
    return NONE if value is None else f"{number(value, places)}{NARROW}%"


def share(value: Any, places: int = 0) -> str:
    """Write a share of 1 as a percentage: 0.985 as `98.5 %`; a dash for None."""
    return NONE if value is None else percent(Decimal(str(value)) * 100, places)


def change(value: Any) -> str:
    """Write a change in percent with its sign, in whole numbers: `+12 %`; a dash for None."""
    return NONE if value is None else f"{signed(value)}{NARROW}%"


def is_unsure(low: Any, high: Any) -> bool:
    """Whether an interval's ends are too far apart to be shown as a range; not where there is none."""
    return low is not None and high is not None and float(high) > WIDEST_RANGE * float(low)


def likely_range(low: Any, high: Any) -> str:
    """Write an 80 % interval in words: `in four of five cases between 1,122 and 1,641`; empty for None.

    One whose ends are more than ten times apart says too little to be shown as a range.
    """
    if low is None or high is None:
        return ""
    if is_unsure(low, high):
        return f"between {ALMOST_NOTHING} and {number(high)}: too little is known yet"
    return between(number(low), number(high))


def between(low: str, high: str) -> str:
    """Write the ends of an 80 % interval, as they are written; once where that is the same."""
    return LIKELY_ONE.format(low) if low == high else LIKELY.format(low, high)


def duration(value: Any) -> str:
    """Write seconds as the two largest units that matter: `38 min 21 s`, `30 h 5 min`, `2 d 3 h`."""
    if value is None:
        return NONE
    seconds = int(rounded_decimal(value, 0))
    sign = MINUS if seconds < 0 else ""
    seconds = abs(seconds)
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
    if days >= 2:
        parts = [(days, "d"), (hours % 24, "h")]
    elif hours:
        parts = [(hours, "h"), (minutes % 60, "min")]
    elif minutes:
        parts = [(minutes, "min"), (seconds % 60, "s")]
    else:
        parts = [(seconds, "s")]
    shown = [f"{count}{NARROW}{unit}" for count, unit in parts if count] or [f"0{NARROW}s"]
    return sign + " ".join(shown)


def instant(value: datetime | None) -> str:
    """Write an instant in UTC to the minute: `2026-01-13 14:05`; a dash for None."""
    return NONE if value is None else _utc(value).isoformat(" ", "minutes")


def iso(value: datetime | date | None) -> str:
    """Write an instant as machines read it: `2026-01-13T14:05:23Z`; empty for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{_utc(value).isoformat(timespec='seconds')}Z"
    return value.isoformat()


def pictured(text: str) -> str:
    """Return the text with its control characters shown as their pictures, never sent as such."""
    return "".join(map(_picture, text))


def _picture(character: str) -> str:
    code = ord(character)
    if code < 32 and character not in "\n\t":
        return chr(0x2400 + code)
    if 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    return character


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
