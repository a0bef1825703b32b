"""What SQLite lacks to sum a ledger in place: a text's date in UTC, its number, and exact sums."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(?: ?(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?))?"
)
NUMBER = re.compile(r"([+-]?)(?=\.?[0-9])([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?")
AMOUNT_DIGITS = 12
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class TotalAmount:
    """The exact sum of numbers given as texts, as a text; NULL where there is none."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.total: Decimal | None = None

    def step(self, amount: str | None) -> None:
        """Add one."""
        if amount is not None:
            self.total = EXACT.add(self.total or Decimal(0), Decimal(amount))

    def finalize(self) -> str | None:
        """The sum."""
        return None if self.total is None else f"{self.total:f}"


def utc_date(text: str | None) -> str | None:
    """The date in UTC of a time, `YYYY-MM-DD`; None where the text is none. 24:00 is the next day's first moment."""
    found = TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    *local, fraction, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in local)
    is_end = (hour, minute, second) == (24, 0, 0) and not (fraction or "").strip("0")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        moment = datetime(year, month, day, 0 if is_end else hour, minute, second, tzinfo=UTC)
        moment += timedelta(days=is_end)
        return (moment + offset if sign == "-" else moment - offset).date().isoformat()
    except (ValueError, OverflowError):
        return None


def amount(text: str | None, places: int) -> str | None:
    """The number in a text, rounded to so many decimals; None where there is none, or one of 10¹² or more."""
    found = NUMBER.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    sign, whole, decimals, exponent = found.groups()
    digits = (whole + decimals).lstrip("0")
    size = Decimal(exponent or 0) - len(decimals) + len(digits)  # the number is below 10**size
    if digits and size > AMOUNT_DIGITS:
        return None
    number = Decimal(f"{sign}0.{digits}e{size}" if digits and size >= -places else 0)
    rounded = number.quantize(Decimal(1).scaleb(-places), context=EXACT)
    return f"{rounded:f}" if abs(rounded) < 10**AMOUNT_DIGITS else None


def add_functions(connection: sqlite3.Connection) -> None:
    """Let the connection's SQL use them."""
    connection.create_function("utc_date", 1, utc_date, deterministic=True)
    connection.create_function("amount", 2, amount, deterministic=True)
    connection.create_aggregate("total_amount", 1, TotalAmount)  # type: ignore[arg-type]
