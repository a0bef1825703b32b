"""Text for a terminal: control characters are shown, never sent."""

LONGEST_LINE = 2_000


def visible(text: str) -> str:
    """The text with every control or unprintable character as its escape, e.g. `\\n` or `\\u202e`."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text
    )


def one_line(text: str) -> str:
    """The text on one line of at most 2,000 characters."""
    line = visible(" ".join(text.splitlines()))
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
