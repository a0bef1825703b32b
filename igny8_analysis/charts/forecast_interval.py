"""What was forecast for a run, its intervals, and what came."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import Row, values
from igny8_analysis.charts.theme import (
    PANEL,
    TITLED_AXIS,
    Chart,
    Margins,
    label_overhang,
    labels_width,
    specify,
)
from igny8_analysis.reports import formats, tokens

LONGEST_METHOD = 215


def forecast_interval(rows: Sequence[Row]) -> Chart | None:
    """Draw one line a method: its 90 % and 80 % interval, its forecast, and one rule for the actual credits.

    Rows are those of `forecast_backtest` for one run; None without rows.
    """
    if not rows:
        return None
    columns = ("method", "forecast_credits", "p80_low", "p80_high", "p90_low", "p90_high", "actual_credits")
    data = values(rows, *columns)
    edge = _edge(rows[0])
    shown = alt.Scale(domain=[0, edge], clamp=True, nice=False)
    base = alt.Chart(data).encode(
        y=alt.Y("method:N", title=None, sort=None, axis=alt.Axis(grid=False, labelLimit=LONGEST_METHOD))
    )
    outer = base.mark_bar(height=4, color=tokens.var("line-strong")).encode(
        x=alt.X("p90_low:Q", title="credits", scale=shown),
        x2=alt.X2("p90_high:Q"),
    )
    inner = base.mark_bar(height=12, color=tokens.var("band")).encode(
        x=alt.X("p80_low:Q"), x2=alt.X2("p80_high:Q")
    )
    forecast = base.mark_point(
        shape="diamond", filled=True, size=60, color=tokens.var("accent"), opacity=1
    ).encode(x=alt.X("forecast_credits:Q"))
    actual = base.mark_tick(thickness=3, size=26, color=tokens.var("bad")).encode(x=alt.X("actual_credits:Q"))
    beyond = [row for row in rows if max(row["p80_high"] or 0, row["p90_high"] or 0) > edge]
    more = alt.Chart(alt.Data(values=[{"method": row["method"], "edge": edge} for row in beyond]))
    arrows = more.mark_text(text="\N{RIGHTWARDS ARROW}", align="right", dx=-2).encode(
        x=alt.X("edge:Q"), y=alt.Y("method:N")
    )
    drawn = alt.layer(outer, inner, *[arrows] * bool(beyond), forecast, actual)
    first, height = rows[0], 40 * len(rows) + 44
    left = labels_width((row["method"] for row in rows), LONGEST_METHOD)
    margins = Margins(left, label_overhang(edge), bottom=TITLED_AXIS)
    return Chart(
        name="forecast-interval",
        title="Forecast and actual credits",
        description=f"{first['method']} forecast {formats.number(first['forecast_credits'])} credits; "
        f"the run used {formats.number(first['actual_credits'])}.",
        spec=specify(drawn, 380, height, margins),
        wide=specify(drawn, PANEL, height, margins),
        head=("Way", "Forecast", "80 % from", "80 % to", "90 % from", "90 % to", "Actual"),
        body=[(r["method"], *(formats.number(r[c]) for c in columns[1:])) for r in rows],
    )


def _edge(row: Row) -> float:
    """Return where the axis ends: past the first method's interval and the actual credits, not past outliers."""
    seen = [row[column] for column in ("forecast_credits", "p90_high", "p80_high", "actual_credits")]
    return max((float(value) for value in seen if value is not None), default=0.0) * 1.15 or 1.0
