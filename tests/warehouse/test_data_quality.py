"""What findings say, beyond which there are."""

from pathlib import Path

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
