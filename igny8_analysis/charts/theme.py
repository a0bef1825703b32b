"""Turn an Altair chart into inline SVG that themes, scales, prints and is read aloud.

`draw` gives the same bytes for the same chart in every process: identifiers that the renderer counts up are
renamed, and text is measured with a font that the renderer carries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from igny8_analysis.reports import formats, tokens

# How wide a panel is on a wide screen, and half of one, in px; a drawing fills it there.
PANEL, HALF_PANEL = 1118, 547

# How long the axis of bars is beside the longest, so that the text at its end fits; more on a phone.
ROOM, NARROW_ROOM = 1.15, 1.4

# A chart is a drawing of its rows; these are the rows as people read them behind it.
Table = list[tuple[str, ...]]


@dataclass(frozen=True)
class Chart:
    """A chart ready to be shown: its Altair specification, what it is called, and the data behind it.

    `name` is unique in a page, of [a-z0-9-]; `title` and `description` become the SVG's accessible name and
    description; `head` and `body` are the data table; `wide` is a second drawing for wide screens.
    """

    name: str
    title: str
    description: str
    spec: dict[str, Any]
    head: tuple[str, ...]
    body: Table
    wide: dict[str, Any] | None = None

    @property
    def svg(self) -> Markup:
        """The drawing, and after it the wide one where there is one."""
        if self.wide is None:
            return draw(self.spec, self.name, self.title, self.description)
        narrow = draw(self.spec, self.name, self.title, self.description, "narrow-only")
        return narrow + draw(self.wide, f"{self.name}-wide", self.title, self.description, "wide-only")


_LINE, _SOFT = tokens.var("line"), tokens.var("ink-soft")
_CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "transparent",
    "font": tokens.CHART_FONT,
    "padding": 1,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "grid": True,
        "gridColor": _LINE,
        "labelColor": _SOFT,
        "titleColor": _SOFT,
        "labelFontSize": tokens.CHART_FONT_SIZE,
        "titleFontSize": tokens.CHART_FONT_SIZE,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "labelLimit": 0,  # where one holds, every label is measured again, which is most of what a drawing takes
        "titleLimit": 0,
        "tickCount": 4,
    },
    "title": {
        "color": tokens.var("ink"),
        "font": tokens.CHART_FONT,
        "fontSize": 13,
        "fontWeight": 600,
        "anchor": "start",
    },
    "text": {
        "color": tokens.var("ink"),
        "font": tokens.CHART_FONT,
        "fontSize": tokens.CHART_FONT_SIZE,
    },
}


@dataclass(frozen=True)
class Margins:
    """What axes take around a plot, in px, where a chart knows it: the renderer, which finds it else, lays out once."""

    left: int = 1
    right: int = 1
    top: int = 1
    bottom: int = 1


# What an axis below a plot takes, in px, without and with a title.
AXIS, TITLED_AXIS = 18, 33

_LETTER = 0.5562 * tokens.CHART_FONT_SIZE


def text_width(text: str) -> float:
    """Return how wide a chart's text is at most, in px."""
    return _LETTER * (len(text) + 2)


def labels_width(labels: Iterable[str], limit: float = math.inf) -> int:
    """Return what an axis with these labels takes beside a plot, in px; longer ones are cut to `limit`."""
    return math.ceil(7 + min(max(map(text_width, labels)), limit))


def label_overhang(amount: float) -> int:
    """Return how far the label of an amount may stand out at the end of its axis, in px."""
    return math.ceil(text_width(formats.number(amount)) / 2)


def specify(chart: Any, width: int, height: int, margins: Margins | None = None) -> dict[str, Any]:
    """Return the Vega-Lite specification of an Altair chart in the reports' theme, `width` × `height` px."""
    if margins is None:
        fit = {"type": "fit", "contains": "padding"}
        return themed(chart) | {"width": width - 2, "height": height, "autosize": fit}
    return themed(chart) | {
        "width": width - 2 - margins.left - margins.right,
        "height": height - margins.top - margins.bottom,
        "padding": vars(margins),
        "autosize": "none",
    }


def themed(chart: Any) -> dict[str, Any]:
    """Return a chart's specification with the reports' theme: tokens for colours, quiet axes, nothing behind."""
    specification: dict[str, Any] = chart.to_dict(validate=False)
    return specification | {"config": _CONFIG}


def draw(spec: dict[str, Any], name: str, title: str, description: str, css_class: str = "") -> Markup:
    """Draw a specification as an accessible inline `<svg role="img">` without script, style or outside font."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(spec)
    body, width, height = _clean(svg, name)
    role = "graphics-document" if "<a " in body else "img"  # an image's parts are nothing of their own
    class_attribute = f"chart {css_class}".strip()
    return Markup(
        f'<svg class="{class_attribute}" role="{role}" aria-labelledby="{name}-t {name}-d" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        f"{body}</svg>"
    )


_ROOT = re.compile(r'<svg[^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>(.*)</svg>', re.DOTALL)
_BACKGROUND = re.compile(r'<path class="(?:back|fore)ground"[^>]*/>')
_NOISE = re.compile(
    r' (?:class|role|aria-[a-z]+|style|font-family|pointer-events|stroke-miterlimit)="[^"]*"'
    r'| opacity="1"| font-size="11px"'
)
_UNUSED_WIDTH = re.compile(r'(<path(?:(?! stroke=)[^>])*?) stroke-width="[^"]*"(?=(?:(?! stroke=)[^>])*>)')
_DESCRIBED = re.compile(r'<path aria-label="([^"]*)"([^>]*?)/>')
_CIRCLE = re.compile(
    r'<path transform="translate\(([-\d.]+),([-\d.]+)\)"'
    r' d="M([\d.]+),0A\3,\3,0,1,1,-\3,0A\3,\3,0,1,1,\3,0"([^>]*?)'
    r"(/>|><title>[^<]*</title></path>)"
)
_EMPTY_GROUP = re.compile(r'<g(?: [a-z-]+="[^"]*")*></g>')
_IDENTIFIER = re.compile(r'\bid="([^"]+)"')
_TAG = re.compile(r"<[a-z][^<>]*>")
_GEOMETRY = re.compile(r' (?:d|transform|points|width|height|r|[cr]?[xy][12]?)="[^"]*"')
_LONG_NUMBER = re.compile(r"(\d+\.\d)\d+")


def point(text: str, link: str | None = None) -> str:
    """Return what a mark's `description` says so that its drawing carries the text, and links to a page of ours."""
    return f"{link or ''}|{text}"


def _point(found: re.Match[str]) -> str:
    """Return a described mark with its text as a title, and in a link that the keyboard passes by."""
    link, _, text = found[1].partition("|")
    drawn = f"<path{found[2]}><title>{text}</title></path>"
    return f'<a href="{link}" tabindex="-1">{drawn}</a>' if link else drawn


def _circle(found: re.Match[str]) -> str:
    """Return a circle that was drawn as a path of two arcs as what it is."""
    x, y, radius, fill, end = found.groups()
    return f'<circle cx="{x}" cy="{y}" r="{radius}"{fill}{end.replace("</path>", "</circle>")}'


def _short(tag: re.Match[str]) -> str:
    """Return a tag without noise, with one decimal in its geometry; texts, of numbers and names, stay as they are."""
    return _GEOMETRY.sub(lambda found: _LONG_NUMBER.sub(r"\1", found[0]), _NOISE.sub("", tag[0]))


def _clean(svg: str, name: str) -> tuple[str, str, str]:
    """Return what is inside the renderer's SVG, smaller and free of what differs by process, with its size."""
    found = _ROOT.search(svg)
    if found is None:
        msg = f"the renderer gave no SVG for chart {name}"
        raise ValueError(msg)
    width, height, body = found.groups()
    for number, identifier in enumerate(_IDENTIFIER.findall(body)):
        body = body.replace(f'id="{identifier}"', f'id="{name}-{number}"')
        body = body.replace(f"(#{identifier})", f"(#{name}-{number})")
    body = _DESCRIBED.sub(_point, body)
    body = _BACKGROUND.sub("", body)
    body = _TAG.sub(_short, body)
    body = _UNUSED_WIDTH.sub(r"\1", body)
    body = _CIRCLE.sub(_circle, body)
    previous = ""
    while previous != body:
        previous, body = body, _EMPTY_GROUP.sub("", body)
    return body.strip(), f"{float(width):g}", f"{float(height):g}"
