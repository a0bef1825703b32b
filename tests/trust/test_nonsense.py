"""Never "unexpected": every command, with nonsense for every argument and option, tells in one line what was wrong."""

import json
import os
import shutil
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igny8_analysis.cli import cli
from igny8_analysis.cli.options import FORMATS
from igny8_analysis.reports.engine import WarmKernel
from tests.command import Done, igny8

LONGEST = 2_000
WORDS = [
    "", " ", "-", "--", "---", "0", "-1", "1", "101", "102", "114", "mysite.com", "MYSITE.com",
    "https://www.mysite.com/", "nan", "inf", "1e400", "9" * 30, "9" * 5_000, "-" + "9" * 30, "0x10", "1_000",
    "\u0661", "null", "None", "true", "%s%n", "{0}", "${HOME}", "$(id)", "`id`", ";id", "' or 1=1 --", '"',
    "\\", "\\x00", "*", "?", "../../etc/passwd", "/", "/dev/null", "/dev/full", "/proc/self/mem", "a/" * 3_000,
    "a" * 300, "x" * 5_000, "\x1b[31mred\x07", "\u202egnp", "\x9b31m", "two\nlines", "\r", "\t", "\udcff",
    "a\udc80b", "\U0010ffff", "\ufeff", "\u2028", "e\u0301", "=1+1", "@x", "run_20260226_073127_manual",
    "run_statistics", "run_statistics.total_runs", "stages.1.credits_used", "stages.99.credits_used", "stages.",
    ".", "..", "run..status", "original", "2026-01-01", "0001-01-01", "9999-12-31T23:59:59+14:00",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "json", "sqlite://", "sqlite:///",
    "sqlite:///x?mode=rw", "sqlite:////dev/null", "sqlite:///a\x1bb", "postgresql://", "postgresql://[",
    "postgresql://:0/x", "postgresql://h:99999/x", "http://x", "s3a://", "file://", "file:///", "k8s://",
    "local[0]", "spark://127.0.0.1:1", "select 1", "select", "from runs", "select 'nan'::double as a, 1 as a",
    "select interval '170000000 years'", "explain", ";", "/*", "--x", "select $1", "select $x", "select ?",
    "select error('\x1b')", "select " + "(" * 2_000, "select " + "[" * 400 + "]" * 400,
    "select cast('x' as int)", "from nowhere", "copy sites to '/tmp/x'", "select " + "1," * 3_000 + "1",
    "select repeat('x', 5000)::int", "select map {[1]: {'a': 'inf'::float}}", "select chr(0)", "pragma x",
    "show x", "describe x", "set x = 1", "select getenv('HOME')",
]  # fmt: skip
nonsense = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.characters(codec=None, exclude_characters="\0"), max_size=30),
    st.integers(-(10**30), 10**30).map(str),
    st.binary(max_size=10).map(lambda data: os.fsdecode(data.replace(b"\0", b""))),
)
SENSE = {
    "site": ["mysite.com", "101", "114"],
    "run_id": ["run_20260226_073127_manual"],
    "run_a": ["run_20260226_073127_manual"],
    "run_b": ["run_20260225_020000_scheduled"],
    "account": ["1"],
    "view": ["runs", "loads"],
    "run_id_and_metric": ["run_statistics.total_runs"],
}
PLACES = ("directory", "out", "output", "debug", "help")
LEFT_OUT = {"lab", "demo"}  # the first becomes another program, the second has nothing to be told but where


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        if path or name not in LEFT_OUT:
            found += leaves(inner, (*path, name))
    return found


ALL = dict(leaves(cli))


def command_lines(path: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """Words for a command: its arguments, mostly in their number, and some of its options; sense and nonsense mixed."""

    @st.composite
    def words(draw: st.DrawFn) -> list[str]:
        found: list[str] = []
        for param in ALL[path].params:
            if isinstance(param, click.Argument):
                most = 1 if param.nargs == 1 else 3
                word = (
                    nonsense
                    if path[0] == "report"
                    else st.sampled_from(SENSE.get(param.name or "", WORDS)) | nonsense
                )
                found += draw(st.lists(word, min_size=int(param.nargs == 1), max_size=most))
            elif param.name not in PLACES and draw(st.integers(0, 3)) == 0:
                values = (
                    [] if getattr(param, "is_flag", False) else [draw(nonsense) for _ in range(param.nargs)]
                )
                found += [draw(st.sampled_from(param.opts)), *values]
        return found

    return words()


NUMBERS = ("nan", "inf", "-inf", "1e12", "9" * 5_000, "9" * 5_000 + "=1", "1=" + "9" * 5_000, "0GB", "1KB")


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_number_beyond_all_is_told(
    path: tuple[str, ...], demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the value of each option in turn."""
    monkeypatch.chdir(tmp_path)
    params = ALL[path].params
    root = tmp_path / "data" if path[0] in ("etl", "build") else demo_warehouse
    sense = [
        *(SENSE.get(p.name or "", ["1"])[0] for p in params if isinstance(p, click.Argument) and p.required),
        *(["--warehouse", str(root)] if any("--warehouse" in p.opts for p in params) else []),
        *(["--version", "none"] if path[0] == "report" else []),
        *(["select 1"] if path == ("sql",) else []),
    ]
    options = [
        p
        for p in params
        if isinstance(p, click.Option) and not p.is_flag and p.name not in (*PLACES, "columns")
    ]
    for param in options:
        for word in NUMBERS if param.nargs == 1 else ():
            assert_plain(igny8(*path, *sense, param.opts[0], word))


@pytest.mark.parametrize("limit", ["0GB", "1KB"])
def test_too_little_memory_to_open_the_data_in_is_told(
    limit: str, demo_warehouse: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(demo_warehouse, tmp_path / "data")
    done = igny8("sql", "select 1", "--max-memory", limit, "--warehouse", copied)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"igny8: {limit} of memory is too little to open the data in: allow it more (--max-memory)\n"
    )


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_nonsense_is_told(
    path: tuple[str, ...], demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {option for param in ALL[path].params for option in param.opts} & {"--out", "--warehouse"}
    root = tmp_path / "data" if path[0] in ("etl", "build") else demo_warehouse
    where = [word for option in options for word in (option, str(root))]
    if path[0] == "report":  # nothing of these is to be made
        where += ["--version", "none"]

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(command_lines(path))
    def tell(words: list[str]) -> None:
        assert_plain(igny8(*path, *where, *words))

    tell()
    assert [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".parquet"] == []


@pytest.mark.parametrize(
    "query",
    [
        "select interval '170000000 years'",
        "select " + "[" * 300 + "1" + "]" * 300,
        "select repeat('9', 5000)::bignum, 10::hugeint",
        "select date 'infinity', timestamp '-infinity', time '24:00:00', timestamptz '290000-01-01 00:00:00+00'",
        "select map {date '290000-01-01': {'a': ['nan'::float]}}, {'a': '-inf'::double}, row(1, 'b')",
        "select '\\xAA'::blob, 1::bit, uuid(), union_value(a := 1), timetz '12:00:00+15:59:59'",
        "select 1 as a, 2 as a, 3 as a_2",
        "select null where false",
        "explain analyze select 1",
        "select error(repeat(chr(27), 9000))",
    ],
)
@pytest.mark.parametrize("format_", FORMATS)
def test_every_value_prints(query: str, format_: str, demo_warehouse: Path) -> None:
    done = igny8("sql", query, "--format", format_, "--warehouse", str(demo_warehouse))
    assert_plain(done)
    assert all(c.isprintable() or c == "\n" for c in done.stdout)
    if format_ == "json" and done.returncode == 0:
        json.loads(done.stdout, parse_constant=pytest.fail)


def test_json_keeps_every_column_and_key(demo_warehouse: Path) -> None:
    query = """
        select 'nan'::double as a, 2 as a, 3 as a_2, map {date '2026-01-01': 1, date '2026-01-02': 2} as m,
            12345678901234567890::hugeint as h, '\\xAB'::blob as b, 'x' || chr(27) || chr(155) || chr(8238) as t
    """
    done = igny8("sql", query, "--format", "json", "--warehouse", str(demo_warehouse))
    assert json.loads(done.stdout) == [
        {"a": None, "a_3": 2, "a_2": 3, "m": {"2026-01-01": 1, "2026-01-02": 2}, "h": 12345678901234567890, "b": "ab",
         "t": "x\x1b\x9b\u202e"}
    ]  # fmt: skip
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    ("words", "told"), [(["b"], "the further argument (b)"), (["b", "c"], "the further arguments (b c)")]
)
def test_a_word_too_many_is_told_in_our_words(words: list[str], told: str) -> None:
    done = igny8("overview", "101", *words)
    assert_plain(done)
    assert (done.returncode, told in done.stderr) == (2, True)


def test_a_word_that_is_no_text_is_told_where_nothing_can_be_asked_with_it(
    demo_source: Path, demo_warehouse: Path, tmp_path: Path
) -> None:
    here = ("--warehouse", str(demo_warehouse))
    into = str(tmp_path / "\udcffx")
    for words in (
        ("sites", "\udcffx", *here),
        ("etl", "--source", f"sqlite:///{demo_source}", "--warehouse", into),
        ("lab", "\udcffx", *here),
    ):
        done = igny8(*words)
        assert_plain(done)
        assert (done.returncode, r"\udcffx' is no text in UTF-8" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_is_nowhere_written_to_is_told_before_the_work(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = igny8(
        "report", "site", "101", "-o", str(tmp_path / "file" / "x"), "--warehouse", str(demo_warehouse)
    )
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert "is no folder" in done.stderr
    monkeypatch.setattr(WarmKernel, "run", pytest.fail)
    for place, told in (("file/x.html", "is no folder"), (".", "no regular file")):
        done = igny8(
            "report", "overview", "101", "-o", str(tmp_path / place), "--warehouse", str(demo_warehouse)
        )
        assert (done.returncode, done.stderr.count("\n"), told in done.stderr) == (5, 1, True)


def assert_plain(done: Done) -> None:
    """The command ended with what it was asked for, or in one line."""
    assert "unexpected" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode == 0:
        assert done.stderr == ""
        return
    assert done.returncode in (1, 2, 3, 4, 5)
    if done.returncode == 1:  # `quality --strict`, whose result this is
        return
    assert done.stdout == ""
    assert done.stderr.startswith("igny8: ")
    assert done.stderr.endswith("\n")
    assert done.stderr[:-1].isprintable()
    assert len(done.stderr) <= LONGEST + 1
