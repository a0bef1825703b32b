"""Reads a SQLite source into plain objects: each value is a number, a text, None, or a finding."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
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
        return amount(spelled(value))
    raise Unparsable(value)


def spelled(value: float | str) -> str:
    """A number of a column as SQLite spells it: of a fraction fifteen digits, so that binary noise tips no tie."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


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


def signed_or_none(value: Any) -> Fraction | None:
    """The number in a column that may be below zero; None stays None."""
    if value is None:
        return None
    if not isinstance(value, int | float | str):
        raise Unparsable(value)
    text = spelled(value).strip(BLANKS)
    if not NUMERAL.fullmatch(text):
        raise Unparsable(value)
    size = amount(text.lstrip("+-"))
    return -size if text.startswith("-") else size


def measure_or_none(places: int) -> Callable[[Any], Fraction | None]:
    """How a column with a number of that many decimals reads; None stays None."""

    def read(value: Any) -> Fraction | None:
        if value is None:
            return None
        text = spelled(value).strip(BLANKS)
        if not isinstance(value, int | float | str) or not NUMERAL.fullmatch(text):
            raise Unparsable(value)
        return half_away(Fraction(Decimal(text)), places)

    return read


TRUE_WORDS = {"1", "1.0", "true", "t", "yes", "y", "on"}
FALSE_WORDS = {"0", "0.0", "false", "f", "no", "n", "off"}


def truth(value: Any) -> bool | None:
    """The truth value in a column; None stays None."""
    if value is None:
        return None
    text = str(value).strip(BLANKS).lower()
    if text not in TRUE_WORDS | FALSE_WORDS:
        raise Unparsable(value)
    return text in TRUE_WORDS


def switch_word(value: Any) -> bool | None:
    """The truth value of a setting, in fewer words; None stays None."""
    if value is not None and str(value).lower() not in {"1", "0", "t", "f", "true", "false"}:
        raise Unparsable(value)
    return truth(value)


TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII)


def time_of_day(value: Any) -> str | None:
    """HH:MM:SS up to 24:00:00, as PostgreSQL has it, with its fraction but for zeros at the end; else None."""
    match = TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    fraction = (fraction or "").rstrip("0")
    if (
        int(minute) > 59
        or int(second or 0) > 59
        or (int(hour), *map(int, (minute, second or 0))) > (24, 0, 0)
    ):
        return None
    if int(hour) == 24 and fraction:
        return None
    return f"{int(hour):02}:{minute}:{second or '00'}" + (f".{fraction}" if fraction else "")


def utc_date(value: Any) -> date | None:
    """The UTC date of a timestamp text; None where it does not read."""
    try:
        moment = instant(value)
    except Unparsable:
        return None
    return moment.date() if moment else None


def whole(value: Any) -> int | None:
    """The integer in a column, None where there is none."""
    if isinstance(value, str) and (whole_number := re.fullmatch(r"([+-]?[0-9]{1,18})(\.0*)?", value)):
        return int(whole_number[1])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, int) else None


def whole_or_none(value: Any) -> int | None:
    """The integer in a column; None stays None."""
    if value is not None and whole(value) is None:
        raise Unparsable(value)
    return whole(value)


def plain_text(value: Any) -> str | None:
    return None if value is None or isinstance(value, bytes) else str(value)


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
class Account:
    account_id: int
    name: str | None
    status: str | None
    credits: Fraction | None
    bonus_credits: Fraction | None
    plan_name: str | None
    plan_credits: Fraction | None
    is_deleted: bool


@dataclass(frozen=True)
class Settings:
    """The settings of a site's automation; limits, switches and batch sizes by stage."""

    is_enabled: bool | None
    frequency: str | None
    scheduled_time: str | None
    last_run_at: datetime | None
    next_run_at: datetime | None
    credit_limit: Fraction | None
    limits: dict[int, Fraction | None]
    is_on: dict[int, bool]
    batch_sizes: dict[int, Fraction | None]


@dataclass(frozen=True)
class Call:
    """A row of the ledger."""

    account_id: int | None
    site_id: int | None
    used_on: date
    operation: str
    credits: Fraction
    cost_usd: Fraction | None
    tokens_input: Fraction | None
    tokens_output: Fraction | None


@dataclass(frozen=True)
class Transaction:
    account_id: int | None
    made_on: date
    amount: Fraction


@dataclass(frozen=True)
class Site:
    site_id: int
    name: str
    domain: str | None
    account_id: int | None = None
    is_deleted: bool = False
    is_missing: bool = False

    @property
    def label(self) -> str:
        return self.domain or (self.name if self.name.strip(" ") else f"site {self.site_id}")


@dataclass(frozen=True)
class Finding:
    """Something in the source that is not as it should be."""

    check_name: str
    severity: str
    site_id: int | None
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
    is_skipped: bool = False
    is_partial: bool = False
    reason: str | None = None

    @property
    def name(self) -> str:
        return STAGES[self.number][0]


@dataclass(frozen=True)
class Run:
    site_id: int
    id: int
    account_id: int | None
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


@dataclass(frozen=True)
class Thresholds:
    """What the statistics take as many, recent, stale or unlike."""

    analyzed_runs: int = 10
    sufficient_runs: int = 3
    stale_after_hours: int = 24
    credits_window_days: int = 30
    duration_window_days: int = 7
    efficiency_threshold_pct: int = 5
    variance_threshold_pct: int = 20
    buffer_pct: int = 20


USUAL = Thresholds()


@dataclass(eq=False)
class Source:
    as_of: datetime
    sites: dict[int, Site] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    accounts: dict[int, Account] = field(default_factory=dict)
    settings: dict[int, Settings] = field(default_factory=dict)
    calls: list[Call] | None = None  # None: the source has no ledger
    transactions: list[Transaction] | None = None
    thresholds: Thresholds = USUAL


# Reading it


def load(path: str | Path, as_of: datetime | str, thresholds: Thresholds = USUAL) -> Source:
    """Everything that the statistics need from a SQLite source, as of an instant."""
    moment = as_of.astimezone(UTC) if isinstance(as_of, datetime) else instant(as_of)
    assert moment is not None
    source = Source(moment, thresholds=thresholds)
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.row_factory = sqlite3.Row
    try:
        read_accounts(source, connection)
        for row in rows_of(connection, "igny8_sites"):
            site_id = whole(row["id"])
            if site_id is not None:
                name = plain_text(row.get("name")) or ""
                is_deleted = checked(source, truth, row, "is_deleted", site_id=site_id)
                account_id = checked(source, whole_or_none, row, "tenant_id", site_id=site_id)
                checked(source, truth, row, "is_active", site_id=site_id)
                checked(source, instant, row, "created_at", site_id=site_id)
                domain = bare_domain(row.get("domain"))
                source.sites[site_id] = Site(site_id, name, domain, account_id, bool(is_deleted))
        for row in rows_of(connection, "igny8_automation_runs"):
            read_run(source, row)
        source.items += read_items(source, connection)
        read_settings(source, connection)
        read_ledger(source, connection)
        read_transactions(source, connection)
    finally:
        connection.close()
    used = (
        {run.site_id for run in source.runs} | {item.site_id for item in source.items} | set(source.settings)
    )
    used |= {call.site_id for call in source.calls or () if call.site_id is not None}
    for site_id in sorted(used - source.sites.keys()):
        runs = [(run.started_at, run.id, run.account_id) for run in source.runs if run.site_id == site_id]
        with_account = [run for run in runs if run[2] is not None]
        account_id = max(with_account)[2] if with_account else None
        source.sites[site_id] = Site(site_id, f"site {site_id}", None, account_id, is_missing=True)
        source.findings.append(Finding("missing_site", "warning", site_id))
    if source.calls is not None:
        source.calls = [of_its_site(source, call) for call in source.calls]
    return source


def of_its_site(source: Source, call: Call) -> Call:
    """A call without an account is one of its site's account."""
    if call.account_id is not None or call.site_id is None:
        return call
    return replace(call, account_id=source.sites[call.site_id].account_id)


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table; none where there is no such table."""
    if has_table(connection, table):
        yield from map(dict, connection.execute(f'select * from "{table}"'))


def has_table(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("select 1 from sqlite_master where name = ?", [table]).fetchone())


def checked(
    source: Source,
    read: Callable[[Any], Any],
    row: dict[str, Any],
    column: str,
    site_id: int | None = None,
    where: str = "",
) -> Any:
    """The value of a column; where it does not read, a finding and None."""
    try:
        return read(row.get(column))
    except Unparsable:
        source.findings.append(Finding("unparsable_value", "error", site_id, about=f"{where}{column}"))
        return None


def read_accounts(source: Source, connection: sqlite3.Connection) -> None:
    plans = {whole(row["id"]): row for row in rows_of(connection, "igny8_plans")}
    for row in rows_of(connection, "igny8_tenants"):
        account_id = whole(row["id"])
        if account_id is None:
            continue
        plan_id = checked(source, whole_or_none, row, "plan_id")
        plan = plans.get(plan_id, {}) if plan_id is not None else {}
        checked(source, instant, row, "created_at")
        source.accounts[account_id] = Account(
            account_id=account_id,
            name=plain_text(row.get("name")),
            status=plain_text(row.get("status")),
            credits=checked(source, signed_or_none, row, "credits"),
            bonus_credits=checked(source, signed_or_none, row, "bonus_credits"),
            plan_name=plain_text(plan.get("name")),
            plan_credits=checked(source, signed_or_none, plan, "included_credits"),
            is_deleted=bool(checked(source, truth, row, "is_deleted")),
        )


LIMITS = ("keywords", "clusters", "ideas", "tasks", "content", "images", "approvals")


def read_settings(source: Source, connection: sqlite3.Connection) -> None:
    """The settings of each site: of several rows that of the highest id, and a finding."""
    by_site: dict[int, list[dict[str, Any]]] = {}
    for row in rows_of(connection, "igny8_automation_configs"):
        site_id = whole(row["site_id"])
        if site_id is not None:
            by_site.setdefault(site_id, []).append(row)
    for site_id, rows in by_site.items():
        if len(rows) > 1:
            source.findings.append(Finding("repeated_settings", "warning", site_id))
        row = max(rows, key=lambda row: (whole(row["id"]) is not None, whole(row["id"]) or 0))

        def read(
            how: Callable[[Any], Any], column: str, site: int = site_id, of: dict[str, Any] = row
        ) -> Any:
            return checked(source, how, of, column, site)

        def limit(column: str) -> Fraction | None:
            value = read(signed_or_none, column)
            return value if value is not None and value > 0 else None

        def time_or_none(column: str, of: dict[str, Any] = row) -> datetime | None:
            try:
                return instant(of.get(column))
            except Unparsable:
                return None

        def switch(number: int) -> bool:
            value = read(switch_word, f"stage_{number}_enabled")
            return True if value is None else value

        source.settings[site_id] = Settings(
            is_enabled=read(switch_word, "is_enabled"),
            frequency=plain_text(row.get("frequency")),
            scheduled_time=time_of_day(row.get("scheduled_time")),
            last_run_at=time_or_none("last_run_at"),
            next_run_at=time_or_none("next_run_at"),
            credit_limit=limit("max_credits_per_run"),
            limits={n: limit(f"max_{what}_per_run") for n, what in enumerate(LIMITS, 1)},
            is_on={n: switch(n) for n in STAGES},
            batch_sizes={n: read(signed_or_none, f"stage_{n}_batch_size") for n in list(STAGES)[:6]},
        )


def read_ledger(source: Source, connection: sqlite3.Connection) -> None:
    """The ledger's calls; a finding a column for all that do not read of a site, or of an account without one."""
    if not has_table(connection, "igny8_credit_usage_log"):
        return
    source.calls, unreadable = [], set()
    for row in rows_of(connection, "igny8_credit_usage_log"):
        account_id, site_id, used_on = (
            whole(row["tenant_id"]),
            whole(row.get("site_id")),
            utc_date(row["created_at"]),
        )
        is_of_nobody = (account_id is None and row["tenant_id"] is not None) or (
            site_id is None and row.get("site_id") is not None
        )
        if used_on is None or is_of_nobody:
            continue
        try:
            credits = signed_or_none(row["credits_used"]) or Fraction(0)
        except Unparsable:
            unreadable.add((site_id, account_id if site_id is None else None, "credits_used"))
            credits = Fraction(0)
        operation = plain_text(row.get("operation_type")) or ""
        measures: dict[str, Fraction | None] = {}
        for name, places in (("cost_usd", 9), ("tokens_input", 0), ("tokens_output", 0)):
            try:
                measures[name] = measure_or_none(places)(row.get(name))
            except Unparsable:
                unreadable.add((site_id, account_id if site_id is None else None, name))
                measures[name] = None
        source.calls.append(Call(account_id, site_id, used_on, operation, credits, **measures))
    source.findings += [Finding("unparsable_value", "error", site_id) for site_id, *_ in unreadable]


def read_transactions(source: Source, connection: sqlite3.Connection) -> None:
    if not has_table(connection, "igny8_credit_transactions"):
        return
    source.transactions, unreadable = [], set()
    for row in rows_of(connection, "igny8_credit_transactions"):
        account_id, made_on = whole(row["tenant_id"]), utc_date(row["created_at"])
        if made_on is None or (account_id is None and row["tenant_id"] is not None):
            continue
        try:
            source.transactions.append(
                Transaction(account_id, made_on, signed_or_none(row["amount"]) or Fraction(0))
            )
        except Unparsable:
            unreadable.add(account_id)
            source.transactions.append(Transaction(account_id, made_on, Fraction(0)))
    source.findings += [Finding("unparsable_value", "error", None) for _ in unreadable]


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

    def account() -> int | None:
        try:
            return whole_or_none(row.get("tenant_id"))
        except Unparsable as problem:
            return found(problem, key="tenant_id")

    def current_stage() -> int | None:
        try:
            return whole_or_none(row.get("current_stage"))
        except Unparsable as problem:
            return found(problem, key="current_stage")

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

        def is_true(key: str) -> bool:
            value = result.get(key)
            if isinstance(value, JsonNumber):
                return float(value) == 1
            return value.lower() == "true" if isinstance(value, str) else value is True

        def reason() -> str | None:
            value = result.get("reason")
            is_text = isinstance(value, str) and not isinstance(value, JsonNumber)
            return value if is_text and not is_blank(value) else None

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
            is_skipped=is_true("skipped"),
            is_partial=is_true("partial"),
            reason=reason(),
        )

    source.runs.append(
        Run(
            site_id=site_id,
            id=id_,
            account_id=account(),
            run_id=run_id,
            status=status,
            trigger_type=plain_text(row.get("trigger_type")),
            current_stage=current_stage(),
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


ITEM_TABLES = {
    "keywords": "igny8_keywords",
    "clusters": "igny8_clusters",
    "ideas": "igny8_content_ideas",
    "tasks": "igny8_tasks",
    "content": "igny8_content",
    "images": "igny8_images",
}


def read_items(source: Source, connection: sqlite3.Connection) -> Iterator[Item]:
    """The items that count; a finding a site and flag for all that are no known word, which then is not set."""
    odd: set[tuple[int, str, str]] = set()

    def is_set(row: dict[str, Any], column: str) -> bool:
        try:
            return bool(truth(row.get(column)))
        except Unparsable:
            return False

    def counted(table: str) -> Iterator[dict[str, Any]]:
        for row in rows_of(connection, table):
            if not is_set(row, "is_deleted") and not is_set(row, "disabled"):
                yield row

    illustrated = {id_key(row["content_id"]) for row in counted("igny8_images")}
    for entity, table in ITEM_TABLES.items():
        for row in counted(table):
            site_id = whole(row["site_id"])
            if site_id is None:
                continue
            for column in ("is_deleted", "disabled"):
                try:
                    truth(row.get(column))
                except Unparsable:
                    odd.add((site_id, table, column))
            has_image, has_cluster = id_key(row["id"]) in illustrated, row.get("cluster_id") is not None
            is_attached = has_image if entity == "content" else has_cluster
            status, site_status = plain_text(row["status"]), plain_text(row.get("site_status"))
            yield Item(entity, site_id, status or "", site_status, is_attached)
    source.findings += [
        Finding("unparsable_value", "error", site_id, about=f"{table}.{column}")
        for site_id, table, column in sorted(odd)
    ]


def id_key(value: Any) -> Any:
    """An id as it compares with others: 7, 7.0 and the texts of both are one."""
    number = whole(value.strip(BLANKS) if isinstance(value, str) else value)
    return str(value) if number is None and value is not None else number


def resolve_site(source: Source, site: int | str) -> int:
    """The id of a site named by id or domain; LookupError if there is none, or are several."""
    number = whole(site)
    if number in source.sites:
        assert number is not None
        return number
    domain = bare_domain(site)
    named = [s for s in source.sites.values() if domain and s.domain == domain and not s.is_deleted]
    same = sorted(s.site_id for s in named if is_live(source, s)) or sorted(s.site_id for s in named)
    if len(same) != 1:
        raise LookupError(f"{site}: {same}")
    return same[0]


def is_live(source: Source, site: Site) -> bool:
    """Whether neither the site nor its account is deleted."""
    owner = source.accounts.get(site.account_id) if site.account_id is not None else None
    return not site.is_deleted and not (owner and owner.is_deleted)
