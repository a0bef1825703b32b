"""`igny8 alerts`: what it prints, and posting to a real server that is slow, refuses, redirects or fails."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from igny8_analysis import Warehouse, alerts, connect
from igny8_analysis.cli import cli
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.load import load
from tests.cases import items, make_source, run, site
from tests.command import igny8
from tests.trust.processes import IGNY8

SECRET = "s3cr3t-path"


NO_ANSWER = 0
"""Instead of a status: the connection is closed once the body was read."""


class Hook:
    """A server on loopback: `answers` are its next statuses (the last one stays), `bodies` what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = [200]
        self.bodies: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.asked = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(hook.seconds)
                status = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
                if status == NO_ANSWER:
                    self.close_connection = True
                    return
                if status == 200:
                    hook.bodies.append(json.loads(body))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between here and loopback."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(scope="module")
def loaded_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of this very instant with two failed runs, of two sites."""
    folder = tmp_path_factory.mktemp("alerts")
    started = datetime.now(UTC) - timedelta(hours=3)
    runs = [run(n * 10, started, site_id=n, status="failed", current_stage=4) for n in (1, 2)]
    source = make_source(folder / "s.sqlite", [site(1, "one.example"), site(2, "two.example")], runs)
    load(f"sqlite:///{source}", folder / "data")
    return folder / "data"


@pytest.fixture
def warehouse_of_now(loaded_now: Path, tmp_path: Path) -> Path:
    """A copy of it, in which nothing was posted yet."""
    return shutil.copytree(loaded_now, tmp_path / "data")


def ask(directory: Path, *arguments: str, **environment: str) -> Result:
    command = ["alerts", *arguments, "--warehouse", str(directory)]
    return CliRunner().invoke(cli, command, env=environment or None)


def test_rows_in_every_format(warehouse_of_now: Path) -> None:
    rows = json.loads(ask(warehouse_of_now, "--format", "json").stdout)
    assert [(row["alert"], row["site_id"], row["is_new"]) for row in rows] == [
        ("run_failed", 1, True), ("run_failed", 2, True)
    ]  # fmt: skip
    assert "one.example #1 failed" in ask(warehouse_of_now).stdout
    header, *lines = ask(warehouse_of_now, "--format", "csv").stdout.splitlines()
    assert header.startswith('"alert","severity","account_id","site_id"')
    assert len(lines) == 2


def test_a_sites_output_holds_no_other_sites(warehouse_of_now: Path) -> None:
    told = ask(warehouse_of_now, "one.example").stdout
    assert "one.example" in told
    assert "two.example" not in told
    assert json.loads(ask(warehouse_of_now, "--account", "1", "--format", "json").stdout) == json.loads(
        ask(warehouse_of_now, "--format", "json").stdout
    )


def test_severity_strict_and_none(warehouse_of_now: Path) -> None:
    assert ask(warehouse_of_now, "--strict").exit_code == 1
    assert ask(warehouse_of_now).exit_code == 0
    none = ask(warehouse_of_now, "999", "--strict")
    assert none.exit_code != 0  # there is no such site
    assert ask(warehouse_of_now, "one.example", "--account", "1").exit_code != 0


def test_load_late_is_by_the_clock_of_who_asks(demo: Warehouse) -> None:
    def late(hours: float, **options: Any) -> list[dict[str, Any]]:
        now = demo.as_of + timedelta(hours=hours)
        return [row for row in alerts.alerts(demo, now=now, **options) if row["alert"] == "load_late"]

    assert late(26) == []
    ((row),) = late(26.1)
    assert (row["severity"], row["since"]) == ("warning", demo.as_of)
    assert row["message"].startswith("The data is 26 hours old")
    assert late(2.5, max_age=2)[0]["message"].startswith("The data is 2 hours old")
    assert late(30, severity="error") == []


def test_words_of_the_source_forge_no_line_of_a_chat(hook: Hook) -> None:
    hostile = "one\nerror: two \u2028<!channel> <https://x.example|pay> & \u202eend @all ![](//x.example)"
    row = {"severity": "error", "message": f"{hostile} failed"}
    alerts.post(hook.url, json.dumps(alerts.message_of([row, row]), default=str).encode())
    (body,) = hook.bodies
    said = (
        "error: one error: two  &lt;!channel&gt; &lt;https://x.example|pay&gt; &amp; \\u202eend "
        "@\u200ball ![]\u200b(//x.example) failed"
    )
    assert body["text"].split("\n") == [said, said]
    assert body["alerts"][0]["message"] == row["message"]


def test_a_post_is_one_json_and_is_remembered(warehouse_of_now: Path, hook: Hook) -> None:
    result = ask(warehouse_of_now, "--new", "--post", hook.url)
    assert result.exit_code == 0, result.output
    (body,) = hook.bodies
    assert body["text"].splitlines()[0] == "error: one.example #1 failed at Content Writing"
    assert [row["alert_key"] for row in body["alerts"]] == ["run_failed:1:1:10", "run_failed:1:2:20"]
    again = ask(warehouse_of_now, "--new", "--post", hook.url)
    assert (again.exit_code, len(hook.bodies)) == (0, 1)
    assert "Nothing new needs anyone" in again.stdout
    everything = "".join(
        file.read_text(encoding="utf-8", errors="replace")
        for file in warehouse_of_now.glob("*")
        if file.is_file()
    )
    assert SECRET not in everything + result.output


@pytest.mark.parametrize("what", ["fifo", "link", "nested"])
def test_what_lies_where_posts_are_noted(
    warehouse_of_now: Path, hook: Hook, tmp_path: Path, what: str
) -> None:
    """Nobody waits for it, nothing is written through it, and nothing of it is believed."""
    noted, theirs = warehouse_of_now / "alerts_posted.json", tmp_path / "theirs"
    theirs.write_text("mine", encoding="utf-8")
    if what == "fifo":
        os.mkfifo(noted)
    elif what == "link":
        noted.symlink_to(theirs)
    else:
        noted.write_text("[" * 100_000, encoding="utf-8")
    result = ask(warehouse_of_now, "--new", "--post", hook.url)
    assert (result.exit_code, len(hook.bodies)) == (0, 1)
    assert ("could not be noted" in result.output) == (what == "fifo")
    assert theirs.read_text(encoding="utf-8") == "mine"
    assert noted.is_fifo() or json.loads(noted.read_text(encoding="utf-8"))["delivered"]
    assert list(warehouse_of_now.glob(".*")) == []


def test_what_no_post_delivered_is_posted_next_time(warehouse_of_now: Path, hook: Hook) -> None:
    hook.answers = [404]
    assert isinstance(ask(warehouse_of_now, "--new", "--post", hook.url).exception, alerts.PostError)
    hook.answers = [200]
    assert ask(warehouse_of_now, "two.example", "--new", "--post", hook.url).exit_code == 0
    assert ask(warehouse_of_now, "--new", "--post", hook.url).exit_code == 0
    assert [len(body["alerts"]) for body in hook.bodies] == [1, 1]


def test_what_a_post_failed_to_deliver_is_posted_after_later_loads(
    warehouse_of_now: Path, hook: Hook, tmp_path: Path
) -> None:
    started = datetime.now(UTC) - timedelta(hours=3)
    failed, mended = (run(n * 10, started, site_id=n, status="failed", current_stage=4) for n in (1, 2))
    mended |= {"status": "completed"}
    source = make_source(
        tmp_path / "s.sqlite", [site(1, "one.example"), site(2, "two.example")], [failed, mended]
    )
    hook.answers = [404]
    assert isinstance(ask(warehouse_of_now, "--new", "--post", hook.url).exception, alerts.PostError)
    for _ in range(2):
        load(f"sqlite:///{source}", warehouse_of_now)
    hook.answers = [200]
    assert "one.example #1 failed" in ask(warehouse_of_now, "--new").stdout
    for _ in range(2):
        assert ask(warehouse_of_now, "--new", "--post", hook.url).exit_code == 0
        load(f"sqlite:///{source}", warehouse_of_now)
    assert [[row["alert_key"] for row in body["alerts"]] for body in hook.bodies] == [["run_failed:1:1:10"]]


def test_a_version_that_is_chosen_again_is_not_posted_again(warehouse_of_now: Path, hook: Hook) -> None:
    """What was posted for it, a rollback between does not forget; what goes with a version does."""
    source = make_source(
        warehouse_of_now / "s.sqlite", [site(1, "one.example")], items=items("images", "failed")
    )
    first = connect(warehouse_of_now).version
    second = load(f"sqlite:///{source}", warehouse_of_now).version
    for version in (second, first, second):
        assert igny8("versions", "--use", version, "--warehouse", warehouse_of_now).returncode == 0
        assert ask(warehouse_of_now, "--new", "--post", hook.url).exit_code == 0
    assert [[row["alert"] for row in body["alerts"]] for body in hook.bodies] == [
        ["items_failed"], ["run_failed", "run_failed"],
    ]  # fmt: skip
    load(f"sqlite:///{source}", warehouse_of_now, keep=1)
    with connect(warehouse_of_now) as warehouse:
        alerts.remember(warehouse, [], is_delivered=True)
        assert set(alerts.posted(warehouse).delivered) == {warehouse.version}


def test_what_two_posts_note_at_once_is_all_noted(
    warehouse_of_now: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = alerts.posted
    meet = threading.Barrier(2)

    def read_at_once(warehouse: Warehouse) -> alerts.Posted:
        told = read(warehouse)
        with suppress(threading.BrokenBarrierError):
            meet.wait(0.5)  # where one waits for the other they do not meet
        return told

    monkeypatch.setattr(alerts, "posted", read_at_once)
    with connect(warehouse_of_now) as warehouse, ThreadPoolExecutor(2) as both:
        noting = [
            both.submit(alerts.remember, warehouse, [{"alert_key": key}], is_delivered=False) for key in "ab"
        ]
        for note in noting:
            note.result()
        assert read(warehouse).owed == {"a", "b"}


@pytest.mark.parametrize("answer", [200, 404])
def test_what_is_new_is_posted_or_owed_where_nobody_reads_the_list(
    warehouse_of_now: Path, hook: Hook, answer: int
) -> None:
    hook.answers = [answer]
    reader, stdout = os.pipe()
    os.close(reader)
    command = [*IGNY8, "alerts", "--new", "--post", hook.url, "--warehouse", str(warehouse_of_now)]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    os.close(stdout)
    with connect(warehouse_of_now) as warehouse:
        noted = alerts.posted(warehouse)
    if answer == 200:
        assert (done.returncode, done.stderr) == (0, "")
        assert [len(keys) for keys in noted.delivered.values()] == [2]
    else:
        assert (done.returncode, len(done.stderr.splitlines()), len(noted.owed)) == (5, 1, 2)


def test_a_list_is_shown_also_where_its_post_fails(warehouse_of_now: Path, hook: Hook) -> None:
    hook.answers = [404]
    failed = ask(warehouse_of_now, "--new", "--post", hook.url)
    assert isinstance(failed.exception, alerts.PostError)
    assert failed.stdout.count("one.example #1 failed") == 1


def test_alerts_that_cannot_be_noted_as_owed_are_told(warehouse_of_now: Path, hook: Hook) -> None:
    hook.answers = [404]
    (warehouse_of_now / "alerts.lock").mkdir()
    failed = ask(warehouse_of_now, "--new", "--post", hook.url)
    assert isinstance(failed.exception, alerts.PostError)
    assert "nothing is noted as delivered, nor as owed (Is a directory)" in str(failed.exception)


@pytest.mark.parametrize("held", [".", "alerts.lock"])
def test_a_lock_that_another_holds_ends_no_post(
    warehouse_of_now: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    """`flock data igny8 alerts --new --post` in a cron line is its own affair."""
    monkeypatch.setattr(alerts, "LOCK_SECONDS", 0.1)
    (warehouse_of_now / "alerts.lock").touch()
    lock = os.open(warehouse_of_now / held, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    result = ask(warehouse_of_now, "--new", "--post", hook.url)
    os.close(lock)
    assert (result.exit_code, len(hook.bodies)) == (0, 1)
    told = "posted, but that could not be noted (another process holds alerts.lock): it will be sent again"
    assert (told in result.output) == (held == "alerts.lock")


def test_a_post_of_everything_that_fails_makes_nothing_new(warehouse_of_now: Path, hook: Hook) -> None:
    hook.answers = [404]
    assert isinstance(ask(warehouse_of_now, "--post", hook.url).exception, alerts.PostError)
    assert not (warehouse_of_now / "alerts_posted.json").exists()


def test_after_a_load_that_failed_only_its_lateness_is_new(warehouse_of_now: Path, hook: Hook) -> None:
    assert ask(warehouse_of_now, "--new", "--post", hook.url).exit_code == 0
    assert ask(warehouse_of_now, "--new", "--post", hook.url, "--max-age", "0").exit_code == 0
    assert [row["alert"] for row in hook.bodies[1]["alerts"]] == ["load_late"]
    assert ask(warehouse_of_now, "--new", "--post", hook.url, "--max-age", "0").exit_code == 0
    assert len(hook.bodies) == 2


def test_the_address_may_be_in_the_environment(warehouse_of_now: Path, hook: Hook) -> None:
    assert ask(warehouse_of_now, "--post", IGNY8_POST_URL=hook.url).exit_code == 0
    assert len(hook.bodies) == 1
    assert ask(warehouse_of_now, IGNY8_POST_URL=hook.url).exit_code == 0
    assert len(hook.bodies) == 1  # only where --post asks
    lacking = ask(warehouse_of_now, "--post", IGNY8_POST_URL="")
    assert isinstance(lacking.exception, UsageError)


@pytest.mark.parametrize(
    ("answers", "asked", "told"),
    [
        ([500, 503, 200], 3, None),
        ([429, 200], 2, None),
        ([500], 3, "the answer was 500, tried 3 times"),
        ([404], 1, "the answer was 404"),
        ([NO_ANSWER], 1, "the connection broke"),
        ([302], 1, "the address redirects (302), which is not followed"),
        ([308], 1, "the address redirects (308), which is not followed"),
    ],
)
def test_again_only_where_that_helps(hook: Hook, answers: list[int], asked: int, told: str | None) -> None:
    hook.answers = answers
    if told is None:
        alerts.post(hook.url, b"{}", pause=0)
    else:
        with pytest.raises(alerts.PostError) as error:
            alerts.post(hook.url, b"{}", pause=0)
        assert told in str(error.value)
        assert SECRET not in str(error.value)
        assert error.value.exit_code == 5
    assert hook.asked == asked


def test_a_slow_server_is_left_after_its_seconds(hook: Hook) -> None:
    hook.seconds = 5
    started = time.monotonic()
    with pytest.raises(alerts.PostError, match=r"no answer within 0\.2 s, tried 3 times"):
        alerts.post(hook.url, b"{}", seconds=0.2, pause=0)
    assert time.monotonic() - started < 3


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte of its answer now and then, for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not is_over.wait(0.05):
                    connection.sendall(b"X")
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}"
    finally:
        is_over.set()
        server.close()


def test_a_server_that_drips_is_left_too() -> None:
    started = time.monotonic()
    with dripping() as url, pytest.raises(alerts.PostError, match=r"no answer within 0\.3 s"):
        alerts.post(url, b"{}", seconds=0.3, pause=0)
    assert time.monotonic() - started < 3


def test_a_refused_connection_is_tried_again_and_told(
    warehouse_of_now: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(alerts, "PAUSE_SECONDS", 0)
    with pytest.raises(alerts.PostError, match="the connection was refused, tried 3 times") as error:
        alerts.post(f"http://127.0.0.1:{port}/{SECRET}", b"{}", pause=0)
    assert SECRET not in str(error.value)
    assert str(port) not in str(error.value)


def test_a_host_that_nobody_knows_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def know_none(host: str, *others: Any, **named: Any) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_none)
    with pytest.raises(alerts.PostError, match="its host cannot be reached; nothing is noted"):
        alerts.post("http://nowhere.invalid/hook", b"{}", pause=0)
    assert asked == ["nowhere.invalid"]


@pytest.mark.parametrize(
    "address",
    ["", "chat.example/hook", "ftp://chat.example/x", "file:///etc/passwd", "http://", "https://user:pw@chat.example/",
     "http://chat.example/a b", "http://chat.example/\nHost: x", "http://chat.example:99999/", "http://[::1/"],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError) as error:
        alerts.post(address, b"{}")
    assert error.value.exit_code == 2
    assert not address or address not in str(error.value)


def test_nothing_is_sent_without_rows(tmp_path: Path, hook: Hook) -> None:
    source = make_source(tmp_path / "s.sqlite", [site(1)])
    load(f"sqlite:///{source}", tmp_path / "data")
    result = ask(tmp_path / "data", "--post", hook.url, "--strict")
    assert (result.exit_code, hook.asked) == (0, 0)
    assert "Nothing needs anyone." in result.stdout
