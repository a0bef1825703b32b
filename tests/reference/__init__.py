"""A second opinion: every statistic of the payloads, computed again in plain Python.

It shares no code, no SQL and no library with the package under test, reads a SQLite source directly, and
calculates with exact fractions, so that a disagreement with the warehouse is always worth a look.

    source = load("source.sqlite", "2026-03-01T12:00:00Z")
    overview(source, 1)
    history(source, 1, page=1, page_size=20)
    run(source, 1, "run_…")
    data_quality(source)
    cost_changes(source, 1)
"""

from .changes import cost_changes
from .credits import (
    account_balances,
    credit_days,
    credit_months,
    publishing,
    site_months,
    stage_settings,
    statements,
)
from .payloads import history, overview, run
from .quality import data_quality
from .reading import Source, Thresholds, is_live, load, resolve_site
from .spend import spends

__all__ = [
    "Source",
    "Thresholds",
    "account_balances",
    "cost_changes",
    "credit_days",
    "credit_months",
    "data_quality",
    "history",
    "is_live",
    "load",
    "overview",
    "publishing",
    "resolve_site",
    "run",
    "site_months",
    "spends",
    "stage_settings",
    "statements",
]
