"""What needs someone: each alert given and expected, new or not over loads, and the same after a rebuild."""

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.brief import ALERTS_COUNTED
from igny8_analysis.load import load
from igny8_analysis.reports.words import ADVICE, ALERTS_IN_SHORT
from igny8_analysis.warehouse.build import column_descriptions, load_views
from tests.cases import AS_OF, items, make_source, run, site
from tests.lakes import computed, in_lake, views_of

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def loaded(source: Path, as_of: datetime = AS_OF) -> Warehouse:
    load(f"sqlite:///{source}", source.with_suffix(""), as_of=as_of, is_full=True)
    return igny8_analysis.connect(source.with_suffix(""))


def found(views: duckdb.DuckDBPyConnection, alert: str) -> list[tuple[Any, ...]]:
    return views.execute(
        "select site_id, run_id, stage_number, severity, since, alert_key, is_new from alerts where alert = ? "
        "order by account_id, site_id",
        [alert],
    ).fetchall()


def keys(warehouse: Warehouse, *, is_new: bool) -> set[str]:
    rows = warehouse.sql("select alert_key from alerts where is_new = ?", [is_new]).fetchall()
    return {key for (key,) in rows}


def test_a_failed_run_is_told_until_the_next_one_ends(tmp_path: Path) -> None:
    failed = {"status": "failed", "current_stage": 4, "error_message": "HTTP 502"}
    runs = [
        run(11, AS_OF - 9 * DAY, site_id=1),
        run(12, AS_OF - 8 * DAY, site_id=1, **failed),
        run(13, AS_OF - HOUR, None, site_id=1, status="running"),  # changes nothing yet
        run(21, AS_OF - 9 * DAY, site_id=2, **failed),
        run(22, AS_OF - 8 * DAY, site_id=2, status="cancelled"),
    ]
    with views_of(
        make_source(tmp_path / "s.sqlite", [site(1, "one.example"), site(2)], runs), "alerts"
    ) as views:
        assert found(views, "run_failed") == [
            (1, "run_12", 4, "error", AS_OF - 8 * DAY + HOUR, "run_failed:1:1:12", True)
        ]
        ((message,),) = views.execute("select message from alerts where alert = 'run_failed'").fetchall()
        assert message == "one.example #2 failed at Content Writing: HTTP 502"


def test_a_blank_text_of_an_error_is_none(tmp_path: Path) -> None:
    stages = {4: {"tasks_processed": 1, "credits_used": 1, "error": "no answer"}}
    blank = run(1, AS_OF - DAY, stages=stages, status="failed", current_stage=4, error_message=" \n\t\r")
    source = make_source(tmp_path / "s.sqlite", [site(1, "one.example")], [blank])
    with views_of(source, "alerts", "stage_outcomes", "run_insights") as views:
        ((message,),) = views.execute("select message from alerts where alert = 'run_failed'").fetchall()
        assert message == "one.example #1 failed at Content Writing"
        reasons = "select outcome_reason from stage_outcomes where stage_number = 4"
        assert views.execute(reasons).fetchall() == [("no answer",)]
        told = views.execute(
            "select message from run_insights where message like '%stage 4 (Content Writing)%'"
        )
        assert all("\n" not in message for (message,) in told.fetchall())


def test_stale_runs_of_a_site_are_one_alert_of_the_latest(tmp_path: Path) -> None:
    runs = [
        run(11, AS_OF - 9 * DAY, None, site_id=1, status="running"),
        run(12, AS_OF - 2 * DAY, None, site_id=1, status="paused"),
        run(13, AS_OF - 23 * HOUR, None, site_id=1, status="running"),
    ]
    with views_of(make_source(tmp_path / "s.sqlite", [site(1, "one.example")], runs), "alerts") as views:
        assert found(views, "run_stale") == [
            (1, "run_12", None, "warning", AS_OF - 2 * DAY, "run_stale:1:1:12", True)
        ]
        ((message,),) = views.execute("select message from alerts where alert = 'run_stale'").fetchall()
        assert message == (
            "2 runs have not ended, the latest, one.example #2, since it started on 2026-02-27 12:00 UTC"
        )


def articles(site_id: int, price_of: Any, count: int = 20, ends: datetime = AS_OF) -> list[dict[str, Any]]:
    """A run a day of ten articles, the last an hour before `ends`."""
    return [
        run(
            site_id * 100 + n, ends - HOUR - (count - n) * DAY, 30,
            stages={4: (10, 10, 10 * price_of(n))}, site_id=site_id,
        )
        for n in range(count)
    ]  # fmt: skip


def test_odd_runs_prices_and_costs(tmp_path: Path) -> None:
    runs = [
        *articles(1, lambda n: 600 if n == 16 else 10),  # one run sixty times as dear, four days ago
        *articles(2, lambda n: 10 if n < 12 else 15),  # dearer for eight days
        *articles(3, lambda n: 10 if n < 12 else 5),  # cheaper
        *articles(4, lambda n: 60 if n == 10 else 10),  # as site 1, ten days ago
    ]
    sites = [site(n, f"s{n}.example") for n in (1, 2, 3, 4)]
    with views_of(make_source(tmp_path / "s.sqlite", sites, runs), "alerts") as views:
        assert [(row[0], row[1], row[3]) for row in found(views, "run_unusual") if row[0] in (1, 4)] == [
            (1, "run_116", "warning")
        ]
        ((told,),) = views.execute(
            "select message from alerts where alert = 'run_unusual' and site_id = 1"
        ).fetchall()
        assert told.endswith("cost 6,000 credits, where such runs of the site cost about 100")
        prices = {row[0]: row[2:6] for row in found(views, "price_changed")}
        since = AS_OF - HOUR - 8 * DAY
        at = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        assert prices[2] == (4, "warning", since, f"price_changed:1:2:4:{at}")
        assert prices[3] == (4, "info", since, f"price_changed:1:3:4:{at}")
        assert [row[0] for row in found(views, "cost_risen")] == [
            1,
            2,
            4,
        ]  # one dear run of ten is enough


def test_balances(tmp_path: Path) -> None:
    """Accounts 1 to 4 have 0, 120, 100,000 and no credits; their sites write ten articles a day at 10 credits."""
    sites = [site(n, f"s{n}.example", tenant_id=n) for n in (1, 2, 3, 4)]
    sites += [site(5, "idle.example", tenant_id=5), site(6, "off.example", tenant_id=6, is_active=0)]
    runs = [row for n in (1, 2, 3, 4, 6) for row in articles(n, lambda n: 10)]
    runs += articles(5, lambda n: 10, ends=AS_OF - 31 * DAY)
    pending = [row for n in (1, 2, 3, 4, 5, 6) for row in items("tasks", "queued", 20, site_id=n)]
    source = make_source(tmp_path / "s.sqlite", sites, runs, pending)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("delete from igny8_tenants")
        connection.executemany(
            "insert into igny8_tenants (id, name, credits) values (?, ?, ?)",
            [(1, "a", 0), (2, "b", 120), (3, "c", 100_000), (4, "d", None), (5, "e", 0), (6, "f", 0)],
        )
    with views_of(source, "alerts") as views:
        short = views.execute(
            "select account_id, site_id, alert_key from alerts where alert = 'balance_short' order by all"
        )
        assert short.fetchall() == [(1, None, "balance_short:1::"), (2, None, "balance_short:2::")]
        ends = views.execute(
            "select account_id, message from alerts where alert = 'balance_ends' order by all"
        ).fetchall()
        assert [row[0] for row in ends if row[0] in (1, 2, 3, 4)] == [1, 2]
        assert ends[1][1].startswith("b: the balance of 120 credits lasts about 1 day at")


def test_a_balance_is_held_against_sites_that_will_run(tmp_path: Path) -> None:
    """Of account 1 only site 1 will run: 2 is off, 3 inactive, 4 without settings and still for 31 days."""
    sites = [site(1), site(2), site(3, is_active=0), site(4), site(5, tenant_id=2), site(6, tenant_id=2)]
    runs = [row for n in (1, 2, 3, 5) for row in articles(n, lambda n: 10)]
    runs += articles(4, lambda n: 10, ends=AS_OF - 31 * DAY)
    pending = [row for n in range(1, 7) for row in items("tasks", "queued", 20, site_id=n)]
    source = settings(make_source(tmp_path / "s.sqlite", sites, runs, pending), [(1, 1, ""), (2, 0, "")])
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("delete from igny8_tenants")
        connection.executemany(
            "insert into igny8_tenants (id, name, credits) values (?, ?, ?)", [(1, "a", 0), (2, "b", 0)]
        )
    with loaded(source) as warehouse:
        assert warehouse.sql("select site_id from running_sites order by 1").fetchall() == [(1,), (5,)]
        ((short,),) = warehouse.sql(
            "select message from alerts where alert_key = 'balance_short:1::'"
        ).fetchall()
        assert short.endswith("to have for the next run of its site")
        told = " ".join(sentence["text"] for sentence in warehouse.brief(account=1)["sentences"])
        ((credits,),) = warehouse.sql(
            "select round(credits) from forecast_totals where site_id = 1 and is_champion"
        ).fetchall()
        assert f"The next run will cost about {credits:,.0f} credits" in told


def test_sites_that_need_a_look_are_counted_once_each() -> None:
    """Of account 1 sites 1 and 3: a note of 2 is none, and its own alert is of no site."""
    told = [(1, 1, "error"), (1, 1, "warning"), (1, 2, "info"), (1, 3, "warning"), (1, None, "error")]
    alerts = [dict(zip(("account_id", "site_id", "severity"), row, strict=True)) for row in told]
    rows = computed("account_alerts", accounts=[{"account_id": 1}, {"account_id": 2}], alerts=alerts)
    assert {row["account_id"]: row["alerted_sites"] for row in rows} == {1: 2, 2: 0}


def test_windows_of_alerts_begin_after_their_first_instant_and_end_with_the_loads(tmp_path: Path) -> None:
    """A run that ended seven days ago to the second is no longer odd, an error of thirty days ago none of now.

    Nothing is told of what a clock ahead of ours has dated after the load.
    """
    broken = {4: '{"tasks_processed": -1}'}
    runs = [
        *articles(1, lambda n: 60 if n == 16 else 10, ends=AS_OF - 3 * DAY + HOUR - timedelta(minutes=30)),
        run(21, AS_OF - 30 * DAY, site_id=2, stages=broken),
        run(31, AS_OF - 30 * DAY + timedelta(seconds=1), site_id=3, stages=broken),
        run(41, AS_OF, site_id=4, stages=broken),
        run(51, AS_OF + timedelta(seconds=1), site_id=5, stages=broken),
        *articles(6, lambda n: 10 if n < 12 else 15, ends=AS_OF + 9 * DAY),
    ]
    with views_of(
        make_source(tmp_path / "s.sqlite", [site(n) for n in range(1, 7)], runs),
        "alerts",
        "runs",
        "price_breaks",
    ) as views:
        ((ended,),) = views.execute("select completed_at from runs where site_id = 1 and id = 116").fetchall()
        assert ended == AS_OF - 7 * DAY
        assert found(views, "run_unusual") == []
        assert [row[0] for row in found(views, "data_errors")] == [3, 4]
        breaks = views.execute("select since > $1 from price_breaks where site_id = 6", [AS_OF]).fetchall()
        assert breaks == [(True,)]
        assert found(views, "price_changed") == []


def test_items_failed_and_data_errors(tmp_path: Path) -> None:
    rows = [
        *items("images", "failed", 3118, site_id=1),
        *items("content", "failed", 1, site_id=1),
        *items("content", "published", 1, site_id=1, site_status="failed"),
    ]
    runs = [
        run(11, AS_OF - 2 * DAY, site_id=1, stages={4: '{"tasks_processed": -1, "content_created": true}'}),
        run(12, AS_OF - 40 * DAY, site_id=2, stages={4: '{"tasks_processed": -1}'}),
    ]
    with views_of(make_source(tmp_path / "s.sqlite", [site(1), site(2)], runs, rows), "alerts") as views:
        assert [(row[0], row[5]) for row in found(views, "items_failed")] == [(1, "items_failed:1:1:3120")]
        told = views.execute("select message from alerts where alert = 'items_failed'").fetchall()
        assert told == [("A site: 3,120 articles and images have failed",)]
        assert [(row[0], row[5]) for row in found(views, "data_errors")] == [(1, "data_errors:1:1:")]


def settings(source: Path, rows: list[tuple[int, int, str]]) -> Path:
    """Give the source settings: site, whether it is on, when its next run is due."""
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.executemany(
            "insert into igny8_automation_configs (site_id, is_enabled, next_run_at) values (?, ?, ?)", rows
        )
    return source


def test_a_missed_schedule(tmp_path: Path) -> None:
    due = AS_OF - 3 * HOUR
    late, soon, ahead = ((AS_OF - hours * HOUR).isoformat() for hours in (3, 1, -1))
    runs = [run(51, due, site_id=5), run(61, due - DAY, site_id=6)]
    source = make_source(tmp_path / "s.sqlite", [site(n) for n in range(1, 7)], runs)
    settings(source, [(1, 1, late), (2, 0, late), (3, 1, soon), (4, 1, ahead), (5, 1, late), (6, 1, late)])
    with views_of(source, "alerts") as views:
        assert [(row[0], row[4]) for row in found(views, "schedule_missed")] == [(1, due), (6, due)]
        assert found(views, "schedule_missed")[0][5] == f"schedule_missed:1:1:{due:%Y-%m-%dT%H:%M:%SZ}"


def test_a_site_that_is_off_spends_what_people_start(tmp_path: Path) -> None:
    runs = [row | {"trigger_type": "scheduled"} for row in articles(1, lambda n: 10)]
    runs += [row | {"trigger_type": "manual"} for row in articles(2, lambda n: 10)]
    source = settings(make_source(tmp_path / "s.sqlite", [site(1), site(2)], runs), [(1, 0, ""), (2, 0, "")])
    with views_of(source, "spend_forecasts") as views:
        rows = views.execute(
            "select site_id, method, credits, reason from spend_forecasts "
            "where is_champion and horizon_days = 7 order by site_id nulls last"
        ).fetchall()
        reason = "the automation is off: nothing is scheduled"
        # 20 runs of 100 credits in the last 28 days
        spent = pytest.approx(2000 / 28 * 7)
        of_both = "the automation of its sites that ran is off: nothing of theirs is scheduled"
        assert rows == [
            (1, "rhythm", 0, reason),
            (2, "rhythm", spent, reason),
            (None, "rhythm", spent, of_both),
        ]


def test_new_is_what_the_load_before_had_not_and_the_lake_alone_says_the_same(tmp_path: Path) -> None:
    failed = {"status": "failed", "current_stage": 4}
    source = make_source(
        tmp_path / "s.sqlite",
        [site(1), site(2)],
        [run(11, AS_OF - 2 * DAY, site_id=1, **failed)],
        items("images", "failed", 2, site_id=1),
    )
    with loaded(source) as first:
        assert keys(first, is_new=True) == {"run_failed:1:1:11", "items_failed:1:1:2"}
        assert keys(first, is_new=False) == set()
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("alter table igny8_sites add column colour text")
        columns = [row[1] for row in connection.execute("pragma table_info(igny8_automation_runs)")]
        names = ", ".join(columns[1:]).replace("site_id", "2")
        others = ", ".join(columns[1:])
        connection.execute(
            f"insert into igny8_automation_runs (id, {others}) select 21, {names} from igny8_automation_runs"
        )
    with loaded(source, AS_OF + HOUR) as second:
        # As many items failed as before: nothing rose, so there is no alert of them.
        assert keys(second, is_new=False) == {"run_failed:1:1:11"}
        assert keys(second, is_new=True) == {"run_failed:1:2:21", "source_drift:::igny8_sites.colour"}
        told = second.sql("select * from alerts order by alert_key").fetchall()
    assert in_lake(source.with_suffix(""), "select * from alerts order by alert_key") == told
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("alter table igny8_sites drop column colour")
    with loaded(source, AS_OF + 2 * HOUR) as third:  # what went is not what came, though the key is the same
        assert keys(third, is_new=True) == {"source_drift:::igny8_sites.colour"}
        told = third.sql("select * from alerts order by alert_key").fetchall()
    assert in_lake(source.with_suffix(""), "select * from alerts order by alert_key") == told


def test_every_alert_has_its_words() -> None:
    """An alert without them would stop a page or a brief on the day it is first told."""
    (sql,) = (view.sql for view in load_views() if view.name == "alerts")
    found = re.findall(r"select\s+'(\w+)',\s+(case when .*? end|'\w+'),\s+[\w.]+,\s+([\w.]+),", sql)
    severities = {name: severity for name, severity, _ in found}
    assert severities.keys() == ADVICE.keys()
    assert {name for name, severity in severities.items() if severity != "'info'"} == ALERTS_COUNTED.keys()
    assert {name for name, _, site in found if site != "null"} == ALERTS_IN_SHORT.keys()
    assert severities.keys() == set(re.findall(r"\w+_\w+", column_descriptions()[0]["alert"]))
    page = (Path(__file__).parents[2] / "docs" / "words.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \| (?:error|warning|info)\b", page, re.MULTILINE))
    assert severities.keys() == told - {"load_late"}


def test_alerts_leave_deleted_sites_out_and_come_worst_first(demo: Warehouse) -> None:
    assert demo.sql(
        "select count(*) from alerts as a join sites as s on s.site_id = a.site_id where not s.is_live"
    ).fetchall() == [(0,)]
    ranks = [rank for (rank,) in demo.sql("select severity_rank from alerts").fetchall()]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1
