"""What an article costs at each site, lately and before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from igny8_analysis.charts.scales import Row, site_axis, site_names, values
from igny8_analysis.charts.theme import PANEL, Chart, specify
from igny8_analysis.reports import formats, tokens
from igny8_analysis.text import counted

MOST_SITES = 20
_COLUMNS = ("name", "earlier_credits_per_article", "recent_credits_per_article", "has_cost_risen")


def article_costs(rows: Sequence[Row]) -> Chart | None:
    """Draw one line a site from its earlier cost of an article (ring) to its recent one (dot, a diamond if risen).

    Rows are those of `account_article_costs`; the first 20 with both costs are drawn, None where there is none.
    """
    names = site_names(rows)
    known = [row for row in rows if row["cost_change_pct"] is not None][:MOST_SITES]
    if not known:
        return None
    data = values([{**row, "name": names[row["site_id"]]} for row in known], *_COLUMNS)
    x = alt.X("earlier_credits_per_article:Q", title="credits per article", scale=alt.Scale(zero=False))
    risen, shapes = [False, True], ["circle", "diamond"]
    colours = [tokens.var("accent"), tokens.var("warn")]

    def layers(label_width: int) -> Any:
        base = alt.Chart(data).encode(y=site_axis(label_width))
        line = base.mark_rule(color=tokens.var("line-strong")).encode(x=x, x2="recent_credits_per_article:Q")
        ring = base.mark_point(size=50, color=tokens.var("ink-soft"), opacity=1).encode(x=x)
        dot = base.mark_point(filled=True, size=90, opacity=1).encode(
            x="recent_credits_per_article:Q",
            shape=alt.Shape("has_cost_risen:N", scale=alt.Scale(domain=risen, range=shapes), legend=None),
            color=alt.Color("has_cost_risen:N", scale=alt.Scale(domain=risen, range=colours), legend=None),
        )
        return line + ring + dot

    rise = formats.change(known[0]["cost_change_pct"])
    told = (
        f"the largest rise is {rise} at {names[known[0]['site_id']]}" if rise[0] == "+" else "none costs more"
    )
    return Chart(
        name="article-costs",
        title="Credits per article, before and lately",
        description=f"{counted(len(known), 'site')}; {told}.",
        spec=specify(layers(130), 340, 28 * len(known) + 44),
        wide=specify(layers(300), PANEL, 28 * len(known) + 44),
        head=("Site", "Before", "Lately", "Change"),
        body=[
            (
                names[row["site_id"]],
                formats.rate(row["earlier_credits_per_article"]),
                formats.rate(row["recent_credits_per_article"]),
                formats.change(row["cost_change_pct"]),
            )
            for row in known
        ],
    )
