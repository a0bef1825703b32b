"""Panels: functions from rows of views to HTML, one a panel; they lay out and format, they compute nothing."""

from igny8_analysis.reports.panel import Panel, style
from igny8_analysis.reports.panels import account, compare, cost, overview, run, statement

__all__ = ["Panel", "account", "compare", "cost", "overview", "run", "statement", "style"]
