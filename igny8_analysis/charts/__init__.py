"""Charts: one function a chart, from rows of a view to an accessible drawing with its data behind it."""

from igny8_analysis.charts.article_costs import article_costs
from igny8_analysis.charts.balance_by_site import balance_by_site
from igny8_analysis.charts.cost_waterfall import cost_waterfall
from igny8_analysis.charts.credits_by_month import credits_by_month
from igny8_analysis.charts.credits_donut import credits_donut
from igny8_analysis.charts.credits_per_run import credits_per_run, shown_status
from igny8_analysis.charts.forecast_interval import forecast_interval
from igny8_analysis.charts.linked import linked_stages, linked_trends
from igny8_analysis.charts.paired_stages import paired_stages
from igny8_analysis.charts.pending_over_loads import pending_over_loads
from igny8_analysis.charts.pipeline_flow import pipeline_flow
from igny8_analysis.charts.run_measure import run_measure
from igny8_analysis.charts.run_timeline import run_timeline
from igny8_analysis.charts.stage_credits import stage_credits
from igny8_analysis.charts.stage_recent import stage_recent
from igny8_analysis.charts.theme import HALF_PANEL, PANEL, Chart
from igny8_analysis.charts.volume_and_rate import volume_and_rate

__all__ = [
    "HALF_PANEL",
    "PANEL",
    "Chart",
    "article_costs",
    "balance_by_site",
    "cost_waterfall",
    "credits_by_month",
    "credits_donut",
    "credits_per_run",
    "forecast_interval",
    "linked_stages",
    "linked_trends",
    "paired_stages",
    "pending_over_loads",
    "pipeline_flow",
    "run_measure",
    "run_timeline",
    "shown_status",
    "stage_credits",
    "stage_recent",
    "volume_and_rate",
]
