"""What views name in one word, in words for people who have never seen it: methods, checks, severities."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from igny8_analysis.payloads import rounded_decimal
from igny8_analysis.reports.formats import number
from igny8_analysis.text import counted

# The methods of a forecast.
WAYS = {
    "flow": "what waits, stage by stage",
    "mean_of_last_10": "average of the last 10 runs",
    "same_as_last": "same as the last run",
    "original": "all that waits, at average prices",
}

# The statuses of a run that have a sign and a colour of their own, `.status.<name>` in the style sheet.
RUN_STATUSES = ("completed", "failed", "running", "paused", "cancelled")

# What to do about each alert.
ADVICE = {
    "run_failed": "The next run takes up what is left: start one, unless one is going on. If it stops again, look into "
    "the error.",
    "run_stale": "If IGNY8 no longer shows it as running, cancel it there.",
    "run_unusual": "Its report says what it cost more or less for.",
    "price_changed": "See What changed.",
    "cost_risen": "See What changed.",
    "balance_short": "Add credits, or limit the next run.",
    "balance_ends": "Add credits in time.",
    "items_failed": "Open them in IGNY8, read their errors, and make them again.",
    "schedule_missed": "Look whether automation still works for this site; start the run by hand.",
    "data_errors": "Tell whoever runs the analysis: figures of these runs are missing, or not the source's.",
    "source_drift": "Tell whoever runs the analysis.",
}

# What an alert of a site is about, in two or three words.
ALERTS_IN_SHORT = {
    "run_failed": "run failed",
    "run_stale": "run stuck",
    "run_unusual": "unusual cost",
    "price_changed": "price rose",
    "cost_risen": "costs more",
    "items_failed": "items failed",
    "schedule_missed": "start missed",
    "data_errors": "data errors",
}

SEVERITIES = {"error": "Error", "warning": "Warning", "info": "Note"}

# One and several findings of each check; `{}` is how many.
FINDINGS = {
    "unknown_result_key": ("1 result holds a field we don't read", "{} results hold a field we don't read"),
    "unknown_status": ("1 run has a status we don't know", "{} runs have a status we don't know"),
    "unknown_trigger_type": (
        "1 run was started in a way we don't know",
        "{} runs were started in a way we don't know",
    ),
    "credits_not_reconciled": (
        "1 run was charged more or less than its stages report; the charge is what counts",
        "{} runs were charged more or less than their stages report; the charge is what counts",
    ),
    "overlapping_runs": (
        "1 run started before an earlier one had ended",
        "{} runs started before an earlier one had ended",
    ),
    "stale_run": (
        "1 run has been going on for more than 24 hours",
        "{} runs have been going on for more than 24 hours",
    ),
    "result_beyond_current_stage": (
        "1 stage has a result that its run says it has not reached",
        "{} stages have a result that their run says it has not reached",
    ),
    "missing_site": (
        "The source has runs, items, settings or charges of this site, but not the site itself",
        "The source has runs, items, settings or charges of this site, but not the site itself",
    ),
    "completed_without_end": (
        "1 completed run has no end, so no average rests on it",
        "{} completed runs have no end, so no average rests on them",
    ),
    "end_before_start": (
        "1 run ends before it starts, so no average rests on it",
        "{} runs end before they start, so no average rests on them",
    ),
    "repeated_run_id": ("1 run shares its id with another", "{} runs share their id with another"),
    "repeated_settings": (
        "The site's settings are there more than once; the latest count",
        "The site's settings are there more than once; the latest count",
    ),
    "unparsable_value": (
        "1 value could not be read: it counts as 0 in a run's results and charge, else as missing",
        "{} values could not be read: they count as 0 in a run's results and charge, else as missing",
    ),
    "negative_value": ("1 value is below 0 and counts as 0", "{} values are below 0 and count as 0"),
}


def difference_in_words(than: str, difference: Any, volume: Any, rate: Any) -> str:
    """Return how many credits more or less than what, and why: `26 credits more than usual: 26 for more items`.

    `volume` and `rate` are the parts of the difference that stages account for; 1 credit or more in all is told.
    """
    whole = rounded_decimal(difference, 0)
    volume, rate = volume or 0, rate or 0
    amounts = [rounded_decimal(part, 0) for part in (volume, rate, difference - volume - rate)]
    largest = max(range(3), key=lambda place: abs(amounts[place]))
    amounts[largest] += whole - sum(amounts)  # it takes what rounding leaves, so that they add up
    ones, unknown = "ones" if amounts[0] else "items", "what no stage accounts for"
    causes = (("fewer items", "more items"), (f"cheaper {ones}", f"dearer {ones}"), (unknown, unknown))
    told = [
        f"{number(abs(amount))} {_against(amount, whole)}for {cause[amount > 0]}"
        for amount, cause in zip(amounts, causes, strict=True)
        if amount
    ]
    credits = counted(number(abs(whole)), "credit")
    return f"{credits} {'more' if whole > 0 else 'less'} than {than}: {', '.join(told)}"


def _against(amount: Decimal, difference: Decimal) -> str:
    """Return in words that an amount goes against the difference it is a part of."""
    return "" if (amount > 0) == (difference > 0) else "more " if amount > 0 else "less "


# The parts of what one run cost more than another, as `why_it_differs` takes them.
DIFFERENCES = ("credits_difference", "volume_credits", "rate_credits")


def why_it_differs(
    a: str, b: str, credits_a: Any, difference: Any, volume: Any = None, rate: Any = None
) -> str:
    """Return how many credits more or less run `b` cost than `a`, and what made that."""
    if number(difference) == "0":
        return f"{b} cost as much as {a}: {counted(number(credits_a), 'credit')}."
    return f"{b} cost {difference_in_words(a, difference, volume, rate)}."


def listed(parts: list[str]) -> str:
    """Return the parts as people list them: `a`, `a and b`, `a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def finding(row: dict[str, Any]) -> str:
    """Return the sentence of a check's findings: of `check_name`, as many as `findings`."""
    one, several = FINDINGS[row["check_name"]]
    return one if row["findings"] == 1 else several.format(f"{row['findings']:,}")
