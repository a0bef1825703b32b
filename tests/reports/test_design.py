"""The design tokens and formats: contrast, colours that stay apart, numbers as people read them."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from igny8_analysis.reports import formats, tokens

# Machado et al. 2009, severity 1: how linear RGB is seen with each kind of colour blindness.
SEEN = {
    "common": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}
TEXT_ON = [
    ("ink", "page"), ("ink", "surface"), ("ink-soft", "page"), ("ink-soft", "surface"), ("ink-soft", "sunken"),
    ("accent", "surface"), ("accent", "page"), ("good", "surface"), ("warn", "surface"), ("bad", "surface"),
    ("good", "good-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("ink", "warn-soft"), ("ink", "bad-soft"),
    *[(f"on-stage-{n}", f"stage-{n}") for n in range(1, 8)],
]  # fmt: skip


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted(
        (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05 for r, g, b in (linear(one), linear(other))),
        reverse=True,
    )
    return bright / dark


def lab(colour: str, kind: str) -> tuple[float, float, float]:
    source = linear(colour)
    r, g, b = (min(1, max(0, sum(m * c for m, c in zip(row, source, strict=True)))) for row in SEEN[kind])
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_contrast(text: str, ground: str, theme: int) -> None:
    colours = tokens.properties()
    assert contrast(colours[text][theme], colours[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_stages_stand_out_and_apart(theme: int) -> None:
    stages = [pair[theme] for pair in tokens.STAGES]
    assert all(contrast(colour, tokens.COLOURS["surface"][theme]) >= 3 for colour in stages)
    for kind, (one, other) in itertools.product(SEEN, itertools.combinations(stages, 2)):
        distance = sum((a - b) ** 2 for a, b in zip(lab(one, kind), lab(other, kind), strict=True)) ** 0.5
        assert distance >= 15, f"{one} and {other} look alike, {kind}"


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(KeyError, match="inkk"):
        tokens.var("inkk")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.number(12480), "12,480"),
        (formats.number(Decimal("2.675"), 2), "2.68"),
        (formats.number(2.675, 2), "2.68"),
        (formats.number(-0.4), "0"),
        (formats.number(-1234.5), "\N{MINUS SIGN}1,235"),
        (formats.number(6e19, 2), "60,000,000,000,000,000,000.00"),
        (
            formats.number(Decimal("-12345678901234567890123456789.5")),
            f"{formats.MINUS}12,345,678,901,234,567,890,123,456,790",
        ),
        (formats.number(None), "–"),
        (formats.signed(12), "+12"),
        (formats.signed(-12), "\N{MINUS SIGN}12"),
        (formats.signed(0.2), "0"),
        (formats.percent(98.45), "98.5\u202f%"),
        (formats.share(0.985, 1), "98.5\u202f%"),
        (formats.change(-12.4), "\N{MINUS SIGN}12\u202f%"),
        (formats.duration(2301), "38\u202fmin 21\u202fs"),
        (formats.duration(108300), "30\u202fh 5\u202fmin"),
        (formats.duration(183600), "2\u202fd 3\u202fh"),
        (formats.duration(3600), "1\u202fh"),
        (formats.duration(0), "0\u202fs"),
        (formats.duration(-5), "\N{MINUS SIGN}5\u202fs"),
        (formats.duration(None), "–"),
        (formats.instant(datetime(2026, 1, 13, 14, 5, 23, tzinfo=UTC)), "2026-01-13 14:05"),
        (formats.iso(datetime(2026, 1, 13, 14, 5, 23, tzinfo=UTC)), "2026-01-13T14:05:23Z"),
        (
            formats.pictured("a\x1b[31m\x7f\x85\n"),
            "a\N{SYMBOL FOR ESCAPE}[31m\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\n",
        ),
    ],
)
def test_values_are_written_for_people(written: str, expected: str) -> None:
    assert written == expected
