"""What needs someone, as rows of the view `alerts`; posting them to an address, and what was delivered so."""

import errno
import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from igny8_analysis.errors import PostError
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.etl.files import open_regular, read_text, sweep, whole
from igny8_analysis.stages import with_label
from igny8_analysis.text import counted, one_line

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

Row = dict[str, Any]

SEVERITIES = ("error", "warning", "info")
MAX_AGE_HOURS = 26
POST_SECONDS = 10
POST_TRIES = 3
PAUSE_SECONDS = 1
MOST_IN_TEXT = 20
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
DELIVERED = "alerts_posted.json"
LOCK = "alerts.lock"
LOCK_SECONDS = 5
NO_SPACE = "\u200b"
AGAIN_SECONDS = 0.05

_ACTS_IN_MARKDOWN = re.compile(r"(?<=@)(?=\w)|(?<=\])(?=\()")

_ROWS = """
select alert, severity, account_id, site_id, id, run_id, stage_number, since, message, alert_key, is_new
from alerts
where ($site_id is null or site_id = $site_id) and ($account_id is null or account_id = $account_id)
order by severity_rank, account_id, site_id, alert, run_id, stage_number, alert_key
"""


def alerts(
    warehouse: "Warehouse",
    site: int | str | None = None,
    account: int | str | None = None,
    severity: str = "info",
    max_age: float = MAX_AGE_HOURS,
    now: datetime | None = None,
) -> list[Row]:
    """The alerts of all, of a site or of an account, those at least so severe, the worst first.

    Where the data is more than `max_age` hours old by the clock (`now`), a row `load_late` says so; it is new.
    Raises SiteNotFound, AmbiguousSite and AccountNotFound.
    """
    keys = {
        "site_id": None if site is None else warehouse.resolve_site(site),
        "account_id": None if account is None else warehouse.resolve_account(account),
    }
    rows = warehouse.rows(_ROWS, keys)
    age = (now or datetime.now(UTC)) - warehouse.as_of
    if age.total_seconds() > 3600 * max_age:
        rows.append(_late(warehouse, age))
        rows.sort(key=lambda row: SEVERITIES.index(row["severity"]))
    return [row for row in rows if SEVERITIES.index(row["severity"]) <= SEVERITIES.index(severity)]


def _late(warehouse: "Warehouse", age: timedelta) -> Row:
    hours = int(age / timedelta(hours=1))
    told = counted(hours, "hour") if hours < 72 else f"{hours // 24} days"
    return {
        "alert": "load_late", "severity": "warning", "account_id": None, "site_id": None, "id": None,
        "run_id": None, "stage_number": None, "since": warehouse.as_of,
        "message": f"The data is {told} old: no load since {warehouse.as_of:%Y-%m-%d %H:%M} UTC has succeeded",
        "alert_key": "load_late:::", "is_new": True,
    }  # fmt: skip


@dataclass(frozen=True)
class Posted:
    """Keys of the alerts that were posted, by version, and of those new ones, of any, that could not be."""

    delivered: dict[str, frozenset[str]] = field(default_factory=dict)
    owed: frozenset[str] = frozenset()

    def asks_for(self, row: Row, version: str) -> bool:
        """Whether an alert of the version is new, or was when its post failed, and no post has delivered it since."""
        key = row["alert_key"]
        return key not in self.delivered.get(version, ()) and (row["is_new"] or key in self.owed)


def posted(warehouse: "Warehouse") -> Posted:
    """What is noted of the posts."""
    try:
        told = json.loads(read_text(_file(warehouse)))
        delivered = {version: frozenset(keys) for version, keys in told["delivered"].items()}
        return Posted(delivered, frozenset(told["owed"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Posted()


def deliver(warehouse: "Warehouse", rows: list[Row], body: bytes, address: str, *, is_owed: bool) -> None:
    """Post the body, which tells of the rows, and note them as delivered; where that fails and `is_owed`, as owed.

    Raises PostError, and OSError where what was posted cannot be noted.
    """
    try:
        post(address, body)
    except (PostError, KeyboardInterrupt) as failure:
        if is_owed:
            try:
                remember(warehouse, rows, is_delivered=False)
            except OSError as error:
                if isinstance(failure, PostError):
                    raise PostError(
                        f"{failure}, nor as owed ({error.strerror}): after the next load --new leaves them out"
                    ) from failure
        raise
    remember(warehouse, rows, is_delivered=True)


def remember(warehouse: "Warehouse", rows: list[Row], *, is_delivered: bool) -> None:
    """Note the rows as delivered for this version, or as owed. Raises OSError where that cannot be written.

    What was delivered for other versions stays as long as they do: one may be chosen again.
    """
    file, keys = _file(warehouse), {row["alert_key"] for row in rows}
    sweep(file.parent)
    with _alone_in(file.parent):
        before = posted(warehouse)
        delivered = {
            version: sorted(told)
            for version, told in before.delivered.items()
            if (warehouse.path.parent / version).is_dir()
        }
        if is_delivered:
            delivered[warehouse.version] = sorted({*delivered.get(warehouse.version, ()), *keys})
        owed = before.owed - keys if is_delivered else before.owed | keys
        noted = {"delivered": delivered, "owed": sorted(owed)}
        with whole(file) as opened:
            opened.write(json.dumps(noted, indent=2).encode())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process notes anything there: what it notes is not written over. Raises OSError."""
    descriptor = open_regular(folder / LOCK, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW)
    end = time.monotonic() + LOCK_SECONDS
    try:
        while not _is_locked(descriptor):
            if time.monotonic() > end:
                raise OSError(errno.EAGAIN, f"another process holds {LOCK}")
            time.sleep(AGAIN_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file(warehouse: "Warehouse") -> Path:
    return warehouse.path.parents[1] / DELIVERED


def message_of(rows: list[Row]) -> dict[str, Any]:
    """The rows as chat webhooks take them: a text of the worst, a line each, and every row beside it.

    What mentions someone or links in a chat (`<!channel>`, `@all`, `[a](b)`) is in the text as its characters.
    """
    lines = [
        f"{row['severity']}: {_inert_in_chat(one_line(row['message']))}"
        for row in map(with_label, rows[:MOST_IN_TEXT])
    ]
    if len(rows) > MOST_IN_TEXT:
        lines.append(f"and {len(rows) - MOST_IN_TEXT} more")
    return {"text": "\n".join(lines), "alerts": rows}


def _inert_in_chat(text: str) -> str:
    return _ACTS_IN_MARKDOWN.sub(NO_SPACE, escape(text, quote=False))


def check_address(address: str) -> None:
    """Raise UsageError for what is no http(s) address; it is not told."""
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not address.isprintable() or " " in address or "@" in parts.netloc:
        raise UsageError(
            "the address to post to must be http(s)://host[:port]/…, without a user's name in it"
        )


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """No redirect is followed: the answer is an HTTPError."""


def post(address: str, body: bytes, seconds: float = POST_SECONDS, pause: float = PAUSE_SECONDS) -> None:
    """Post the JSON to the address, up to three times, each of `seconds` at most.

    Again only after time-outs, refusals, 429 and 5xx. Raises UsageError for what is no address, and PostError.
    """
    check_address(address)
    for attempt in range(1, POST_TRIES + 1):
        reason, is_final = _try(address, body, seconds)
        if reason is None:
            return
        if is_final or attempt == POST_TRIES:
            tries = "" if attempt == 1 else f", tried {attempt} times"
            raise PostError(f"the alerts were not posted: {reason}{tries}; nothing is noted as delivered")
        time.sleep(pause * attempt)


def _try(address: str, body: bytes, seconds: float) -> tuple[str | None, bool]:
    """Why the post failed (None: it did not), and whether that is for good. A thread, so that `seconds` are all."""
    results: list[tuple[str | None, bool]] = []
    thread = threading.Thread(target=lambda: results.append(_send(address, body, seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else (f"no answer within {seconds:g} s", False)


def _send(address: str, body: bytes, seconds: float) -> tuple[str | None, bool]:
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "igny8-analysis"}
    request = Request(address, data=body, headers=headers, method="POST")
    send = build_opener(_NoRedirects).open
    try:
        send(request, timeout=seconds).close()
    except HTTPError as error:
        error.close()
        if error.code < 400:
            return f"the address redirects ({error.code}), which is not followed", True
        return f"the answer was {error.code}", error.code != TOO_MANY_REQUESTS and error.code < SERVER_ERROR
    except TimeoutError:
        return f"no answer within {seconds:g} s", False
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            return f"no answer within {seconds:g} s", False
        return _in_words(reason)
    return None, True


def _in_words(reason: object) -> tuple[str, bool]:
    match reason:
        case ConnectionRefusedError():
            return "the connection was refused", False
        case ConnectionError() | HTTPException():
            return "the connection broke", True  # it may have been delivered
        case OSError() if "certificate" in str(reason).lower():
            return "its certificate is not to be trusted", True
        case OSError():
            return "its host cannot be reached", True
    return "the address cannot be used", True
