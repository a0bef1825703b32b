"""The payloads, field by field: as computed by hand, and as the second opinion has them."""

import math
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import igny8_analysis
from igny8_analysis.etl import demo
from igny8_analysis.load import load
from igny8_analysis.warehouse import build

from .. import reference
from ..cases import AS_OF, Case, differences, write_cases
from ..conftest import sampled
from ..data import CASES
from ..nasty import nasty_source
from ..reference import statistics

FINDINGS = "select check_name, severity, id, run_id, stage_number from data_quality where site_id = ?"
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


class Product:
    """The package, asked as the cases ask."""

    def __init__(self, directory: Path) -> None:
        self.warehouse = igny8_analysis.connect(directory)

    @classmethod
    def loaded(cls, source: Path, directory: Path) -> "Product":
        load(f"sqlite:///{source}", directory, as_of=AS_OF)
        return cls(directory)

    def overview(self, site: int) -> dict[str, Any]:
        return self.warehouse.overview_stats(site)

    def history(self, site: int, page: int, page_size: int) -> dict[str, Any]:
        return self.warehouse.history(site, page, page_size)

    def run(self, site: int, run_id: str) -> dict[str, Any]:
        return self.warehouse.run_detail(site, run_id)

    def findings(self, site: int) -> list[tuple[Any, ...]]:
        return self.warehouse.sql(FINDINGS, [site]).fetchall()

    def rows(self, view: str, keys: str, values: str, site: int | None = None) -> Rows:
        """A view's rows of a site, or of all, by their keys."""
        where, parameters = ("", []) if site is None else ("where site_id = ?", [site])
        found = self.warehouse.sql(f"select {keys}, {values} from {view} {where}", parameters).fetchall()
        width = len(keys.split(","))
        return {row[:width]: row[width:] for row in found}


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Product:
    folder = tmp_path_factory.mktemp("cases")
    return Product.loaded(write_cases(folder / "cases.sqlite", CASES), folder / "data")


@pytest.mark.parametrize(("site_id", "case"), list(enumerate(CASES, 1)), ids=[case.name for case in CASES])
def test_the_product_agrees_with_the_hand(by_hand: Product, site_id: int, case: Case) -> None:
    assert differences(by_hand, site_id, case) == []


def test_agrees_over_the_demo(demo_source: Path, demo_warehouse: Path) -> None:
    """All views of all runs; as payloads, a run in eight, for time's sake."""
    assert_same(reference.load(demo_source, demo.AS_OF), Product(demo_warehouse), every=8)


@pytest.mark.parametrize("seed", sampled((103, 101, 0), quick=1))
def test_agrees_over_a_nasty_source(tmp_path: Path, seed: int) -> None:
    source = nasty_source(tmp_path / "nasty.sqlite", seed, sites=12)
    assert_same(reference.load(source, AS_OF), Product.loaded(source, tmp_path / "data"))


@pytest.mark.slow
def test_agrees_under_other_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stands in one place (but in the length of a window): with others there, all says what they say."""
    others = reference.Thresholds(
        analyzed_runs=7, sufficient_runs=2, stale_after_hours=60, credits_window_days=19, duration_window_days=11,
        efficiency_threshold_pct=45, variance_threshold_pct=14, buffer_pct=35,
    )  # fmt: skip
    warehouse = Path(shutil.copytree(build.ROOT, tmp_path / "warehouse"))
    for name in ("staging/parameters", "core/run_state", "core/stage_state"):
        path = warehouse / f"{name}.sql"
        text = path.read_text(encoding="utf-8").replace(
            "rows between 9 preceding", "rows between 6 preceding"
        )
        for threshold, value in vars(others).items():
            text = re.sub(rf"\d+ as {threshold}\b", f"{value} as {threshold}", text)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", warehouse)
    source = nasty_source(tmp_path / "nasty.sqlite", 7, sites=12)
    assert_same(reference.load(source, AS_OF, others), Product.loaded(source, tmp_path / "data"))


def assert_same(source: reference.Source, product: Product, every: int = 1) -> None:
    """Everything that is said of every site is what the second opinion says."""
    sites = [row[0] for row in product.warehouse.sql("select site_id from sites order by site_id").fetchall()]
    assert sites == sorted(source.sites)
    found = [line for site in sites for line in disagreements(source, product, site, every)]
    found += [line for view in of_all(source, product) for line in view]
    assert not found, f"{len(found)} disagreements, such as\n" + "\n".join(found[:40])


def disagreements(source: reference.Source, product: Product, site: int, every: int = 1) -> Iterator[str]:
    yield from unlike(f"site {site} overview", product.overview(site), reference.overview(source, site))
    page, pages = 0, 1
    while page < pages:
        page += 1
        expected = reference.history(source, site, page, 30)
        pages = expected["pagination"]["total_pages"]
        yield from unlike(f"site {site} page {page}", product.history(site, page, 30), expected)
    for run_id in sorted({run.run_id for run in source.runs if run.site_id == site})[::every]:
        expected = reference.run(source, site, run_id)
        yield from unlike(f"site {site} {run_id}", product.run(site, run_id), expected)
    for view, keys, values, rows in full_precision(source, site):
        yield from unlike_rows(f"site {site} {view}", product.rows(view, keys, values, site), rows)
    theirs = Counter(product.findings(site))
    ours = Counter(
        (found.check_name, found.severity, found.id, found.run_id, found.stage_number)
        for found in reference.data_quality(source, site)
    )
    yield from (f"site {site} finding only of the package: {row}" for row in (theirs - ours).elements())
    yield from (f"site {site} finding only of the reference: {row}" for row in (ours - theirs).elements())


def of_all(source: reference.Source, product: Product) -> Iterator[Iterator[str]]:
    """The places where views that are not of one site differ."""
    views: list[tuple[str, str, str, Rows]] = [
        (
            "account_balances",
            "account_id",
            "plan_name, plan_credits_per_month, plan_credits, bonus_credits, available_credits",
            {(key,): row for key, row in reference.account_balances(source).items()},
        ),
        (
            "credit_days",
            "account_id, site_id, used_on, operation",
            "calls, credits, cost_usd, tokens_input, tokens_output",
            reference.credit_days(source),
        ),
        (
            "credit_months",
            "account_id, month_start",
            "run_credits, ledger_credits, other_credits, added_credits",
            reference.credit_months(source),
        ),
        (
            "site_months",
            "site_id, month_start",
            "total_runs, content_created, images_generated, article_credits, image_credits, total_credits_used",
            reference.site_months(source),
        ),
        (
            "statements",
            "account_id, month_start",
            "total_runs, content_created, images_generated, article_credits, image_credits, run_credits, "
            "other_credits, used_credits, added_credits, month_end_credits",
            reference.statements(source),
        ),
        (
            "sites",
            "site_id",
            "account_id, is_deleted, is_live",
            {
                (s.site_id,): (s.account_id, s.is_deleted, reference.is_live(source, s))
                for s in source.sites.values()
            },
        ),
    ]
    for view, keys, values, rows in views:
        yield unlike_rows(view, product.rows(view, keys, values), rows)
    ((theirs,),) = product.warehouse.sql("select count(*) from data_quality where site_id is null").fetchall()
    ours = sum(found.site_id is None for found in reference.data_quality(source))
    if theirs != ours:
        yield iter([f"findings of no site: the package has {theirs}, the reference {ours}"])


def unlike(where: str, got: Any, expected: Any) -> Iterator[str]:
    """The places where two payloads differ."""
    if isinstance(expected, dict) and isinstance(got, dict) and got.keys() == expected.keys():
        for key, value in expected.items():
            yield from unlike(f"{where}.{key}", got[key], value)
    elif isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        for position, value in enumerate(expected):
            yield from unlike(f"{where}.{position}", got[position], value)
    elif got != expected or type(got) is not type(expected):
        yield f"{where}: the package says {got!r}, the reference {expected!r}"


def unlike_rows(where: str, got: Rows, expected: Rows) -> Iterator[str]:
    """The rows of a view that differ by more than the noise of binary fractions."""
    for key in got.keys() | expected.keys():
        pairs = zip(got.get(key, ()), expected.get(key, ()), strict=False)
        if key not in got or key not in expected or not all(is_close(ours, theirs) for ours, theirs in pairs):
            yield f"{where} {key}: the package says {got.get(key)}, the reference {expected.get(key)}"


def is_close(got: Any, expected: Any) -> bool:
    if isinstance(expected, Fraction):
        return got is not None and math.isclose(got, expected, rel_tol=1e-12, abs_tol=1e-9)
    return bool(got == expected)


def full_precision(source: reference.Source, site: int) -> Iterator[tuple[str, str, str, Rows]]:
    """What views must hold before rounding: view, key columns, value columns, rows."""
    known = statistics.site_history(source, site)
    yield (
        "stage_history",
        "stage_number",
        "runs_with_stage, avg_credits, avg_items_created, avg_items_processed, avg_duration_seconds, "
        "avg_output_ratio, credits_per_processed_item",
        {
            (h.number,): (h.runs_with_stage, h.avg_credits, h.avg_created, h.avg_processed, h.avg_seconds,
                          h.output_ratio, h.credits_per_processed)
            for h in known.stages.values()
        },
    )  # fmt: skip
    counted = reference.publishing(source, site)
    yield "publishing", "site_id", ", ".join(counted), {(site,): tuple(counted.values())}
    held = source.settings.get(site)
    named = "is_enabled, frequency, scheduled_time, last_run_at, next_run_at, credit_limit"
    kept = {} if held is None else {(site,): tuple(getattr(held, name) for name in named.split(", "))}
    yield "site_settings", "site_id", named, kept
    of_stages = {(number,): row for number, row in reference.stage_settings(source, site).items()}
    yield "stage_settings", "stage_number", "is_on, item_limit, batch_size", of_stages
    told = {
        (run.id, stage.number): (stage.is_skipped, stage.is_partial, stage.reason)
        for run in statistics.runs_of(source, site)
        for stage in run.stages
    }
    yield "run_stages", "id, stage_number", "is_skipped, is_partial, reason", told
    insights, stages, efficiencies, baselines = {}, {}, {}, {}
    for run in statistics.runs_of(source, site):
        for number, insight in enumerate(statistics.insights(source, run), 1):
            insights[run.id, number] = (insight.type, insight.severity, insight.message)
        efficiencies[run.id,] = (
            statistics.credits_per_item(run), statistics.items_per_minute(run), statistics.credits_per_minute(run),
        )  # fmt: skip
        before = statistics.baseline(source, run)
        baselines[run.id,] = (
            before.runs, before.is_sufficient, before.avg_credits, before.avg_duration, before.avg_credits_per_item,
        )  # fmt: skip
        for h in before.stages.values():
            stages[run.id, h.number] = (
                h.runs_with_stage, h.avg_credits, h.avg_created, h.avg_processed, h.credits_per_processed,
                *statistics.stage_variances(run, before, h.number),
            )  # fmt: skip
    yield "run_insights", "id, insight_number", "type, severity, message", insights
    yield "run_efficiency", "id", "credits_per_item, items_per_minute, credits_per_minute", efficiencies
    yield (
        "run_baseline",
        "id",
        "total_runs_analyzed, has_sufficient_data, avg_credits, avg_duration_seconds, avg_credits_per_item",
        baselines,
    )
    yield (
        "stage_comparison",
        "id, stage_number",
        "runs_with_stage, historical_avg_credits, historical_avg_items, historical_avg_items_processed, "
        "historical_credits_per_processed_item, credit_variance_pct, items_variance_pct",
        stages,
    )
