"""Small sources for tests, and hand-computed cases that every implementation must agree with.

A case is one site: its runs, its items, and pieces of payloads computed by hand. All cases are written into
one SQLite file, so one load answers them all, and each site also shows that the others do not leak into it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

AS_OF = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
MICROSECOND = timedelta(microseconds=1)
KEYS = {
    1: ("keywords_processed", "clusters_created"),
    2: ("clusters_processed", "ideas_created"),
    3: ("ideas_processed", "tasks_created"),
    4: ("tasks_processed", "content_created"),
    5: ("content_processed", "prompts_created"),
    6: ("images_processed", "images_generated"),
    7: ("ready_for_review", None),
}
TABLES = {
    "igny8_tenants": (
        "id integer, name text, slug text, status text, credits integer, bonus_credits integer, plan_id integer, "
        "is_deleted integer, created_at text"
    ),
    "igny8_plans": "id integer, name text, included_credits integer",
    "igny8_sites": (
        "id integer, tenant_id integer, name text, domain text, is_active integer, is_deleted integer, "
        "created_at text"
    ),
    "igny8_automation_runs": (
        "id integer, tenant_id integer, site_id integer, run_id text, trigger_type text, status text, "
        "current_stage integer, started_at text, completed_at text, paused_at text, resumed_at text, "
        "cancelled_at text, total_credits_used, initial_snapshot text, "
        + "".join(f"stage_{number}_result text, " for number in KEYS)
        + "error_message text, updated_at text"
    ),
    "igny8_automation_configs": (
        "id integer, site_id integer, is_enabled integer, frequency text, scheduled_time text, last_run_at text, "
        "next_run_at text, "
        + "".join(f"stage_{number}_enabled integer, " for number in KEYS)
        + "".join(f"stage_{number}_batch_size integer, " for number in list(KEYS)[:6])
        + "max_keywords_per_run integer, max_clusters_per_run integer, max_ideas_per_run integer, "
        "max_tasks_per_run integer, max_content_per_run integer, max_images_per_run integer, "
        "max_approvals_per_run integer, max_credits_per_run integer"
    ),
    "igny8_credit_usage_log": (
        "id integer, tenant_id integer, site_id integer, operation_type text, credits_used numeric, cost_usd numeric, "
        "tokens_input integer, tokens_output integer, created_at text"
    ),
    "igny8_credit_transactions": (
        "id integer, tenant_id integer, transaction_type text, amount numeric, created_at text"
    ),
    "igny8_keywords": "cluster_id integer, disabled integer",
    "igny8_clusters": "name text, disabled integer",
    "igny8_content_ideas": "idea_title text, disabled integer",
    "igny8_tasks": "",
    "igny8_content": "title text, site_status text, word_count integer",
    "igny8_images": "content_id integer, task_id integer, image_type text",
}
ITEM_TABLES = ("keywords", "clusters", "content_ideas", "tasks", "content", "images")
ITEM_COLUMNS = (
    "id integer, tenant_id integer, site_id integer, sector_id integer, status text, "
    "is_deleted integer, created_at text, updated_at text"
)

Row = dict[str, Any]


# Writing sources


def stamp(moment: datetime | str | None) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else moment


def site(id: int, domain: str | None = None, name: str = "A site", **columns: Any) -> Row:
    return {"id": id, "tenant_id": 1, "name": name, "domain": domain, "is_active": 1,
            "created_at": "2025-01-01T00:00:00Z"} | columns  # fmt: skip


def run(
    id: int,
    started: datetime | str,
    minutes: float | None = 60,
    *,
    stages: Mapping[int, Any] | None = None,
    credits: Any = None,
    **columns: Any,
) -> Row:
    """A run; `minutes` sets its end, and its credits are those of its stages unless given.

    A stage is `(processed, created, credits)`, a dict for the result, or a text for it as it is.
    """
    results = {number: as_result(number, given) for number, given in (stages or {}).items()}
    if credits is None:
        credits = sum(given[2] for given in (stages or {}).values() if isinstance(given, tuple))
    start = datetime.fromisoformat(started) if isinstance(started, str) else started
    end = None if minutes is None else start + timedelta(minutes=minutes)
    row = {"id": id, "tenant_id": 1, "site_id": 1, "run_id": f"run_{id}", "trigger_type": "manual",
           "status": "completed", "current_stage": 7, "started_at": stamp(start), "completed_at": stamp(end),
           "total_credits_used": credits}  # fmt: skip
    return row | {f"stage_{number}_result": text for number, text in results.items()} | columns


def as_result(number: int, given: Any) -> Any:
    if isinstance(given, tuple):
        processed, created, credits = given
        processed_key, created_key = KEYS[number]
        given = {processed_key: processed, "credits_used": credits}
        if created_key:
            given[created_key] = created
    return json.dumps(given) if isinstance(given, dict) else given


def items(entity: str, status: str, count: int = 1, **columns: Any) -> list[Row]:
    """Rows of `igny8_<entity>`, alike."""
    return [{"table": f"igny8_{entity}", "status": status} | columns for _ in range(count)]


def make_source(
    path: Path,
    sites: Iterable[Row] = (),
    runs: Iterable[Row] = (),
    items: Iterable[Row] = (),
    others: Mapping[str, Iterable[Row]] = MappingProxyType({}),
) -> Path:
    """Writes a SQLite source with IGNY8's tables; `others` are rows of any table by its name."""
    with sqlite3.connect(path) as connection:
        for table, columns in TABLES.items():
            is_item = table.removeprefix("igny8_") in ITEM_TABLES
            parts = [ITEM_COLUMNS, columns] if is_item else [columns]
            connection.execute(f"create table {table} ({', '.join(filter(None, parts))})")
        insert(connection, "igny8_tenants", [{"id": 1, "name": "An agency", "slug": "an-agency"}])
        insert(connection, "igny8_sites", sites)
        insert(connection, "igny8_automation_runs", runs)
        for table, rows in others.items():
            insert(connection, table, rows)
        for number, item in enumerate(items, 1_000_000):
            row = {"id": number, "tenant_id": 1, "site_id": 1, "is_deleted": 0} | item
            insert(connection, row.pop("table"), [row])
    connection.close()
    return path


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    for row in rows:
        places = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", list(row.values()))


# Cases

Finding = tuple[str, int | None, int | None]
Page = tuple[int, int]


@dataclass(frozen=True)
class Case:
    """One site and what its payloads hold.

    Ids are the case's own, from 1. `overview`, `history` (of the first page of 20), `pages` and `detail` (by
    run_id) map dotted paths, such as `runs.0.run_number`, to values. `findings` are all there are, as
    (check, run, stage).
    """

    name: str
    runs: Sequence[Row] = ()
    items: Sequence[Row] = ()
    site: Row = field(default_factory=dict)
    has_site: bool = True
    overview: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[Page, Mapping[str, Any]] = field(default_factory=dict)
    detail: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    findings: set[Finding] | None = None


class Answers(Protocol):
    """What is asked of an implementation."""

    def overview(self, site: int) -> Mapping[str, Any]: ...
    def history(self, site: int, page: int, page_size: int) -> Mapping[str, Any]: ...
    def run(self, site: int, run_id: str) -> Mapping[str, Any]: ...
    def findings(self, site: int) -> list[tuple[str, str, int | None, str | None, int | None]]:
        """(check_name, severity, id, run_id, stage_number) of each finding of a site."""
        ...


SPACING = 1000  # ids of a case's rows start at its site's id times this


def write_cases(path: Path, cases: Sequence[Case]) -> Path:
    """One source of all cases; the site of the n-th has the id n."""
    sites, runs, rows = [], [], []
    for site_id, case in enumerate(cases, 1):
        if case.has_site:
            sites.append(site(site_id, f"https://www.case-{site_id}.example/") | case.site)
        for row in case.runs:
            runs.append(row | {"id": site_id * SPACING + row["id"], "site_id": site_id})
        for row in case.items:
            moved = {k: site_id * SPACING + row[k] for k in ("id", "content_id") if row.get(k) is not None}
            rows.append(row | {"site_id": site_id} | moved)
    return make_source(path, sites, runs, rows)


def differences(answers: Answers, site_id: int, case: Case) -> list[str]:
    """What an implementation says of a case that is not as computed by hand."""
    found: list[str] = []

    def compare(what: str, payload: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        for path, value in expected.items():
            got = at(payload, path)
            if got != value or isinstance(got, bool) != isinstance(value, bool):
                found.append(f"{what} {path}: {got!r}, by hand {value!r}")

    if case.overview:
        compare("overview", answers.overview(site_id), case.overview)
    for (page, page_size), expected in ({(1, 20): case.history} | dict(case.pages)).items():
        if expected:
            compare(f"history page {page}", answers.history(site_id, page, page_size), expected)
    for run_id, expected in case.detail.items():
        compare(run_id, answers.run(site_id, run_id), expected)
    if case.findings is not None:
        got = {
            (check, None if id_ is None else id_ - site_id * SPACING, stage)
            for check, _, id_, _, stage in answers.findings(site_id)
        }
        if got != case.findings:
            found.append(f"findings: too many {got - case.findings}, missing {case.findings - got}")
    return found


def at(payload: Any, path: str) -> Any:
    """The value at a dotted path; `*` collects over a list."""
    if not path:
        return payload
    step, _, rest = path.partition(".")
    if step == "*":
        return [at(entry, rest) for entry in payload]
    if step == "len":
        return len(payload)
    return at(payload[int(step)] if isinstance(payload, list) else payload[step], rest)
