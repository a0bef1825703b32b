"""The design tokens: every colour, size and space that template, tables and charts use, in one place.

Colours are pairs (light, dark). The style sheet declares each as a custom property `--<name>`; charts write
`var(--<name>)` into their SVG, so that one drawing serves both themes. The tests hold the contrast of every
text pair to WCAG AA, and the stage colours apart for the common kinds of colour blindness.
"""

from __future__ import annotations

COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#f6f6f4", "#121417"),
    "surface": ("#ffffff", "#1a1d22"),
    "sunken": ("#f1f1ee", "#22262c"),
    "ink": ("#191c20", "#e9ecf0"),
    "ink-soft": ("#5b6470", "#a5adb8"),
    "line": ("#e0e0db", "#30353d"),
    "line-strong": ("#8b929c", "#6d7683"),
    "accent": ("#2456b8", "#8fb5ff"),
    "band": ("#dfe6f3", "#2a3648"),
    "good": ("#1c6b45", "#7fd8a6"),
    "good-soft": ("#e9f5ee", "#16281f"),
    "warn": ("#8a5200", "#f0bd5a"),
    "warn-soft": ("#fff6e5", "#2b2415"),
    "bad": ("#a8200d", "#ff9c85"),
    "bad-soft": ("#fdeeeb", "#311d19"),
}

# One colour a stage, the same everywhere; each with the colour of text upon it.
STAGES: tuple[tuple[str, str], ...] = (
    ("#2563d9", "#4b8bff"),
    ("#d07c00", "#f2d02c"),
    ("#858d7a", "#8a9178"),
    ("#0c5a50", "#6fe8a4"),
    ("#bd6fc4", "#c47bbb"),
    ("#a8200d", "#e26a2c"),
    ("#37146b", "#d9eefb"),
)
ON_STAGES: tuple[tuple[str, str], ...] = (
    ("#ffffff", "#101418"),
    ("#101418", "#101418"),
    ("#101418", "#101418"),
    ("#ffffff", "#101418"),
    ("#101418", "#101418"),
    ("#ffffff", "#101418"),
    ("#ffffff", "#101418"),
)

SPACES = {1: "4px", 2: "8px", 3: "12px", 4: "16px", 5: "24px", 6: "32px", 7: "48px"}
TYPE = {
    "small": "0.8125rem",
    "body": "0.9375rem",
    "lead": "1.0625rem",
    "title": "1.25rem",
    "display": "1.875rem",
}
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'
RADIUS = "10px"

# What charts measure their text with: a font that the renderer carries, so that a drawing never depends on
# the fonts of the machine. Readers see FONT.
CHART_FONT = "Roboto"
CHART_FONT_SIZE = 11


def var(name: str) -> str:
    """Return the CSS reference to a colour token, as `var(--ink)`; unknown names are an error."""
    if name not in properties():
        msg = f"there is no colour token {name!r}"
        raise KeyError(msg)
    return f"var(--{name})"


def stage(number: int) -> str:
    """Return the CSS reference to the colour of a stage."""
    return var(f"stage-{number}")


def properties() -> dict[str, tuple[str, str]]:
    """Return every colour token by its name, stages included, as (light, dark)."""
    numbered = {f"stage-{n}": pair for n, pair in enumerate(STAGES, 1)}
    on_numbered = {f"on-stage-{n}": pair for n, pair in enumerate(ON_STAGES, 1)}
    return COLOURS | numbered | on_numbered
