"""What a period cost beside the one before, and what a price break makes of a run: by hand, and by a second opinion."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from igny8_analysis import Warehouse
from tests import reference
from tests.cases import AS_OF, make_source, run, site
from tests.lakes import views_of

D = Decimal
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Site 1 ran in November, February and on the edges of its two windows; site 2 never; site 3 changed its price."""
    folder = tmp_path_factory.mktemp("changes")
    runs = [
        run(1, "2025-10-31T23:59:59Z", stages={4: (1, 1, 7)}),
        # November: 10 articles at 3, 4 images at 5, 2 credits of no stage. Failed runs count like others.
        run(2, "2025-11-01T00:00:00Z", stages={4: (10, 10, 30), 6: (4, 4, 20)}, credits=52, status="failed"),
        # February: 14 articles at 4, ideas for the first time, images for nothing; the stages say 1 too much.
        run(3, "2026-02-03T08:00:00Z", stages={2: (5, 40, 75), 4: (14, 14, 56), 6: (2, 2, 0)}, credits=130),
        # The last 30 days begin just after this instant of January 30, the 30 days before with it.
        run(4, AS_OF - 30 * DAY, stages={4: (3, 2, 10)}),
        run(5, AS_OF, stages={4: (1, 0, 3)}),
        run(6, AS_OF - 60 * DAY, stages={4: (100, 100, 1000)}),
        *[
            run(100 + n, datetime(2025, 12, 10, 8, tzinfo=UTC) + 4 * n * DAY,
                stages={4: (10, 10, 100 if n < 10 else 150)}, site_id=3)
            for n in range(20)
        ],
    ]  # fmt: skip
    sites = [site(1, "one.example"), site(2, "quiet.example"), site(3, "dearer.example")]
    source = make_source(folder / "source.sqlite", sites, runs)
    with views_of(source, "cost_changes", "price_effects", "account_months", "window_trends") as views:
        yield views


def rows(views: duckdb.DuckDBPyConnection, period: str) -> dict[int | None, tuple[object, ...]]:
    found = views.execute(
        "select stage_number, credits_before, credits_after, items_before, items_after, volume_credits, rate_credits, "
        "is_new_stage from cost_changes where site_id = 1 and period = ?",
        [period],
    ).fetchall()
    return {row[0]: row[1:] for row in found if any(row[1:5])}


def test_a_month_beside_the_month_before(changes: duckdb.DuckDBPyConnection) -> None:
    assert rows(changes, "2025-11") == {
        # (10 − 1) × 7 credits more for articles, each of them 3 − 7 cheaper: 63 − 40 = 30 − 7
        4: (7, 30, 1, 10, 63, -40, False),
        6: (0, 20, 0, 4, 20, 0, True),
        None: (0, 2, 0, 0, 2, 0, False),
    }


def test_months_of_one_kind_of_stage_and_of_another(changes: duckdb.DuckDBPyConnection) -> None:
    # December has run 6, January run 4: 10 credits for 3 articles.
    assert rows(changes, "2025-12")[4] == (30, 1000, 10, 100, 90 * 3, 970 - 90 * 3, False)
    articles = rows(changes, "2026-02")[4]
    assert articles == (10, 56, 3, 14, round(D(11) * 10 / 3, 9), 46 - round(D(11) * 10 / 3, 9), False)
    ideas = rows(changes, "2026-02")[2]
    assert ideas == (0, 75, 0, 5, 75, 0, True)
    # Images were free and had not run: no rate before, so nothing is said but that nothing changed.
    assert rows(changes, "2026-02")[6] == (0, 0, 0, 2, 0, 0, False)
    assert rows(changes, "2026-02")[None] == (0, -1, 0, 0, -1, 0, False)
    ((n,),) = changes.sql("select count(*) from cost_changes where period = '2026-01'").fetchall()
    assert n == 16  # site 1 and site 3


def test_the_last_30_days_end_with_the_instant_and_begin_after_it(changes: duckdb.DuckDBPyConnection) -> None:
    # After: runs 3 and 5. Before: run 4, which started 30 days ago to the microsecond; run 6 is a day too early.
    assert rows(changes, "last_30_days")[4] == (
        10, 59, 3, 15, round(D(12) * 10 / 3, 9), 59 - 10 - round(D(12) * 10 / 3, 9), False
    )  # fmt: skip
    ((before, after),) = changes.sql(
        "select credits_per_article_before, credits_per_article_after from cost_changes "
        "where site_id = 1 and period = 'last_30_days' and stage_number is null"
    ).fetchall()
    assert (before, after) == (10 / 2, (130 + 3) / 14)


def test_periods_are_the_window_and_the_whole_months_after_the_first(
    changes: duckdb.DuckDBPyConnection,
) -> None:
    found = changes.sql(
        "select site_id, list(distinct period order by period) from cost_changes group by site_id order by site_id"
    ).fetchall()
    assert found == [
        (1, ["2025-11", "2025-12", "2026-01", "2026-02", "last_30_days"]),
        (2, ["last_30_days"]),
        (3, ["2026-01", "2026-02", "last_30_days"]),
    ]


@pytest.mark.parametrize("fixture", ["changes", "demo"])
def test_the_rows_add_up_to_the_runs_difference(fixture: str, request: pytest.FixtureRequest) -> None:
    views: Warehouse | duckdb.DuckDBPyConnection = request.getfixturevalue(fixture)
    unequal = views.sql(
        "select site_id, period from cost_changes group by all "
        "having sum(volume_credits + rate_credits) <> sum(credits_after - credits_before)"
    ).fetchall()
    assert unequal == []
    assert views.sql(
        "select c.site_id, c.period, sum(c.credits_after) as in_view, any_value(m.total_credits_used) as in_runs "
        "from cost_changes as c join account_months as m "
        "on m.site_id = c.site_id and strftime(m.month_start, '%Y-%m') = c.period "
        "group by all having in_view <> in_runs"
    ).fetchall() == []  # fmt: skip
    assert views.sql(
        "select site_id from cost_changes join window_trends using (site_id) where period = 'last_30_days' "
        "group by site_id having sum(credits_after) <> any_value(total_credits_last_30_days) "
        "or sum(credits_before) <> any_value(total_credits_30_days_before)"
    ).fetchall() == []  # fmt: skip


def test_a_second_opinion_of_the_demo(demo: Warehouse, demo_source: Path) -> None:
    source = reference.load(demo_source, demo.as_of)
    columns = (
        "site_id, period, stage_number, credits_before, credits_after, items_before, items_after, volume_credits, "
        "rate_credits, is_new_stage, credits_per_article_before, credits_per_article_after"
    )
    given = {
        row[:3]: row[3:]
        for row in demo.sql(f"select {columns} from cost_changes").fetchall()
    }  # fmt: skip
    sites = [site_id for (site_id,) in demo.sql("select site_id from sites").fetchall()]
    expected = {
        (site_id, row.period, row.stage): (
            *row.credits,
            *row.items,
            row.volume,
            row.rate,
            row.is_new,
            *row.per_article,
        )
        for site_id in sites
        for row in reference.cost_changes(source, site_id)
    }
    assert given.keys() == expected.keys()
    for key, numbers in expected.items():
        for ours, theirs in zip(given[key], numbers, strict=True):
            if theirs is None or isinstance(theirs, bool):
                assert ours is theirs, key
            else:
                assert float(ours) == pytest.approx(float(theirs), rel=1e-9, abs=1e-8), key


def test_a_price_break_is_worth_its_difference_times_the_usual_items(
    changes: duckdb.DuckDBPyConnection,
) -> None:
    ((stage, since, before, after, items, effect),) = changes.sql(
        "select stage_number, since, rate_before, rate_after, items_per_run, effect_per_run from price_effects "
        "where site_id = 3"
    ).fetchall()
    assert (stage, since) == (4, datetime(2026, 1, 19, 8, tzinfo=UTC))
    assert (before, after, items, effect) == (10, 15, 10, pytest.approx(50))


def test_price_effects_are_of_the_last_90_days(demo: Warehouse) -> None:
    assert demo.sql(
        "select count(*) from price_effects, current_load where since <= as_of - interval 90 day or since > as_of"
    ).fetchall() == [(0,)]
    ((all_of_them, told),) = demo.sql(
        "select (select count(*) from price_breaks, current_load where since > as_of - interval 90 day "
        "and since <= as_of), (select count(*) from price_effects)"
    ).fetchall()
    assert all_of_them == told > 0
