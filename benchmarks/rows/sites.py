"""One site of a large warehouse: the payloads, and what Python adds to their views."""

from collections.abc import Callable
from functools import partial

from benchmarks import sources
from benchmarks.measure import ROUNDS, Result, compare, interleave
from igny8_analysis.connection import Warehouse

LARGE, SMALL = 1_000_000, 10_000
MEDIAN_RUNS = 37
ROUNDS_OF_MILLISECONDS = 8 * ROUNDS
OVERVIEW_VIEWS = (
    *("sites", "run_statistics", "prediction_stages", "prediction_totals", "attention_items"),
    *("unrecognised_statuses", "site_history", "stage_history"),
)


def one_site() -> list[Result]:
    """A median site's payloads in a large warehouse against a small one."""
    with sources.warehouse(LARGE) as large, sources.warehouse(SMALL) as small:
        return [
            compare(
                f"one site: {name} at 1,000,000 runs",
                "at 10,000 runs",
                1.3,
                interleave(ROUNDS_OF_MILLISECONDS, in_large, in_small),
            )
            for (name, in_large), in_small in zip(
                _payloads(large, MEDIAN_RUNS).items(), _payloads(small, MEDIAN_RUNS).values(), strict=True
            )
        ]


def biggest_site() -> list[Result]:
    """`run_detail` of the biggest site against a median one."""
    with sources.warehouse(LARGE) as warehouse:
        works = [_payloads(warehouse, runs)["run_detail"] for runs in (LARGE, MEDIAN_RUNS)]
        timings = interleave(ROUNDS_OF_MILLISECONDS, *works)
    return [compare("run_detail of the biggest site", "of a median site", 10, timings)]


def python() -> list[Result]:
    """`overview_stats` against bare queries of its views."""
    with sources.warehouse(LARGE) as warehouse:
        site = _site_of(warehouse, MEDIAN_RUNS)

        def bare() -> None:
            cursor = warehouse._connection.cursor()
            for view in OVERVIEW_VIEWS:
                cursor.execute(f"select * from {view} where site_id = ?", [site]).fetchall()

        timings = interleave(ROUNDS_OF_MILLISECONDS, partial(warehouse.overview_stats, site), bare)
    return [compare("one site: overview_stats", "its views in bare queries", 1.3, timings)]


def _payloads(warehouse: Warehouse, runs: int) -> dict[str, Callable[[], object]]:
    """The payloads of a site with about so many runs, and of its latest run."""
    site = _site_of(warehouse, runs)
    ((run_id,),) = warehouse.sql(
        "select run_id from runs where site_id = ? order by started_at desc limit 1", [site]
    ).fetchall()
    return {
        "overview_stats": partial(warehouse.overview_stats, site),
        "run_detail": partial(warehouse.run_detail, site, run_id),
        "history": partial(warehouse.history, site),
    }


def _site_of(warehouse: Warehouse, runs: int) -> int:
    """A site with as near to so many runs as there is."""
    query = "select site_id from run_statistics order by abs(total_runs - ?), site_id limit 1"
    ((site,),) = warehouse.sql(query, [runs]).fetchall()
    return int(site)
