"""Passwords stay out of everything written: files, errors, tracebacks; and each way to give one works."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from igny8_analysis.etl.secrets import HIDDEN, without_passwords
from tests.command import igny8
from tests.conftest import run_sql
from tests.trust.processes import IGNY8, Done, assert_told, in_a_process, query

SECRET = "Zq7hush9Kx"
ROLE = "igny8_with_password"


@pytest.fixture
def asked(small_postgres: str) -> Iterator[str]:
    """URL of a role that the server asks for its password, without it."""
    ((before, file),) = query(
        small_postgres,
        "select pg_read_file(current_setting('hba_file')), current_setting('hba_file')",
    )

    def write(text: str) -> None:
        quoted = text.replace("'", "''")
        program = f"select unnest(string_to_array('{quoted}', chr(10)))"
        run_sql(small_postgres, f"copy ({program}) to '{file}'", "select pg_reload_conf()")

    rules = f"local all {ROLE} scram-sha-256\nhost all {ROLE} all scram-sha-256\n"
    run_sql(
        small_postgres,
        f"create role {ROLE} login password '{SECRET}'",
        f"grant select on all tables in schema public to {ROLE}",
    )
    write(rules + before)
    try:
        yield urlsplit(small_postgres)._replace(netloc=f"{ROLE}@").geturl()
    finally:
        write(before)
        run_sql(small_postgres, f"drop owned by {ROLE}", f"drop role {ROLE}")


def with_password(url: str, password: str) -> str:
    return url.replace(f"{ROLE}@", f"{ROLE}:{password}@")


def assert_hidden(root: Path, *done: Done) -> None:
    for one in done:
        assert SECRET not in one.stdout + one.stderr
    for path in root.rglob("*"):
        assert SECRET not in str(path)
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_a_password_from_address_environment_or_file(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:{ROLE}:{SECRET}\n", encoding="utf-8")
    passfile.chmod(0o600)
    done = [igny8("etl", "--source", with_password(asked, SECRET), "--warehouse", root)]
    for name, value in (("PGPASSWORD", SECRET), ("PGPASSFILE", str(passfile))):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            done.append(igny8("etl", "--source", asked, "--warehouse", root))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 3
    done += [igny8(command, "--warehouse", root) for command in ("versions", "quality", "sites")]
    assert_hidden(root, *done)


def test_a_wrong_password_is_told_and_hidden(asked: str, tmp_path: Path) -> None:
    root = tmp_path / "data"
    wrong = igny8("etl", "--source", with_password(asked, f"{SECRET}x"), "--warehouse", root)
    assert_told(wrong, 5, "password authentication failed", "~/.pgpass")
    missing = igny8("etl", "--source", asked, "--warehouse", root)
    assert_told(missing, 5, "no password supplied", "PGPASSWORD")
    traced = in_a_process(
        "etl", "--source", with_password(asked, f"{SECRET}x"), "--warehouse", root, "--debug"
    )
    assert "Traceback" in traced.stderr
    assert_hidden(root, wrong, missing, traced)


@pytest.mark.parametrize(
    "arguments",
    [
        ("etl", "--source", f"postgresql://u:{SECRET}%zz@127.0.0.1:1/x"),
        ("etl", "--source", f"postgresql://u:a@{SECRET}@127.0.0.1:1/x"),
        ("etl", "--source", f"postgresql://u:a/{SECRET}@127.0.0.1:1/x"),
        ("etl", "--source", f"postgresql://u:a@b,{SECRET}@127.0.0.1:1/x?connect_timeout=2"),
        ("check", "--source", f"postgresql://u:a@(b),({SECRET})@127.0.0.1:1/x?connect_timeout=2"),
        ("check", "--source", f"postgresql://u:1,{SECRET}:9/x@127.0.0.1:1/x?connect_timeout=2"),
        ("etl", "--source", f"postgresql:///x?host=127.0.0.1&port=1&password=ab&{SECRET}"),
        ("etl", "--source", f"postgresql:///x?host=127.0.0.1&port=1&password=ab&{SECRET}=1"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?password={SECRET}&sslmode=bogus"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?password%3D{SECRET}"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?pass%77ord={SECRET}%zz"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?%50ASSWORD={SECRET}"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?sslpassword={SECRET}%zz"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?oauth_client_secret={SECRET}%zz"),
        ("etl", "--source", f"postgresql://u@127.0.0.1:1/x?scram_client_key={SECRET}%zz"),
        ("etl", "--source", f"postgresql://u:{SECRET}@127.0.0.1:1/x?nonsense=1"),
        ("etl", "--source", f"postgresql://u:{SECRET}@127.0.0.1:port/x"),
        ("etl", "--source", f"postgressql://u:{SECRET}@127.0.0.1:1/x"),
        ("etl", "--source", f"host=127.0.0.1 port=1 password={SECRET}"),
        ("etl", "--source", f"postgresql://u:{SECRET}"),
        ("etl", "--source", f"postgresql://u:{SECRET}/x"),
        ("etl", f"postgresql://u:{SECRET}@127.0.0.1:1/x"),
        ("etl", "--sorce", f"postgresql://u:{SECRET}@127.0.0.1:1/x"),
        ("overview", f"postgresql://u:{SECRET}@127.0.0.1:1/x"),
        ("sql", f"attach 'postgresql://u:{SECRET}@127.0.0.1:1/x'"),
    ],
)
def test_an_address_that_is_wrong_shows_no_password(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    plain = igny8(*arguments, "--warehouse", tmp_path / "data")
    assert plain.returncode in (2, 4, 5)
    traced = igny8(*arguments, "--warehouse", tmp_path / "data", "--debug")
    assert traced.returncode == plain.returncode
    assert_hidden(tmp_path, plain, traced)


@pytest.mark.parametrize(
    "words",
    [
        ("sql", "from 'postgresql://u:{}@127.0.0.1:1/x'"),
        ("sql", "select cast('password={}' as integer)"),
        ("overview", "postgresql://u:{}@127.0.0.1:1/x"),
        ("report", "overview", "postgresql://u:{}@127.0.0.1:1/x"),
        ("explain", "postgresql://u:{}@127.0.0.1:1/x", "name"),
        ("overview", "postgresql://u:a {}@127.0.0.1:1/x"),
        ("overview", "postgresql://u:a {} b@127.0.0.1:1/x?c=d@e"),
        ("overview", "postgresql://h/d?password=a {} b"),
        ("overview", "postgresql://h/d?password=;{}"),
        ("compare", "101", "postgresql://u:{}@h/x", "postgresql://u:a {}@h/x"),
        ("overview", "postgresql://reader@server:{}@h/x"),
        ("overview", "postgresql://u:{}/x"),
        ("overview", "postgresql://u:{}"),
        ("overview", "host=h password='a {}'"),
        ("export", "host=h password = {}"),
        ("overview", r"host=h password='it\'s {}'"),
        ("overview", 'host=h password="a {}"'),
        ("overview", "host=h password='{}"),
        ("overview", "postgresql://h/d?user=u&password=a&{}"),
        ("overview", "postgresql:u:{}@h"),
        ("overview", "u:{}@h:5432/db"),
        ("overview", "postgresql%3A%2F%2Fu%3A{}%40h/d"),
        ("overview", '{"password": "{}"}'),
    ],
)
def test_an_address_where_something_else_is_asked_for_shows_no_password(
    demo_warehouse: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    command = [word.replace("{}", SECRET) for word in words]
    plain = igny8(*command, "--warehouse", demo_warehouse)
    traced = igny8(*command, "--warehouse", demo_warehouse, "--debug")
    assert traced.returncode == plain.returncode in (2, 3)
    assert HIDDEN in plain.stderr
    assert HIDDEN in traced.stderr
    assert "Traceback" in traced.stderr
    assert_hidden(tmp_path, plain, traced)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:{}@h/x",
        "postgresql://u:a {}@h:5432/x",
        "postgresql://reader@server:{}@h/x",
        "postgresql://u:{}/x",
        "host=h password='{}'",
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("sites", "--warehouse"),
        ("etl", "--warehouse", "nosuch", "--source", "sqlite:///nosuch", "--source-map"),
        ("build", "--out", "nosuch", "--lake"),
    ],
)
def test_an_address_where_a_path_belongs_shows_no_password(
    tmp_path: Path, command: tuple[str, ...], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = igny8(*command, address.replace("{}", SECRET))
    traced = igny8(*command, address.replace("{}", SECRET), "--debug")
    assert traced.returncode == plain.returncode in (2, 4, 5)
    assert HIDDEN in plain.stderr
    assert_hidden(tmp_path, plain, traced)


@pytest.mark.parametrize("command", [("demo",), ("etl", "--source", "sqlite:///{source}")])
def test_an_address_is_no_directory_to_load_into(
    tmp_path: Path, command: tuple[str, ...], small_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of its name would tell the password to whoever lists folders."""
    monkeypatch.chdir(tmp_path)
    words = [word.format(source=small_source) for word in command]
    told = igny8(*words, "--warehouse", f"postgresql://u:{SECRET}@h/d")
    assert_told(told, 2, "is an address", "name one on a disk")
    assert_hidden(tmp_path, told)


def test_messages_keep_what_is_no_password() -> None:
    said = "port 5432 of host db failed for user reader"
    assert without_passwords(said, "postgresql://reader@db:5432/x") == said
    for kept in (
        "postgresql://[::1]:5432/x",
        "postgresql://reader@db:5432/x of reader@db",
        "sqlite:////srv/a:b",
        "no run at 12:30 of a@b.com",
        "select 'x'::text, a@b",
    ):
        assert without_passwords(f"{kept}: '{kept}' failed") == f"{kept}: '{kept}' failed"
    assert without_passwords(f"a {SECRET}", f"postgresql://u:{SECRET}@h/x") == "a ***"
    said = 'invalid sslmode value: "bogus"'
    assert without_passwords(said, f"postgresql:///x?password={SECRET}&sslmode=bogus") == said
    assert not re.search("s.cret", without_passwords("s@cret", "postgresql://u:s%40cret@h/x"))


@pytest.mark.slow
def test_reports_and_their_kernels_write_no_password(asked: str, tmp_path: Path) -> None:
    """With the password in the environment of all: what is made, what is only there meanwhile, and errors."""
    root, scratch = tmp_path / "data", tmp_path / "scratch"
    scratch.mkdir()
    environment = {"PGPASSWORD": SECRET, "TMPDIR": str(scratch)}
    loaded = in_a_process(
        "etl", "--source", with_password(asked, SECRET), "--warehouse", root, env=environment
    )
    assert loaded.returncode == 0, loaded.stderr

    report = [*IGNY8, "report", "site", "110", "--last", "1", "--warehouse", str(root)]
    making = subprocess.Popen(
        report, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    seen: dict[str, bytes] = {}
    while making.poll() is None:
        for path in (Path(folder, name) for folder, _, names in os.walk(scratch) for name in names):
            with suppress(OSError):
                seen[path.name] = path.read_bytes()
        time.sleep(0.1)
    out, err = making.communicate()
    assert making.returncode == 0, err
    assert "kernel.json" in seen
    assert not [name for name, content in seen.items() if SECRET.encode() in content]

    failed = in_a_process(
        "report", "overview", 110, "-o", root, "--debug", "--warehouse", root, env=environment
    )
    assert "Traceback" in failed.stderr
    assert len(list((root / "reports").rglob("*.html"))) == 2
    assert_hidden(tmp_path, loaded, Done(report, 0, out, err), failed)
