"""What emptying each site's whole queue would cost, and the buffer on top."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from igny8_analysis.charts.scales import Row, site_axis, site_names, values
from igny8_analysis.charts.theme import PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens
from igny8_analysis.text import counted

MOST_SITES = 20
PARTS = {"total_estimated_credits": "the whole queue", "recommended_buffer_credits": "buffer"}


def balance_by_site(rows: Sequence[Row]) -> Chart | None:
    """Draw one bar a site: the whole queue and the buffer on top; the first 20 that need any, None without one."""
    names = site_names(rows)
    needing = [row for row in rows if row["balance_credits"]][:MOST_SITES]
    if not needing:
        return None
    bars = [
        {"name": names[row["site_id"]], "part": part, "place": place, "credits": row[column]}
        for row in needing
        for place, (column, part) in enumerate(PARTS.items())
    ]
    colours = alt.Scale(domain=list(PARTS.values()), range=[tokens.var("accent"), tokens.var("ink-soft")])
    drawn = (
        alt.Chart(values(bars, "name", "part", "place", "credits"))
        .mark_bar(height=14)
        .encode(
            x=alt.X("credits:Q", title="credits"),
            color=alt.Color("part:N", scale=colours, legend=None),
            order=alt.Order("place:O"),
        )
    )
    most = needing[0]
    return Chart(
        name="balance-by-site",
        title="The whole queue, by site",
        description=f"{counted(len(needing), 'site')}; most at {names[most['site_id']]}: "
        f"{formats.number(most['balance_credits'])} credits.",
        spec=specify(drawn.encode(y=site_axis(130)), 340, 28 * len(needing) + 44),
        wide=specify(drawn.encode(y=site_axis(300)), PANEL, 28 * len(needing) + 44),
        head=("Site", "Whole queue", "Buffer", "Together"),
        body=[
            (names[row["site_id"]], *(formats.number(row[c]) for c in (*PARTS, "balance_credits")))
            for row in needing
        ],
    )
