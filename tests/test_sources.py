"""The demo's rows go into a real PostgreSQL as they are."""

from contextlib import closing
from decimal import Decimal

from adbc_driver_postgresql import dbapi

from igny8_analysis.etl.demo import CASES, HOSTILE_TEXTS, DemoSite, demo_rows
from tests.sources import load_postgres


def test_postgresql_holds_the_very_same_rows(postgres_url: str) -> None:
    rows = demo_rows("numeric")
    load_postgres(postgres_url, rows)
    with closing(dbapi.connect(postgres_url)) as connection, connection.cursor() as cursor:

        def ask(query: str) -> list[tuple[object, ...]]:
            cursor.execute(query)
            return cursor.fetchall()

        for table, kept in rows.items():
            assert ask(f"select count(*) from {table}") == [(len(kept),)]
        runs = {run["id"]: run for run in rows["igny8_automation_runs"]}
        stored = ask(
            "select id, started_at, completed_at, total_credits_used::text, error_message"
            " from igny8_automation_runs"
        )
        for run_id, started_at, completed_at, total, message in stored:
            run = runs[run_id]
            assert (started_at, completed_at, message) == (
                run["started_at"],
                run["completed_at"],
                run["error_message"],
            )
            assert Decimal(total) == Decimal(str(run["total_credits_used"]))
        hostile = f"select error_message from igny8_automation_runs where site_id = {int(DemoSite.HOSTILE)}"
        assert {text for (text,) in ask(hostile)} >= set(HOSTILE_TEXTS)
        kind = f"from igny8_automation_runs where id = {CASES['result_is_json_null']}"
        assert ask(f"select jsonb_typeof(stage_2_result), jsonb_typeof(stage_1_result) {kind}") == [
            ("null", "object")
        ]
