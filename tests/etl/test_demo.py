"""The sample source: the same every time, believable, and with every case that it promises."""

import itertools
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from igny8_analysis.etl.demo import (
    AS_OF,
    CANARIES,
    CASES,
    HOSTILE_TEXTS,
    PRIVATE_WORD,
    DemoSite,
    Row,
    demo_rows,
    write_sqlite,
)
from igny8_analysis.etl.demo.cast import ACCOUNT_OF, HABITS, DemoAccount
from igny8_analysis.etl.demo.items import OWN_COLUMNS
from igny8_analysis.etl.demo.odd_times import ORPHANED_SITE
from igny8_analysis.etl.demo.simulation import Site
from igny8_analysis.etl.demo.values import STAGES
from igny8_analysis.etl.errors import LoadError
from tests.sources import SCHEMA

RUNS = "igny8_automation_runs"
REPEATED = {run for name, run in CASES.items() if name.startswith("repeated_")}


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return demo_rows()


@pytest.fixture(scope="module")
def runs(rows: dict[str, list[Row]]) -> dict[int, Row]:
    return {run["id"]: run for run in rows[RUNS]}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    write_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def of_site(runs: dict[int, Row], site: DemoSite) -> list[Row]:
    return [run for run in runs.values() if run["site_id"] == site]


def case(runs: dict[int, Row], name: str) -> Row:
    return runs[CASES[name]]


def results(run: Row) -> dict[int, object]:
    texts = {stage: run[f"stage_{stage}_result"] for stage in STAGES}
    return {stage: json.loads(text) for stage, text in texts.items() if text is not None}


def completed(runs: dict[int, Row], site: DemoSite) -> list[Row]:
    return [run for run in of_site(runs, site) if run["status"] == "completed"]


def test_it_is_the_same_every_time(rows: dict[str, list[Row]]) -> None:
    assert repr(demo_rows()) == repr(rows)


def test_the_file_is_the_same_in_another_process(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "one")
    command = "import sys; from igny8_analysis.etl.demo import write_sqlite; write_sqlite(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "two")],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"},
        check=True,
    )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").stat().st_size < 10_000_000


def test_its_size_is_believable(rows: dict[str, list[Row]], runs: dict[int, Row]) -> None:
    assert len(rows["igny8_tenants"]) == len(DemoAccount) == 7
    assert len(rows["igny8_sites"]) == len(DemoSite) == 20
    assert 900 <= len(runs) <= 1_200
    assert len(of_site(runs, DemoSite.BUSIEST)) == 300
    items = Counter(row["site_id"] for table in OWN_COLUMNS for row in rows[table])
    assert not items - Counter(dict.fromkeys(DemoSite, 5_000))


def test_ids_are_unique(rows: dict[str, list[Row]]) -> None:
    for table, kept in rows.items():
        assert len({row["id"] for row in kept}) == len(kept), table


def test_simulated_runs_are_believable(runs: dict[int, Row]) -> None:
    for run in runs.values():
        if run["id"] in CASES.values():
            continue
        assert run["started_at"] < AS_OF
        assert run["completed_at"] is None or run["started_at"] < run["completed_at"] <= AS_OF
        assert 0 <= run["total_credits_used"] < 6_000
        assert (run["started_at"] < datetime(2025, 5, 20, tzinfo=AS_OF.tzinfo)) == (
            run["initial_snapshot"] is None
        )
        made = results(run)
        assert set(made) <= set(range(1, run["current_stage"] + 1))
        if run["started_at"] < datetime(2025, 12, 4, tzinfo=AS_OF.tzinfo):
            assert made.get(6, {}).get("images_generated", 0) == 0
        if run["started_at"] < datetime(2026, 1, 10, tzinfo=AS_OF.tzinfo):
            assert made.get(6, {}).get("credits_used", 0) == 0


def test_simulated_runs_of_a_site_never_overlap(runs: dict[int, Row]) -> None:
    for site in set(DemoSite) - {DemoSite.ODD_TIMES}:
        own = sorted(of_site(runs, site), key=lambda run: run["started_at"])
        assert all(a["completed_at"] <= b["started_at"] for a, b in itertools.pairwise(own)), site


def test_runs_process_more_than_the_snapshot_where_output_flows_through(runs: dict[int, Row]) -> None:
    def excess(site: DemoSite) -> int:
        total = 0
        for run in completed(runs, site):
            ideas = results(run).get(3, {})
            snapshot = json.loads(run["initial_snapshot"] or "null")
            if snapshot:
                total += max(ideas.get("ideas_processed", 0) - snapshot["stage_3_initial"], 0)
        return total

    assert excess(DemoSite.STEADY) > 1_000
    assert excess(DemoSite.SNAPSHOT_BOUND) == 0


@pytest.mark.parametrize(
    ("site", "count"),
    [
        (DemoSite.NO_RUNS, 0),
        (DemoSite.ONE_COMPLETED, 1),
        (DemoSite.TWO_COMPLETED, 2),
        (DemoSite.THREE_COMPLETED, 3),
        (DemoSite.TEN_COMPLETED, 10),
    ],
)
def test_sites_with_few_completed_runs(runs: dict[int, Row], site: DemoSite, count: int) -> None:
    assert len(completed(runs, site)) == count


def test_domains(rows: dict[str, list[Row]]) -> None:
    domains = {row["id"]: row["domain"] for row in rows["igny8_sites"]}
    assert domains[DemoSite.BUSIEST] == "mysite.com"
    assert domains[DemoSite.TWO_COMPLETED] is None
    assert domains[DemoSite.ODD_VALUES] == ""
    assert domains[DemoSite.THREE_COMPLETED] == "https://shared.example"
    assert domains[DemoSite.INACTIVE] == "www.shared.example/"
    assert domains[DemoSite.ODD_TIMES] == str(int(DemoSite.CAPPED))
    assert domains[DemoSite.SNAPSHOT_BOUND].endswith("/blog/")


def test_an_inactive_site_and_a_suspended_account(rows: dict[str, list[Row]]) -> None:
    assert [row["id"] for row in rows["igny8_sites"] if not row["is_active"]] == [DemoSite.INACTIVE]
    assert [row["status"] for row in rows["igny8_tenants"]][:3] == ["active", "active", "suspended"]


def test_pools_plans_and_what_is_deleted(rows: dict[str, list[Row]]) -> None:
    accounts = {row["id"]: row for row in rows["igny8_tenants"]}
    pools = {
        account: (accounts[account]["credits"], accounts[account]["bonus_credits"]) for account in DemoAccount
    }
    assert pools[DemoAccount.BONUS_ONLY] == (0, 5_000)
    assert pools[DemoAccount.BOTH_POOLS] == (1_200, 300)
    assert pools[DemoAccount.OVERDRAWN] == (-35, None)
    plans = {row["id"]: row["included_credits"] for row in rows["igny8_plans"]}
    assert plans[accounts[DemoAccount.BOTH_POOLS]["plan_id"]] == 10_000
    assert plans[accounts[DemoAccount.OVERDRAWN]["plan_id"]] is None
    assert accounts[DemoAccount.DELETED]["plan_id"] not in plans
    assert [row["id"] for row in rows["igny8_tenants"] if row["is_deleted"]] == [DemoAccount.DELETED]
    assert [row["id"] for row in rows["igny8_sites"] if row["is_deleted"]] == [DemoSite.DELETED]
    assert ACCOUNT_OF[DemoSite.OF_DELETED_ACCOUNT] == DemoAccount.DELETED


def test_settings_that_bind_and_odd_ones(rows: dict[str, list[Row]], runs: dict[int, Row]) -> None:
    kept = {row["id"]: row for row in rows["igny8_automation_configs"]}
    by_site = {row["site_id"]: row for row in kept.values()}
    assert len(kept) == len(by_site) + 1, "one site has two rows"
    assert not any(site < DemoSite.LIMITED for site in by_site)
    limited = [results(run) for run in completed(runs, DemoSite.LIMITED)]
    for stage, key in enumerate(("keywords", "clusters", "ideas", "tasks", "content", "images"), 1):
        limit = by_site[DemoSite.LIMITED][f"max_{key}_per_run"]
        taken = [result.get(stage, {}).get(f"{key}_processed", 0) for result in limited]
        assert max(taken) == limit, f"stage {stage} is bound"
    missed = by_site[DemoSite.BONUS_ONLY]
    assert missed["next_run_at"] < AS_OF - timedelta(hours=2)
    assert all(run["started_at"] < missed["next_run_at"] for run in of_site(runs, DemoSite.BONUS_ONLY))
    off = by_site[DemoSite.SWITCHED_OFF]
    assert (off["stage_6_enabled"], off["max_credits_per_run"]) == (False, 200)
    loose = demo_rows("loose")["igny8_automation_configs"]
    assert {"perhaps", "many", "TRUE"} <= {value for row in loose for value in row.values()}


def test_a_ledger_with_work_by_hand_and_transactions(rows: dict[str, list[Row]]) -> None:
    ledger = rows["igny8_credit_usage_log"]
    by_hand = [row for row in ledger if row["operation_type"] != "automation"]
    assert {row["tenant_id"] for row in by_hand} == {DemoAccount.BONUS_ONLY}
    assert {row["site_id"] for row in by_hand} == {None, DemoSite.BONUS_ONLY}
    assert min(row["credits_used"] for row in by_hand) < 0
    amounts = [row["amount"] for row in rows["igny8_credit_transactions"]]
    assert min(amounts) < 0 < max(amounts)


def test_stages_that_were_skipped_or_stopped_early(runs: dict[int, Row]) -> None:
    off = results(case(runs, "stage_switched_off"))[6]
    assert (off["skipped"], "disabled" in off["reason"]) == (True, True)
    stopped = results(case(runs, "stopped_by_the_credit_limit"))[4]
    assert (stopped["partial"], "200" in stopped["reason"]) == (True, True)
    assert case(runs, "stopped_by_the_credit_limit")["total_credits_used"] == 205
    assert case(runs, "trigger_test")["trigger_type"] == "test"


def test_each_canary_stands_at_its_own_site_only(rows: dict[str, list[Row]]) -> None:
    assert set(CANARIES) == set(DemoSite)
    for site, canary in CANARIES.items():
        named = next(row["name"] for row in rows["igny8_sites"] if row["id"] == site)
        assert canary in named
        for kept in rows.values():
            for row in kept:
                owner = row.get("site_id", row["id"])
                assert owner == site or canary.lower() not in repr(row).lower()


def test_the_private_word_stands_in_titles_only(rows: dict[str, list[Row]]) -> None:
    places = {
        (table, column)
        for table, kept in rows.items()
        for row in kept
        for column, value in row.items()
        if PRIVATE_WORD in str(value)
    }
    assert places == {
        ("igny8_clusters", "name"),
        ("igny8_content_ideas", "idea_title"),
        ("igny8_content", "title"),
    }


def test_results_of_every_shape_and_type(runs: dict[int, Row]) -> None:
    shapes = (
        "result_is_array",
        "result_is_text",
        "result_is_number",
        "result_is_boolean",
        "result_is_json_null",
    )
    parsed = [results(case(runs, name))[2] for name in shapes]
    assert parsed == [[1, 2, 3], "done", 17, True, None]
    assert results(case(runs, "result_is_empty"))[2] == {}
    assert results(case(runs, "no_results")) == {}
    assert results(case(runs, "text_numbers"))[1]["keywords_processed"] == "45"
    assert results(case(runs, "text_numbers"))[1]["clusters_created"] == " 4.5e1 "
    assert results(case(runs, "negative_numbers"))[4]["credits_used"] == -150
    assert results(case(runs, "booleans_for_numbers"))[1]["keywords_processed"] is True
    assert results(case(runs, "objects_for_numbers"))[1]["clusters_created"] == [45]
    assert "1e400" in case(runs, "too_large_numbers")["stage_1_result"]
    assert results(case(runs, "errors_that_are_no_text"))[3]["error"] == {"code": 500}
    assert results(case(runs, "blank_errors"))[2]["error"].strip() == ""
    assert {results(case(runs, "bad_times"))[stage]["time_elapsed"] for stage in STAGES} >= {90, "1:2:3"}
    assert "tokens_used" in results(case(runs, "unknown_result_keys"))[1]
    assert results(case(runs, "failed_stage"))[5]["error"]
    assert results(case(runs, "skipped_stages"))[5]["skipped"] is True


def test_credits_that_do_not_add_up(runs: dict[int, Row]) -> None:
    def left_over(name: str) -> float:
        run = case(runs, name)
        return run["total_credits_used"] - sum(float(r["credits_used"]) for r in results(run).values())

    assert left_over("credits_not_attributed") == 12
    assert left_over("stages_account_for_more") == -9
    assert left_over("not_reconciled_below_half") == pytest.approx(-0.4)
    assert left_over("not_reconciled_by_half") == 0.5
    assert left_over("fractional_stage_credits") == 0
    assert left_over("zero_credits") == 0 == case(runs, "zero_credits")["total_credits_used"]
    assert case(runs, "negative_total")["total_credits_used"] < 0


def test_columns_outside_of_what_is_usual(runs: dict[int, Row]) -> None:
    assert {
        case(runs, "current_stage_0")["current_stage"],
        case(runs, "current_stage_8")["current_stage"],
    } == {0, 8}
    beyond = case(runs, "result_beyond_current_stage")
    assert max(results(beyond)) > beyond["current_stage"]
    assert case(runs, "unknown_status")["status"] == "archived"
    assert case(runs, "unknown_trigger")["trigger_type"] == "webhook"
    assert case(runs, "failed_without_message")["error_message"] == ""
    assert not isinstance(json.loads(case(runs, "snapshot_is_array")["initial_snapshot"]), dict)


def test_ties(runs: dict[int, Row]) -> None:
    assert case(runs, "same_start_one")["started_at"] == case(runs, "same_start_two")["started_at"]
    assert case(runs, "same_end_one")["completed_at"] == case(runs, "same_end_two")["completed_at"]
    assert case(runs, "repeated_run_id_one")["run_id"] == case(runs, "repeated_run_id_two")["run_id"]
    at_once = case(runs, "repeated_at_once_one"), case(runs, "repeated_at_once_two")
    assert at_once[0]["run_id"] == at_once[1]["run_id"]
    assert at_once[0]["started_at"] == at_once[1]["started_at"]


def test_the_tie_of_ends_lies_where_the_latest_ten_are_cut(runs: dict[int, Row]) -> None:
    ends = [
        (run["completed_at"], run["id"])
        for run in completed(runs, DemoSite.ODD_TIMES)
        if run["completed_at"] is not None and run["started_at"] <= run["completed_at"] <= AS_OF
    ]
    tenth, eleventh = sorted(ends, reverse=True)[9:11]
    assert tenth == (case(runs, "same_end_two")["completed_at"], CASES["same_end_two"])
    assert eleventh == (case(runs, "same_end_one")["completed_at"], CASES["same_end_one"])


def test_run_ids_repeat_within_a_site_only_where_a_case_says_so(runs: dict[int, Row]) -> None:
    seen = Counter((run["site_id"], run["run_id"]) for run in runs.values())
    repeated = {(run["site_id"], run["run_id"]) for run in runs.values() if run["id"] in REPEATED}
    assert {key for key, count in seen.items() if count > 1} == repeated


def test_results_go_beyond_the_current_stage_only_where_a_case_says_so(runs: dict[int, Row]) -> None:
    beyond = {
        run["id"]
        for run in runs.values()
        if any(s > run["current_stage"] for s, r in results(run).items() if r)
    }
    assert beyond == {CASES["result_beyond_current_stage"], CASES["current_stage_0"]}


def test_one_run_id_on_two_sites(runs: dict[int, Row]) -> None:
    first = of_site(runs, DemoSite.TWO_COMPLETED)[0]
    assert first["run_id"] in {run["run_id"] for run in of_site(runs, DemoSite.THREE_COMPLETED)}


def test_durations_and_ends(runs: dict[int, Row]) -> None:
    def duration(name: str) -> timedelta:
        run = case(runs, name)
        return run["completed_at"] - run["started_at"]

    assert timedelta() < duration("under_a_minute") < timedelta(minutes=1)
    assert duration("over_30_hours") > timedelta(hours=30)
    assert duration("no_time_at_all") == timedelta()
    assert duration("end_before_start") < timedelta()
    assert case(runs, "completed_without_end")["completed_at"] is None
    assert case(runs, "overlaps")["started_at"] < case(runs, "overlapped")["completed_at"]


def test_open_runs(runs: dict[int, Row]) -> None:
    opened = Counter(
        (run["status"], run["started_at"] < AS_OF - timedelta(hours=24))
        for run in runs.values()
        if run["status"] in ("running", "paused")
    )
    assert opened.keys() == {("running", True), ("running", False), ("paused", True), ("paused", False)}
    assert of_site(runs, DemoSite.BUSIEST)[-1]["status"] == "running"


def test_items_of_every_status(rows: dict[str, list[Row]]) -> None:
    def statuses(table: str, column: str = "status") -> set[object]:
        return {row[column] for row in rows[table] if not row["is_deleted"]}

    assert statuses("igny8_keywords") >= {"new", "mapped", "pending", "active", "archived", "imported"}
    assert statuses("igny8_clusters") >= {"new", "mapped", "active", "pending", "archived", "merged"}
    assert statuses("igny8_content_ideas") >= {
        "new",
        "queued",
        "completed",
        "skipped",
        "scheduled",
        "published",
    }
    assert statuses("igny8_tasks") >= {
        "queued",
        "completed",
        "pending",
        "in_progress",
        "cancelled",
        "blocked",
    }
    assert statuses("igny8_content") >= {"draft", "review", "approved", "published", "failed", "trashed"}
    assert statuses("igny8_images") >= {"pending", "generated", "failed", "uploaded"}
    assert statuses("igny8_content", "site_status") >= {
        "not_published", "scheduled", "publishing", "published", "failed", None, "", "queued",
    }  # fmt: skip
    for table, own in OWN_COLUMNS.items():
        assert any(row["is_deleted"] for row in rows[table])
        assert any(row.get("disabled") for row in rows[table]) == ("disabled" in own)


def test_what_waits_is_what_the_last_run_left(
    rows: dict[str, list[Row]], database: sqlite3.Connection
) -> None:
    lived = Site(ACCOUNT_OF[DemoSite.CAPPED], DemoSite.CAPPED, HABITS[DemoSite.CAPPED])
    waiting = database.execute(
        """
        select
            (select count(*) from igny8_keywords where site_id = :site and status = 'new' and cluster_id is null),
            (select count(*) from igny8_clusters where site_id = :site and status = 'new'),
            (select count(*) from igny8_content_ideas where site_id = :site and status = 'new'),
            (select count(*) from igny8_tasks where site_id = :site and status = 'queued'),
            (select count(*) from igny8_content c where site_id = :site and status = 'draft'
                and not exists (select 1 from igny8_images where content_id = c.id)),
            (select count(*) from igny8_images where site_id = :site and status = 'pending'),
            (select count(*) from igny8_content where site_id = :site and status = 'review')
        """,
        {"site": int(DemoSite.CAPPED)},
    ).fetchone()
    assert waiting == tuple(lived.queues.pending.values())
    assert lived.queues.in_images > 0


def test_hostile_texts_stand_in_messages_and_errors(runs: dict[int, Row]) -> None:
    messages = [run["error_message"] for run in of_site(runs, DemoSite.HOSTILE)]
    assert set(HOSTILE_TEXTS) <= set(messages)
    assert all("\0" not in text for text in HOSTILE_TEXTS)
    assert max(len(text) for text in HOSTILE_TEXTS) > 10_000


def test_looser_tables_hold_more(rows: dict[str, list[Row]]) -> None:
    def looser(schema: str, than: str) -> list[Row]:
        known = {run["id"] for run in demo_rows(than)[RUNS]}
        return [run for run in demo_rows(schema)[RUNS] if run["id"] not in known]

    assert all(isinstance(run["total_credits_used"], int) for run in rows[RUNS])
    fractional = looser("numeric", than="documented")
    assert fractional
    assert all(run["total_credits_used"] % 1 for run in fractional)
    loose = {run["id"]: run for run in looser("loose", than="numeric")}
    assert loose[CASES["run_without_site"]]["site_id"] == ORPHANED_SITE
    assert loose[CASES["total_missing"]]["total_credits_used"] is None
    with pytest.raises(json.JSONDecodeError):
        json.loads(loose[CASES["malformed_result"]]["stage_2_result"])


def test_every_json_of_the_documented_rows_is_valid(runs: dict[int, Row]) -> None:
    for run in runs.values():
        results(run)
        json.loads(run["initial_snapshot"] or "null")


def test_the_file_has_all_rows_and_the_columns_of_postgresql(
    database: sqlite3.Connection, rows: dict[str, list[Row]]
) -> None:
    declared = {
        statement.find(exp.Table).name: [column.name for column in statement.find_all(exp.ColumnDef)]
        for statement in sqlglot.parse(SCHEMA.read_text(encoding="utf-8"), dialect="postgres")
        if statement.find(exp.Schema)
    }
    assert declared.keys() == rows.keys()
    for table, kept in rows.items():
        columns = [column[1] for column in database.execute(f"pragma table_xinfo({table})")]
        assert sorted(columns) == sorted(declared[table])
        assert all(set(columns) == row.keys() for row in kept)
        assert database.execute(f"select count(*) from {table}").fetchone() == (len(kept),)


def test_times_in_the_file_are_spelled_in_many_ways_and_mean_the_same(
    database: sqlite3.Connection, runs: dict[int, Row]
) -> None:
    endings: set[str] = set()
    for run_id, text in database.execute(f"select id, started_at from {RUNS}"):
        parsed = datetime.fromisoformat(text)
        assert (parsed if parsed.tzinfo else parsed.replace(tzinfo=AS_OF.tzinfo)) == runs[run_id][
            "started_at"
        ]
        endings.add(text[10] + text[19:].lstrip(".0123456789"))
    assert endings >= {"TZ", "T", " ", "T+02:00", " -03:30", " +00:00"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(LoadError, match="cannot write the sample source"):
        write_sqlite(tmp_path / "taken")
    with pytest.raises(LoadError):
        write_sqlite(tmp_path / "missing" / "demo.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(LoadError):
        write_sqlite(tmp_path / "file" / "demo.sqlite")
    assert {path.name for path in tmp_path.iterdir()} == {"taken", "file"}
