"""An analyst's own Altair chart in a notebook: in the reports' theme, light and dark, as wide as the page."""

import hashlib
import json
import re
from typing import Any

from igny8_analysis.charts import theme
from igny8_analysis.reports import tokens

WIDTH, HEIGHT = 960, 300
_VARIABLE = re.compile(r"var\(--([a-z0-9-]+)\)")


def own_chart(chart: Any) -> dict[str, str]:
    """Return an Altair chart as HTML, which follows the notebook's theme, and as an SVG picture in light colours.

    What the chart sets itself (width, colours, configuration) stays.
    """
    import vl_convert

    specification = _specification(chart)
    name = f"own-{hashlib.sha256(json.dumps(specification, default=str).encode()).hexdigest()[:12]}"
    title = chart.to_dict(validate=False).get("title", "Chart")
    svg = theme.draw(
        specification, name, title if isinstance(title, str) else "Chart", "A chart of the cell above."
    )
    light = tokens.properties()
    picture = _VARIABLE.sub(
        lambda found: light[found[1]][0], json.dumps(specification | {"background": tokens.var("surface")})
    )
    return {
        "text/html": f'<style>{_style()}</style><div class="igny8-chart">{svg}</div>',
        "image/svg+xml": vl_convert.vegalite_to_svg(json.loads(picture)),
    }


def _specification(chart: Any) -> dict[str, Any]:
    """Return the chart's own specification over the reports' theme, as wide as a page where it sets no width."""
    own: dict[str, Any] = chart.to_dict()
    house = _over(theme.themed(chart)["config"], _HOUSE)
    house["axis"].pop("tickCount", None)  # fits the reports' scales alone
    config = _over(house, own.pop("config", {}))
    size: dict[str, Any] = {}
    if "mark" in own or "layer" in own:
        size = {"width": WIDTH, "height": HEIGHT, "autosize": {"type": "fit", "contains": "padding"}}
    return size | own | {"config": config}


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return both, part by part; where both say something, what is above counts."""
    parts = {
        key: _over(below[key], value)
        if isinstance(value, dict) and isinstance(below.get(key), dict)
        else value
        for key, value in above.items()
    }
    return {**below, **parts}


_SOFT, _INK, _ACCENT = tokens.var("ink-soft"), tokens.var("ink"), tokens.var("accent")
_LABELS = {
    "labelColor": _SOFT,
    "titleColor": _SOFT,
    "titleFontWeight": "normal",
    "labelFontSize": tokens.CHART_FONT_SIZE,
    "titleFontSize": tokens.CHART_FONT_SIZE,
}
_HOUSE: dict[str, Any] = {
    "axis": {},
    "mark": {"color": _ACCENT},
    "bar": {"color": _ACCENT},
    "rule": {"color": _SOFT},
    "line": {"color": _ACCENT, "strokeWidth": 2},
    "range": {"category": [tokens.stage(number) for number in range(1, len(tokens.STAGES) + 1)]},
    "title": {"color": _INK, "font": tokens.CHART_FONT, "fontSize": 14, "anchor": "start", "fontWeight": 600},
    "legend": _LABELS,
    "header": _LABELS,
}


def _style() -> str:
    """Return the colours as custom properties, and the drawing's width."""
    colours = "".join(
        f"--{name}:light-dark({light},{dark});" for name, (light, dark) in tokens.properties().items()
    )
    return (
        f".igny8-chart{{color-scheme:light;{colours}}}"
        '[data-jp-theme-light="false"] .igny8-chart{color-scheme:dark}'
        ".igny8-chart .chart{display:block;width:100%;height:auto}"
        f".igny8-chart text{{font-family:{tokens.FONT}}}"
        f".igny8-chart text:not([font-size]){{font-size:{tokens.CHART_FONT_SIZE}px}}"
    )
