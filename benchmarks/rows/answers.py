"""What is asked by the second, against Django over the same PostgreSQL, and what keeping the answers costs."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import sources
from benchmarks.measure import ROUNDS, Result, compare, interleave
from igny8_analysis.connection import Warehouse, connect
from igny8_analysis.etl.lake import find_version
from igny8_analysis.load import load
from igny8_analysis.warehouse import build

ASKED = 100_000
ROUNDS_OF_MILLISECONDS = 8 * ROUNDS
AS_OF = datetime.fromisoformat(sources.AS_OF)
LIMITS = {"overview_stats": 0.6, "run_detail": 0.9, "history": 0.4}
OVERVIEWS = """
select * from sites
join run_statistics using (site_id) join prediction_totals using (site_id) join attention_items using (site_id)
join site_history using (site_id)
join (select site_id, list_sort(list(s)) as stages from prediction_stages as s group by site_id) using (site_id)
join (select site_id, list_sort(list(s)) as averages from stage_history as s group by site_id) using (site_id)
order by site_id
"""
ANSWERS = {
    *("sites", "run_statistics", "prediction_stages", "prediction_totals", "attention_items"),
    *("unrecognised_statuses", "site_history", "stage_history", "run_summary", "stage_comparison"),
    *("run_efficiency", "run_insights", "run_baseline", "forecast_totals", "forecast_stages"),
    *("site_figures", "cost_changes", "price_effects", "accounts", "account_balances", "credit_months"),
    *("runways", "site_settings", "stage_settings", "site_payloads", "site_domains", "run_payloads"),
    *("forecast_payloads", "account_payloads", "brief_made", "brief_why", "brief_next", "brief_balance"),
    "briefs",
}


def answers() -> list[Result]:
    """`overview_stats`, `run_detail`, `history` of a median site, and every site's overview, against Django."""
    from benchmarks import django_endpoints as django

    with _loaded() as (url, warehouse):
        django.connect(url)
        site, run_id = _median(warehouse)
        both = {
            "overview_stats": (warehouse.overview_stats, partial(django.overview_stats, now=AS_OF), (site,)),
            "run_detail": (warehouse.run_detail, django.run_detail, (site, run_id)),
            "history": (warehouse.history, django.history, (site,)),
        }
        results = []
        for name, (ours, theirs, asked) in both.items():
            _check(name, ours(*asked), theirs(*asked))
            timings = interleave(ROUNDS_OF_MILLISECONDS, partial(ours, *asked), partial(theirs, *asked))
            results.append(compare(f"one site: {name}", "Django over PostgreSQL", LIMITS[name], timings))
        bulk = django.every_overview(AS_OF)
        frame = warehouse.sql(OVERVIEWS).pl()
        assert frame["total_runs"].to_list() == [
            bulk[site]["run_statistics"]["total_runs"] for site in frame["site_id"]
        ]
        works = partial(_frame, warehouse), partial(django.every_overview, AS_OF)
        results.append(
            compare(
                "every site's overview, as a frame",
                "Django in bulk",
                50,
                interleave(3, *works, warm=False),
                faster=True,
            )
        )
    return results


def other_answers() -> list[Result]:
    """`forecast`, `brief` and `account` of a median site and its account against its `overview_stats`."""
    with _loaded() as (_, warehouse):
        site, _ = _median(warehouse)
        ((account,),) = warehouse.sql("select account_id from sites where site_id = ?", [site]).fetchall()
        asked = {
            "forecast": partial(warehouse.forecast, site),
            "brief": partial(warehouse.brief, site),
            "account": partial(warehouse.account, account),
        }
        overview = partial(warehouse.overview_stats, site)
        return [
            compare(name, "overview_stats", 1.5, interleave(ROUNDS_OF_MILLISECONDS, answer, overview))
            for name, answer in asked.items()
        ]


def kept_answers() -> list[Result]:
    """The warehouse's file, and its build, against those of the same views with no answers kept."""
    views = [
        replace(view, sql=view.sql.replace(build.KEPT, "-- Would be")) if view.name in ANSWERS else view
        for view in build.load_views()
    ]
    with tempfile.TemporaryDirectory(dir=sources.CACHE) as folder:
        kept, bare = Path(folder, "kept.duckdb"), Path(folder, "bare.duckdb")

        def build_bare() -> None:
            with patch.object(build, "load_views", lambda: views):
                _build(bare)

        timings = interleave(2, partial(_build, kept), build_bare, warm=False)
        sizes = [file.stat().st_size / 2**20 for file in (kept, bare)]
    told = [f"{size:,.0f} MB" for size in sizes]
    return [
        Result("the file of 100,000 runs", "without kept answers", sizes[0] / sizes[1], 1.25, *told),
        compare("its build", "without kept answers", 1.25, timings),
    ]


def _build(database: Path) -> None:
    database.unlink(missing_ok=True)
    build.build(sources.lake(ASKED), database)


@contextmanager
def _loaded() -> Iterator[tuple[str, Warehouse]]:
    """The address of a PostgreSQL of 100,000 runs, and the warehouse loaded from it, kept in the cache."""
    folder = sources.CACHE / f"loaded-{ASKED}"
    with sources.postgres() as server:
        url = sources.source(server, ASKED)
        if not folder.exists() or find_version(folder).manifest()["definition"] != build.definition():
            shutil.rmtree(folder, ignore_errors=True)
            load(url, folder, AS_OF, keep=1)
        with connect(folder) as warehouse:
            yield url, warehouse


def _frame(warehouse: Warehouse) -> Any:
    return warehouse.sql(OVERVIEWS).pl()


def _median(warehouse: Warehouse) -> tuple[int, str]:
    """A site with a median number of runs, and the newest of its runs that completed."""
    ((site,),) = warehouse.sql(
        "select site_id from run_statistics order by abs(total_runs - 37), site_id limit 1"
    ).fetchall()
    ((run_id,),) = warehouse.sql(
        "select run_id from runs where site_id = ? and status = 'completed' order by started_at desc limit 1",
        [site],
    ).fetchall()
    return int(site), str(run_id)


def _check(name: str, ours: Any, theirs: Any) -> None:
    """Hold both answers to the same figures, to the last digit that either rounds."""
    shown: dict[str, list[tuple[str, ...]]] = {
        "overview_stats": [("run_statistics",), ("predictive_analysis", "totals"), ("attention_items",)],
        "run_detail": [("run",), ("efficiency",)],
        "history": [("pagination",)],
    }
    for path in shown[name]:
        left, right = ours, theirs
        for key in path:
            left, right = left[key], right[key]
        for key, value in left.items():
            if isinstance(value, int | float) and key in right:
                assert abs(value - float(right[key])) <= 1, (
                    f"{name} {path} {key}: {value}, Django {right[key]}"
                )
    rows = {"run_detail": "stages", "history": "runs"}
    if name in rows:
        for left, right in zip(ours[rows[name]], theirs[rows[name]], strict=True):
            same = {key for key in left if not isinstance(left[key], dict | list) and not key.endswith("_at")}
            assert [left[key] for key in sorted(same)] == [right[key] for key in sorted(same)], name
