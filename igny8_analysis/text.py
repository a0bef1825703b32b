"""Text as people see it: control characters are shown, never sent, and what is too long is cut."""

import json
import re

# What moves a cursor, rings or turns the direction of writing: C0 but tab and line end, C1, bidi, tags, surrogates.
ACTIVE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]|\r(?!\n)"
)
JOINERS = "\u200c\u200d"  # within words of Persian and Hindi, and within emoji; they move nothing
LONGEST_LINE = 2_000
LONGEST_TEXT = 8_000


def visible(text: str) -> str:
    """The text with every control or unprintable character as its escape, e.g. `\\n` or `\\u202e`."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() or c in JOINERS else _escape(c) for c in text)
    )


def inert(text: str) -> str:
    """The text with its active characters as their escapes; it keeps tabs and line ends."""
    return ACTIVE.sub(lambda found: _escape(found[0]), text)


def json_inert(text: str) -> str:
    """A text of JSON with its active characters as JSON's escapes: it says the same."""
    return ACTIVE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()


def counted(number: int | str, one: str, many: str = "") -> str:
    """A number, grouped where it is not written yet, and what it counts: `1 credit`, `2 credits`."""
    written = number if isinstance(number, str) else f"{number:,}"
    return f"{written} {one if written == '1' else many or f'{one}s'}"


def cut(text: str) -> str:
    """The text as a table or a page shows it: its first 8,000 characters, and how many it has if that is not all."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"


def one_line(text: str) -> str:
    """The text on one line of at most 2,000 characters."""
    line = visible(" ".join(text.splitlines()))
    return shortened(line, LONGEST_LINE)


def shortened(text: str, longest: int) -> str:
    """The text, or so much of it that with the sign of more it has `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
