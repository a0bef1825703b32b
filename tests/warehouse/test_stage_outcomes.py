"""How the stages of runs that were cut short, or go on, stand: each case by hand."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.cases import AS_OF, make_source, run, site
from tests.lakes import computed, views_of

STAGES = {1: (40, 4, 8), 2: (4, 30, 60), 3: (30, 30, 0), 4: (10, 9, 150)}
SNAPSHOT = '{"stage_1_initial": 40, "stage_4_initial": 12, "stage_6_initial": 7}'


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("outcomes")
    common = {"stages": STAGES, "current_stage": 4, "initial_snapshot": SNAPSHOT}
    runs = [
        run(1, "2026-02-01T00:00:00Z", status="failed", error_message="HTTP 502", **common),
        run(2, "2026-02-02T00:00:00Z", status="cancelled", **common),
        run(3, "2026-02-03T00:00:00Z", None, status="running", **common),
        run(4, "2026-02-04T00:00:00Z", None, status="paused", **common),
        run(5, "2026-02-05T00:00:00Z", **common),
        run(
            7,
            "2026-02-07T00:00:00Z",
            stages=STAGES
            | {
                4: {
                    "tasks_processed": 10,
                    "credits_used": 150,
                    "partial": True,
                    "reason": "credit limit reached",
                },
                5: {"skipped": True, "reason": "switched off by the site"},
            },
            credits=218,
        ),
        run(6, "2026-02-06T00:00:00Z", status="failed", stages=STAGES, current_stage=9),
    ]
    source = make_source(folder / "source.sqlite", [site(1, "a.example")], runs)
    with views_of(source, "stage_outcomes", "run_timeline") as views:
        yield views


@pytest.mark.parametrize(
    ("run_id", "stage", "expected"),
    [
        (1, 3, ("completed", None, True, 0)),
        (1, 4, ("stopped here", "HTTP 502", True, 32)),  # 12 pending + 30 tasks made − 10 taken in
        (1, 5, ("pending", None, False, 9)),  # the 9 articles that stage 4 made
        (1, 6, ("pending", None, False, 7)),
        (1, 7, ("pending", None, False, None)),
        (2, 4, ("cancelled here", None, True, 32)),
        (3, 3, ("completed", None, True, None)),
        (3, 4, ("in progress", None, False, None)),
        (4, 4, ("paused here", None, False, None)),
        (5, 4, ("completed", None, True, None)),
        (5, 5, ("pending", None, True, None)),
        (7, 4, ("stopped early", "credit limit reached", True, None)),
        (7, 5, ("switched off", "switched off by the site", True, None)),
        (6, 4, ("completed", None, True, 20)),  # no snapshot: 30 tasks made − 10; no stage 9, so none stopped
    ],
)
def test_outcome(
    views: duckdb.DuckDBPyConnection, run_id: int, stage: int, expected: tuple[object, ...]
) -> None:
    found = views.execute(
        "select outcome, outcome_reason, is_compared, items_left from stage_outcomes "
        "where site_id = 1 and id = $id and stage_number = $stage",
        {"id": run_id, "stage": stage},
    ).fetchall()
    assert found == [expected]


def test_what_no_stage_accounts_for_is_named_while_a_run_goes_on(views: duckdb.DuckDBPyConnection) -> None:
    (row,) = views.sql(
        "select label, duration_seconds from run_timeline where site_id = 1 and id = 3 and part = 'remainder'"
    ).fetchall()
    assert row == ("No stage accounts for it yet", (AS_OF.timestamp() - 1770076800))  # since 2026-02-03


def test_a_run_is_compared_over_its_stages_alone_that_are() -> None:
    def stage(number: int | None, is_compared: bool, *amounts: float | None) -> dict[str, object]:
        names = (
            "credits_used",
            "baseline_avg_credits",
            "difference_credits",
            "volume_credits",
            "rate_credits",
        )
        named = dict(zip(names, amounts, strict=True))
        return {
            "site_id": 1,
            "id": 1,
            "run_id": "one",
            "stage_number": number,
            "is_compared": is_compared,
            **named,
        }

    rows = [
        stage(1, True, 10, 8, 2, 1.5, 0.5),
        stage(2, True, 5, 6, -1, -3, 2),
        stage(3, False, 100, 1, 99, 99, 0),
        stage(None, True, 4, 1, 3, 3, 0),
    ]
    (row,) = computed("run_variance", credit_variance=rows)
    assert row == {
        "site_id": 1, "id": 1, "run_id": "one", "compared_credits": 19, "compared_baseline_credits": 15,
        "difference_credits": 4, "difference_pct": 4 / 15 * 100,
        "volume_credits": 1.5, "stage_volume_credits": -1.5, "rate_credits": 2.5,
    }  # fmt: skip
