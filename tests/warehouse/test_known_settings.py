"""The next run under known limits, switches and a credit limit, and what it would be under others."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.load import load
from tests.cases import AS_OF, items, make_source, run, site
from tests.command import igny8
from tests.lakes import grow, views_over
from tests.worlds import world

FORCED = "the site's limits bind, and only flow knows them"


def settings(site_id: int, **columns: Any) -> dict[str, Any]:
    return {"id": site_id, "site_id": site_id, "is_enabled": 1} | columns


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Stage 4 took all that waited at some 10 an item, five times at five sites; 100 tasks wait now.

    Site 1 has no settings. Site 2 takes 20 tasks a run, site 3 has stage 4 off, site 4 stops at 300 credits.
    Sites 5 and 6 learned a limit of 7 in November 2025, and site 6 took 7 once more in December.
    """
    folder = tmp_path_factory.mktemp("limited")
    runs = []
    for number in range(1, 7):
        for n in range(5):
            day = AS_OF - timedelta(days=20 - n if number < 5 else 70 if (number, n) == (6, 4) else 110 - n)
            waited, took = (10, 10) if number < 5 else (50, 7)
            runs.append(
                run(10 * number + n, day, stages={4: (took, took, 10 * took)}, site_id=number,
                    initial_snapshot=f'{{"stage_4_initial": {waited}}}')
            )  # fmt: skip
    waiting = [row for number in range(1, 7) for row in items("tasks", "queued", 100, site_id=number)]
    known = [
        settings(2, max_tasks_per_run=20),
        settings(3, stage_4_enabled=0),
        settings(4, max_credits_per_run=300),
    ]
    source = make_source(
        folder / "source.sqlite",
        [site(number) for number in range(1, 7)],
        runs,
        waiting,
        others={"igny8_automation_configs": known},
    )
    load(f"sqlite:///{source}", folder / "data", as_of=AS_OF)
    with igny8_analysis.connect(folder / "data") as warehouse:
        yield warehouse


def stage_4(warehouse: Warehouse, site_id: int) -> tuple[Any, ...]:
    (row,) = warehouse.sql(
        "select expected_items, credits, items_limit, bound_by from forecast_stages "
        "where site_id = ? and method = 'flow' and stage_number = 4",
        [site_id],
    ).fetchall()
    return row


def champion(views: Warehouse | duckdb.DuckDBPyConnection, site_id: int) -> tuple[Any, ...]:
    ((method, reason, *limits),) = views.sql(
        "select method, reason, is_limited, credit_limit from forecast_totals "
        f"where site_id = {site_id} and is_champion"
    ).fetchall()
    return method, reason == FORCED, *limits


def test_without_settings_nothing_is_limited(limited: Warehouse) -> None:
    assert stage_4(limited, 1) == (100, pytest.approx(1000, rel=0.01), None, None)
    assert champion(limited, 1)[1:] == (False, champion(limited, 1)[2], None)


def test_a_known_limit_is_a_fact_and_flow_knows_it(limited: Warehouse) -> None:
    assert stage_4(limited, 2) == (20, pytest.approx(200, rel=0.01), 20, "limit")
    assert champion(limited, 2) == ("flow", True, True, None)


def test_a_stage_that_is_off_takes_nothing(limited: Warehouse) -> None:
    assert stage_4(limited, 3) == (0, 0, 0, "off")
    assert champion(limited, 3) == ("flow", True, True, None)


def test_a_run_stops_at_its_credit_limit(limited: Warehouse) -> None:
    """100 tasks at 10 would cost 1,000: 300 are reached in stage 4, which makes 30; nothing follows."""
    assert stage_4(limited, 4) == (pytest.approx(30, rel=0.01), pytest.approx(300), None, "credit limit")
    later = limited.sql(
        "select sum(expected_items), sum(credits) from forecast_stages "
        "where site_id = 4 and method = 'flow' and stage_number > 4"
    ).fetchall()
    assert later == [(0, 0)]
    assert champion(limited, 4) == ("flow", True, True, 300)
    (ends,) = limited.sql(
        "select credits, p80_high, p90_high, budget_80, budget_90 from forecast_totals "
        "where site_id = 4 and method = 'flow'"
    ).fetchall()
    assert ends[0] == pytest.approx(300)
    assert all(end is None or end <= 300 + 15 + 1e-9 for end in ends[1:]), (
        "at most one more of the dearest item"
    )


def test_a_limit_learned_before_december_2025_is_forgotten(limited: Warehouse) -> None:
    assert stage_4(limited, 5)[0] == 100
    learned = limited.sql(
        "select max(learned_limit) from forecast_inputs where site_id = 5 and stage_number = 4 and not is_live"
    ).fetchall()
    assert learned == [(7,)], "at that time it held"


def test_while_only_forgotten_limits_hold_a_site_flow_is_not_its_champion(limited: Warehouse) -> None:
    """Flow would have all 100 tasks written; what runs cost is nearer. One more such run brings the limit back."""
    assert champion(limited, 5)[0] in ("mean_of_last_10", "same_as_last")
    assert stage_4(limited, 6) == (7, pytest.approx(70, rel=0.05), 7, "learned limit")


def test_a_forecast_under_forgotten_limits_is_in_no_record(limited: Warehouse) -> None:
    """At site 6's run of December: 50 waited, and the 7 of November did not count."""
    records = limited.sql(
        "select r.method, r.origins, r.errors from own_record as r join forecast_points as p "
        "on p.site_id = r.site_id and p.method = r.method and p.origin_number = r.origin_number "
        "where r.site_id = 6 and p.is_limit_forgotten and "
        "r.method in ('flow', 'mean_of_last_10', 'original', 'same_as_last') order by r.method"
    ).fetchall()
    assert records == [
        ("flow", 4, 5),
        ("mean_of_last_10", 3, 4),
        ("original", 4, 5),
        ("same_as_last", 3, 4),
    ], "errors of all five, the two plain methods none of the first; the record without the last"


def test_with_nothing_asked_it_is_the_live_flow(limited: Warehouse) -> None:
    for site_id in range(1, 7):
        answer = limited.what_if(site_id)
        assert answer["totals"] == answer["without"]
        row = next(stage for stage in answer["stages"] if stage["stage_number"] == 4)
        assert (row["expected_items"], row["credits"], row["items_limit"], row["bound_by"]) == stage_4(
            limited, site_id
        )


def test_what_if_takes_limits_switches_queues_and_credits(limited: Warehouse) -> None:
    def asked(site_id: int, **asked: Any) -> tuple[Any, ...]:
        stage = limited.what_if(site_id, **asked)["stages"][3]
        return stage["expected_items"], stage["bound_by"]

    assert asked(1, limits={4: 5}) == (5, "limit")
    assert asked(1, limits={"content writing": 5}) == (5, "limit")
    assert asked(1, off=["4"]) == (0, "off")
    assert asked(1, pending={4: 8}) == (8, None)
    assert asked(1, credit_limit=50) == (pytest.approx(5, rel=0.01), "credit limit")
    assert asked(2, limits={4: 0}) == (100, None)
    assert asked(3, on=[4]) == (100, None)
    assert asked(4, credit_limit=0) == (100, None)
    for name in ("Review", "review and approval"):
        assert limited.what_if(1, off=[name])["stages"][6]["bound_by"] == "off"


def test_the_command_answers_as_the_method_does(limited: Warehouse) -> None:
    folder = str(limited.path.parent.parent)
    given = ["--limit", "4=5", "--balance", "100", "--format", "json", "--warehouse", folder]
    done = igny8("forecast", "1", *given)
    assert json.loads(done.stdout) == json.loads(json.dumps(limited.what_if(1, limits={4: 5}, balance=100)))


def test_one_stage_may_be_named_alone_and_the_same_said_twice(limited: Warehouse) -> None:
    assert limited.what_if(1, off="Content Writing") == limited.what_if(1, off=[4, "4"])
    assert limited.what_if(1, on=4) == limited.what_if(1, on=[4])


@pytest.mark.parametrize("option", ["--pending=4", "--limit=4"])
def test_the_largest_numbers_are_written(limited: Warehouse, option: str) -> None:
    done = igny8("forecast", "1", f"{option}=1000000000000", "--warehouse", str(limited.path.parents[1]))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "asked",
    [
        {"limits": {8: 1}},
        {"off": ["nope"]},
        {"limits": {4: -1}},
        {"balance": "much"},
        {"pending": {4: "nan"}},
        {"pending": {4: "1_0"}},
        {"credit_limit": "\u0663"},
        {"pending": {4: 1e39}, "balance": 5},
        {"off": "9" * 5_000},
        {"off": [4], "on": ["Content Writing"]},
        {"limits": {4: 3, "4": 5}},
    ],
)
def test_what_is_no_stage_no_number_or_said_in_two_ways_is_told(
    limited: Warehouse, asked: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=r"is no (stage|number)|stage 4 is given twice"):
        limited.what_if(1, **asked)


def test_a_past_origin_has_the_settings_of_the_load_before_it(tmp_path: Path) -> None:
    """Loads at days 2, 4 and 6: no limit, 20 articles, then off; a run each day at noon of ten, ten waiting then.

    Runs of days 0 and 1 start before any load: nothing is known. After the last load 100 articles wait.
    """
    start = AS_OF - timedelta(days=6)
    noon = timedelta(hours=6)
    for at, columns in ((2, {}), (4, {"max_tasks_per_run": 20}), (6, {"stage_4_enabled": 0})):
        runs = [
            run(10 + n, start + timedelta(days=n) + noon, stages={4: (10, 10, 100)},
                initial_snapshot='{"stage_4_initial": 10}') for n in range(at)
        ]  # fmt: skip
        source = make_source(
            tmp_path / f"{at}.sqlite",
            [site(1)],
            runs,
            items("tasks", "queued", 100),
            others={"igny8_automation_configs": [settings(1, **columns)]},
        )
        grow(f"sqlite:///{source}", tmp_path / "data", start + timedelta(days=at))
    with views_over(tmp_path / "data", "forecast_totals") as views:
        known = views.sql(
            "select id, is_on, item_limit, items_limit from forecast_inputs where stage_number = 4 order by is_live, id"
        ).fetchall()
        assert known == [
            (10, None, None, None),
            (11, None, None, None),
            (12, True, None, None),
            (13, True, None, None),
            (14, True, 20, 20),
            (15, True, 20, 20),
            (0, False, None, 0),
        ]
        bound = views.sql(
            "select expected_items, bound_by from forecast_flow where stage_number = 4 and is_live"
        )
        assert bound.fetchall() == [(0, "off")]
        # the settings changed at the last load: only flow knows them, and the last run did not start under them
        assert champion(views, 1)[:3] == ("flow", True, True)


def test_under_known_settings_flow_is_not_judged_by_what_it_could_not_know(tmp_path: Path) -> None:
    """Of a hundred articles that wait, 8 to 15 are written: without settings flow says 100, and the mean is closer.

    A load then reads that 20 is the limit, and two runs keep to it: told what held each run, flow was right all along.
    """
    start = AS_OF - timedelta(days=10)
    for at in (8, 10):
        runs = [
            run(10 + n, start + timedelta(days=n, hours=6), stages={4: (took, took, 10 * took)},
                initial_snapshot='{"stage_4_initial": 100, "stage_5_initial": 0}')
            for n, took in enumerate([8, 15, 9, 14, 10, 13, 11, 12, 20, 20]) if n < at
        ]  # fmt: skip
        source = make_source(
            tmp_path / f"{at}.sqlite",
            [site(1)],
            runs,
            items("tasks", "queued", 100),
            others={"igny8_automation_configs": [settings(1, max_tasks_per_run=20)]},
        )
        grow(f"sqlite:///{source}", tmp_path / "data", start + timedelta(days=at))
    with views_over(tmp_path / "data", "forecast_totals", "forecast_backtest") as views:
        crowned = views.sql("select id, method from forecast_backtest where is_champion order by id")
        assert [method for _, method in crowned.fetchall()][4:] == ["mean_of_last_10"] * 4 + ["flow"] * 2
        assert champion(views, 1) == ("flow", False, True, None)


@pytest.mark.slow
def test_ranges_cover_where_settings_change(tmp_path: Path) -> None:
    """Limits, switches and credit limits that change each quarter, and that four loads read: 80 % covers 75 to 90 %."""
    simulated = world("limits", days=120)
    for source, as_of in simulated.loads(tmp_path):
        load(f"sqlite:///{source}", tmp_path / "data", as_of=as_of)
    with igny8_analysis.connect(tmp_path / "data") as warehouse:
        measured = warehouse.sql(
            "select case when is_champion then 'champion' else method end, avg(cast(is_covered_80 as integer)), "
            "sum(abs(forecast_credits - actual_credits)) / sum(actual_credits) "
            "from forecast_backtest where is_champion or method = 'mean_of_last_10' group by all"
        ).fetchall()
    figures = {method: (covered, wape) for method, covered, wape in measured}
    assert 0.75 <= figures["champion"][0] <= 0.9
    assert figures["champion"][1] < 0.5 * figures["mean_of_last_10"][1]
