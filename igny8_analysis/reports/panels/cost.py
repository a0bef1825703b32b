"""The panel of what changed a cost, of a site and of an account alike."""

from __future__ import annotations

from typing import Any

from igny8_analysis import charts
from igny8_analysis.reports import formats
from igny8_analysis.reports.panel import Panel, render
from igny8_analysis.reports.rows import Rows
from igny8_analysis.text import shortened

BEFORE, AFTER = "30 days before", "last 30 days"
LABELS = {
    ("new", True): "new: {}",
    ("new", False): "new: {}",
    ("price", True): "dearer: {}",
    ("price", False): "cheaper: {}",
    ("volume", True): "more: {}",
    ("volume", False): "less: {}",
}
SENTENCES = {
    ("new", True): "{} is new: it was not charged before",
    ("new at sites", True): "{} at sites that had no credits in it before",
    ("price", True): "{} cost more for each item",
    ("price", False): "{} cost less for each item",
    ("volume", True): "{} took in more items",
    ("volume", False): "{} took in fewer items",
}
SHOWN_SENTENCES = 3
SHOWN_PRICES = 3
LONGEST_NAME = 60


def what_changed(rows: Rows) -> Panel:
    """Show the credits of the last 30 days beside those of the 30 before: a waterfall, and the largest in words."""
    steps = [row | {"label": _label(row)} for row in rows]
    causes = [row for row in rows if row["kind"] != "rest"][:SHOWN_SENTENCES]
    return render(
        "what_changed.html.j2",
        rows,
        chart=charts.cost_waterfall(steps, BEFORE, AFTER),
        told=[row | _told(row) for row in causes if formats.number(row["credits"]) != "0"],
    )


def _label(row: dict[str, Any]) -> str:
    if row["kind"] == "rest":
        return "all else"
    if row["stage_number"] is None:
        return "of no stage"
    return LABELS[row["kind"], row["credits"] > 0].format(row["stage_name"])


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the step is in words, and of a price the sites where it changed, with the day, the first ones."""
    prices = row["prices"] or []
    shown = [
        {"label": shortened(price["label"], LONGEST_NAME), "since": price["since"]}
        for price in prices[:SHOWN_PRICES]
    ]
    return {"sentence": _sentence(row), "prices": shown, "more_prices": len(prices) - len(shown)}


def _sentence(row: dict[str, Any]) -> str:
    if row["stage_number"] is None:
        return "Credits that IGNY8 reports for no stage"
    kind = "new at sites" if row["kind"] == "new" and row["scope"] == "account" else row["kind"]
    return SENTENCES[kind, row["credits"] > 0].format(row["stage_name"])
