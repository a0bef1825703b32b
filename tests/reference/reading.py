"""Reads a SQLite source into plain objects: each value is a number, a text, None, or a finding."""

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

STAGES = {
    1: ("Keyword Clustering", "keywords_processed", "clusters_created"),
    2: ("Idea Generation", "clusters_processed", "ideas_created"),
    3: ("Task Creation", "ideas_processed", "tasks_created"),
    4: ("Content Writing", "tasks_processed", "content_created"),
    5: ("Image Prompts", "content_processed", "prompts_created"),
    6: ("Image Generation", "images_processed", "images_generated"),
    7: ("Review", "ready_for_review", None),
}
SHARED_KEYS = {
    "credits_used", "time_elapsed", "batches", "total_words", "error", "skipped", "partial", "reason",
}  # fmt: skip
STATUSES = {
    "keywords": {"new", "mapped", "used", "pending", "active", "archived"},
    "clusters": {"new", "mapped", "draft", "complete", "active", "pending", "archived"},
    "ideas": {"new", "queued", "approved", "completed", "skipped", "scheduled", "published"},
    "tasks": {"queued", "processing", "completed", "failed", "pending", "in_progress", "cancelled"},
    "content": {"draft", "review", "approved", "published", "failed"},
    "content.site_status": {"not_published", "scheduled", "publishing", "published", "failed"},
    "images": {"pending", "generated", "failed"},
}
BLANKS = " \t\r\n"
LIMIT = 10**12


# Values


class JsonNumber(str):
    """A number of a JSON text, kept as it is spelled there."""


class NotANumber:
    """A NaN or Infinity of a JSON text: no JSON at all, but written by some."""


class Unparsable(Exception):  # noqa: N818 (it is a finding, no error)
    """The value cannot be read as what it should be."""


class Negative(Exception):  # noqa: N818 (it is a finding, no error)
    """The value is a number below zero where there can be none."""


NUMERAL = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")


def half_away(value: Fraction, places: int) -> Fraction:
    """The nearest number of that many decimals; a tie goes away from zero."""
    steps = int(abs(value) * 10**places + Fraction(1, 2))
    return Fraction(steps if value >= 0 else -steps, 10**places)


def amount(text: str) -> Fraction:
    """The number that a text spells, with six decimals, not negative and below a million millions."""
    spelled = NUMERAL.fullmatch(text.strip(BLANKS))
    if spelled is None:
        raise Unparsable(text)
    sign, mantissa, exponent = spelled.groups()
    if not mantissa.strip("0."):
        return Fraction(0)
    if sign == "-":
        raise Negative(text)
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    size = Decimal(exponent or 0) - len(decimals) + len(digits)  # the value is below 10**size
    if size > 13:
        raise Unparsable(text)
    if size < -7:
        return Fraction(0)
    value = half_away(Fraction(Decimal(digits)) * Fraction(10) ** int(size - len(digits)), 6)
    if value >= LIMIT:
        raise Unparsable(text)
    return value


def json_amount(value: Any) -> Fraction:
    """The number that a value of a JSON object stands for; None is 0."""
    if value is None:
        return Fraction(0)
    if isinstance(value, str):
        return amount(value)
    raise Unparsable(value)


def column_amount(value: Any) -> Fraction:
    """The number in a numeric column, where SQLite may hold anything."""
    if isinstance(value, int | float | str):
        return amount(str(value))
    raise Unparsable(value)


INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?: ?(?:Z|([+-])(\d\d)(?::?(\d\d))?))?",
    re.ASCII,
)


def instant(value: Any) -> datetime | None:
    """The UTC instant of a timestamp text; None stays None."""
    if value is None:
        return None
    match = INSTANT.fullmatch(value.strip(BLANKS)) if isinstance(value, str) else None
    if match is None:
        raise Unparsable(value)
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    microsecond = int(((fraction or "") + "000000")[:6])
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond, UTC
        )
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        raise Unparsable(value) from None


ELAPSED = re.compile(r"([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])")


def elapsed_seconds(value: Any) -> int | None:
    """The seconds of an HH:MM:SS text; None stays None."""
    if value is None:
        return None
    is_text = isinstance(value, str) and not isinstance(value, JsonNumber)
    match = ELAPSED.fullmatch(value) if is_text else None
    if match is None:
        raise Unparsable(value)
    hours, minutes, seconds = map(int, match.groups())
    return hours * 3600 + minutes * 60 + seconds


def whole(value: Any) -> int | None:
    """The integer in a column, None where there is none."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) else None


def plain_text(value: Any) -> str | None:
    return None if value is None or isinstance(value, bytes) else str(value)


def flag(value: Any) -> bool:
    return value not in (None, 0, "", "0", "f", "false")


def json_value(value: Any, **options: Any) -> Any:
    """What a JSON text says; the last of a repeated key counts."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    try:
        return json.loads(text, **options)
    except (ValueError, RecursionError):
        raise Unparsable(value) from None


def json_object(value: Any) -> dict[str, Any]:
    """The object of a JSON text with its numbers as they are spelled; None is an empty one."""
    if value is None:
        return {}
    parsed = json_value(
        value, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=lambda _: NotANumber()
    )
    if not isinstance(parsed, dict):
        raise Unparsable(value)
    return parsed


def bare_domain(value: Any) -> str | None:
    """Lower case, without scheme, www. and trailing slash; None where nothing is left."""
    text = str(value or "").strip().lower()
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text)
    return text.removeprefix("www.").rstrip("/") or None


def is_blank(text: str | None) -> bool:
    return not (text or "").strip(BLANKS)


# What a source holds


@dataclass(frozen=True)
class Site:
    site_id: int
    name: str
    domain: str | None
    is_missing: bool = False

    @property
    def label(self) -> str:
        return self.domain or (self.name if self.name.strip(" ") else f"site {self.site_id}")


@dataclass(frozen=True)
class Finding:
    """Something in the source that is not as it should be."""

    check_name: str
    severity: str
    site_id: int
    id: int | None = None
    run_id: str | None = None
    stage_number: int | None = None
    about: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a run, as its result says."""

    number: int
    processed: Fraction
    created: Fraction
    credits: Fraction
    seconds: int | None
    error: str
    is_empty: bool

    @property
    def name(self) -> str:
        return STAGES[self.number][0]


@dataclass(frozen=True)
class Run:
    site_id: int
    id: int
    run_id: str
    status: str
    trigger_type: str | None
    current_stage: int | None
    started_at: datetime
    completed_at: datetime | None
    paused_at: datetime | None
    resumed_at: datetime | None
    cancelled_at: datetime | None
    credits: Fraction
    snapshot: Any
    error_message: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Item:
    """One keyword, cluster, idea, task, content or image that exists and is not disabled."""

    entity: str
    site_id: int
    status: str
    site_status: str | None
    is_attached: bool  # a keyword with a cluster, a content with an image


@dataclass(eq=False)
class Source:
    as_of: datetime
    sites: dict[int, Site] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


# Reading it


def load(path: str | Path, as_of: datetime | str) -> Source:
    """Everything that the statistics need from a SQLite source, as of an instant."""
    moment = as_of.astimezone(UTC) if isinstance(as_of, datetime) else instant(as_of)
    assert moment is not None
    source = Source(moment)
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.row_factory = sqlite3.Row
    try:
        for row in rows_of(connection, "igny8_sites"):
            site_id = whole(row["id"])
            if site_id is not None:
                name = plain_text(row.get("name")) or ""
                source.sites[site_id] = Site(site_id, name, bare_domain(row.get("domain")))
        for row in rows_of(connection, "igny8_automation_runs"):
            read_run(source, row)
        source.items += read_items(connection)
    finally:
        connection.close()
    used = {run.site_id for run in source.runs} | {item.site_id for item in source.items}
    for site_id in sorted(used - source.sites.keys()):
        source.sites[site_id] = Site(site_id, f"site {site_id}", None, is_missing=True)
        source.findings.append(Finding("missing_site", "warning", site_id))
    return source


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table that are not soft-deleted; none where there is no such table."""
    known = connection.execute("select 1 from sqlite_master where name = ?", [table]).fetchone()
    for row in connection.execute(f'select * from "{table}"') if known else ():
        record = dict(row)
        if not flag(record.get("is_deleted")):
            yield record


def read_run(source: Source, row: dict[str, Any]) -> None:
    """Adds a run and its findings; a row without what every run needs does not exist."""
    try:
        started_at = instant(row["started_at"])
    except Unparsable:
        return
    id_, site_id = whole(row["id"]), whole(row["site_id"])
    run_id, status = plain_text(row["run_id"]), plain_text(row["status"])
    if id_ is None or site_id is None or run_id is None or status is None or started_at is None:
        return

    def found(problem: Exception, stage: int | None = None, key: str = "") -> None:
        check_name = "negative_value" if isinstance(problem, Negative) else "unparsable_value"
        source.findings.append(Finding(check_name, "error", site_id, id_, run_id, stage, key))

    def optional_instant(column: str) -> datetime | None:
        try:
            return instant(row.get(column))
        except Unparsable as problem:
            return found(problem, key=column)

    def total_credits() -> Fraction:
        try:
            return column_amount(row["total_credits_used"])
        except (Negative, Unparsable) as problem:
            found(problem, key="total_credits_used")
            return Fraction(0)

    def snapshot() -> Any:
        text = row.get("initial_snapshot")
        if text is None:
            return None
        try:
            shown = json_value(text, parse_constant=lambda _: None)
            counts = json_object(text) if isinstance(shown, dict) else {}
        except Unparsable as problem:
            return found(problem, key="initial_snapshot")
        for number in STAGES:
            try:
                json_amount(counts.get(f"stage_{number}_initial"))
            except (Negative, Unparsable) as problem:
                found(problem, number, f"stage_{number}_initial")
        return shown

    def stage(number: int) -> Stage:
        try:
            result = json_object(row[f"stage_{number}_result"])
        except Unparsable as problem:
            found(problem, number)
            result = {}

        def number_of(key: str | None) -> Fraction:
            try:
                return json_amount(result.get(key)) if key else Fraction(0)
            except (Negative, Unparsable) as problem:
                found(problem, number, str(key))
                return Fraction(0)

        def seconds() -> int | None:
            try:
                return elapsed_seconds(result.get("time_elapsed"))
            except Unparsable as problem:
                return found(problem, number, "time_elapsed")

        def error() -> str:
            value = result.get("error")
            if value is None:
                return ""
            if not isinstance(value, str) or isinstance(value, JsonNumber):
                found(Unparsable(), number, "error")
                return ""
            return "" if is_blank(value) else value

        _, processed_key, created_key = STAGES[number]
        for key in result.keys() - SHARED_KEYS - {processed_key, created_key}:
            source.findings.append(Finding("unknown_result_key", "info", site_id, id_, run_id, number, key))
        if number == 1:
            number_of("batches")
        if number == 4:
            number_of("total_words")
        return Stage(
            number=number,
            processed=number_of(processed_key),
            created=number_of(created_key),
            credits=number_of("credits_used"),
            seconds=seconds(),
            error=error(),
            is_empty=not result,
        )

    source.runs.append(
        Run(
            site_id=site_id,
            id=id_,
            run_id=run_id,
            status=status,
            trigger_type=plain_text(row.get("trigger_type")),
            current_stage=whole(row.get("current_stage")),
            started_at=started_at,
            completed_at=optional_instant("completed_at"),
            paused_at=optional_instant("paused_at"),
            resumed_at=optional_instant("resumed_at"),
            cancelled_at=optional_instant("cancelled_at"),
            credits=total_credits(),
            snapshot=snapshot(),
            error_message=plain_text(row.get("error_message")) or "",
            stages=tuple(stage(number) for number in STAGES),
        )
    )


def read_items(connection: sqlite3.Connection) -> Iterator[Item]:
    illustrated = {row["content_id"] for row in rows_of(connection, "igny8_images")}
    tables = {
        "keywords": "igny8_keywords",
        "clusters": "igny8_clusters",
        "ideas": "igny8_content_ideas",
        "tasks": "igny8_tasks",
        "content": "igny8_content",
        "images": "igny8_images",
    }
    for entity, table in tables.items():
        for row in rows_of(connection, table):
            site_id = whole(row["site_id"])
            if site_id is None or (entity in ("keywords", "clusters", "ideas") and flag(row.get("disabled"))):
                continue
            has_image, has_cluster = row["id"] in illustrated, row.get("cluster_id") is not None
            is_attached = has_image if entity == "content" else has_cluster
            status, site_status = plain_text(row["status"]), plain_text(row.get("site_status"))
            yield Item(entity, site_id, status or "", site_status, is_attached)


def resolve_site(source: Source, site: int | str) -> int:
    """The id of a site named by id or domain; LookupError if there is none, or are several."""
    number = whole(site)
    if number in source.sites:
        assert number is not None
        return number
    domain = bare_domain(site)
    same = sorted(s.site_id for s in source.sites.values() if domain and s.domain == domain)
    if len(same) != 1:
        raise LookupError(f"{site}: {same}")
    return same[0]
