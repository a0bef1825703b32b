"""The hand-computed cases: each number is worked out in a comment beside it."""

from . import comparisons, items, overviews, quality, runs

CASES = [*runs.CASES, *overviews.CASES, *items.CASES, *comparisons.CASES, *quality.CASES]
