"""What findings say, beyond which there are."""

from pathlib import Path

from igny8_analysis import Warehouse
from tests.cases import make_source, run, site
from tests.lakes import views_of

OLD = "; until 2026-01-17 a paused run did not hold the next one back, and a cancelled one kept its lock"


def test_old_bugs_are_named_for_runs_of_their_time_alone(tmp_path: Path) -> None:
    runs = [
        run(1, "2026-01-16T23:30:00Z", 120),
        run(2, "2026-01-16T23:59:59Z", 120),
        run(3, "2026-01-17T00:00:00Z", 10),
        run(4, "2026-01-16T20:00:00Z", None, status="paused"),
        run(5, "2026-01-17T09:00:00Z", None, status="running"),
    ]
    with views_of(make_source(tmp_path / "s.sqlite", [site(1)], runs), "data_quality") as views:
        found = views.sql(
            "select check_name, id, detail from data_quality where severity = 'warning' order by id, check_name"
        ).fetchall()
    assert found == [
        ("overlapping_runs", 2, f"starts before an earlier run of the site has ended{OLD}"),
        ("overlapping_runs", 3, "starts before an earlier run of the site has ended"),
        ("stale_run", 4, f"paused and started more than 24 hours ago{OLD}"),
        ("stale_run", 5, "running and started more than 24 hours ago"),
    ]


def test_credits_are_told_without_decimals_that_say_nothing(tmp_path: Path) -> None:
    runs = [
        run(1, "2026-02-01T08:00:00Z", stages={1: (1, 1, 100)}, credits="1330"),
        run(2, "2026-02-02T08:00:00Z", stages={1: (1, 1, 0.5)}, credits="0"),
        run(3, "2026-02-03T08:00:00Z", stages={1: (1, 1, 0.000001)}, credits="10.10"),
    ]
    with views_of(make_source(tmp_path / "s.sqlite", [site(1)], runs), "data_quality") as views:
        found = views.sql("select detail from data_quality order by id").fetchall()
    assert [detail for (detail,) in found] == [
        "charged 1330 credits, its stages report 100",
        "charged 0 credits, its stages report 0.5",
        "charged 10.1 credits, its stages report 0.000001",
    ]


def test_errors_come_before_warnings_and_these_before_notes(demo: Warehouse) -> None:
    ranks = demo.sql(
        "select distinct severity, severity_rank from data_quality order by severity_rank"
    ).fetchall()
    assert ranks == [("error", 1), ("warning", 2), ("info", 3)]
