"""Closed, full and left streams: work that is done counts, a lost output is told, no file is written by mistake."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from igny8_analysis.cli.load import print_warnings
from igny8_analysis.cli.output import print_rows, print_table, print_text
from igny8_analysis.cli.streams import tell
from tests.cases import make_source, site
from tests.command import igny8
from tests.conftest import sampled
from tests.trust.processes import IGNY8, on_a_terminal

HOSTILE_QUERY = (
    "select chr(27) || ']0;title' || chr(7) || chr(155) || '31m' || chr(8238) || chr(13) || "
    "'x' as \"\x1b[31m\x9b\u2066\""
)
CASES = [
    ("sites", ">&-", 5, "standard output cannot be written"),
    ("sites --format json", "> /dev/full", 5, "No space left"),
    ("sql 'from runs' --format csv", "> /dev/full", 5, "No space left"),
    ("sql 'from runs limit 100'", "> /dev/full", 5, "No space left"),
    ("overview 101 --format json", ">&- 2>&-", 5, ""),
    ("sql", "<&-", 2, "there are 0"),
    ("overview nowhere.example --format json", "2>&-", 3, ""),
    ("overview nowhere.example", "2> /dev/full", 3, ""),
    ("overview nowhere.example", "<&- >&- 2>&-", 3, ""),
    ("export runs -o runs.parquet", ">&-", 0, ""),
    ("export runs -o runs.parquet", "> /dev/full 2> /dev/full", 0, ""),
    ("etl --source sqlite:///{source} --warehouse data", "> /dev/full 2>&-", 0, ""),
    *sampled(
        [
            ("report overview 101 -o made.html", "<&- >&- 2>&-", 0, ""),
            ("report overview 101 -o made.html", "> /dev/full 2> /dev/full", 0, ""),
            ("etl --source sqlite:///{source} --warehouse data", "<&- >&- 2>&-", 0, ""),
        ],
        quick=0,
    ),
]


def shell(line: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What bash did with a line, in a folder."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case[:2]))
def test_a_stream_that_is_not_there(
    case: tuple[str, str, int, str], demo_warehouse: Path, tmp_path: Path
) -> None:
    words, streams, status, told = case
    source = make_source(tmp_path / "source.sqlite", [site(1, "a.example")])
    command = words.format(source=source)
    done = shell(
        f"{shlex.join(IGNY8)} {command} {streams}; echo status $? >&1",
        tmp_path,
        IGNY8_WAREHOUSE=str(demo_warehouse),
    )
    assert done.stdout == f"status {status}\n", done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == bool(told)
    assert "unexpected" not in done.stderr
    if "made.html" in words:
        assert (tmp_path / "made.html").read_text(encoding="utf-8").endswith("</html>")
    if "runs.parquet" in words:
        assert (tmp_path / "runs.parquet").read_bytes().endswith(b"PAR1")
    if "--warehouse data" in words:
        assert (
            "a.example"
            in shell(f"{shlex.join(IGNY8)} sites", tmp_path, IGNY8_WAREHOUSE="data").stdout.lower()
        )


@pytest.mark.parametrize("format_", ["table", "json", "csv"])
def test_who_reads_the_first_lines_alone_is_no_failure(
    format_: str, demo_warehouse: Path, tmp_path: Path
) -> None:
    done = shell(
        f"{shlex.join(IGNY8)} sql 'from runs' --format {format_} | head -1 | wc -l; echo ${{PIPESTATUS[0]}}",
        tmp_path, IGNY8_WAREHOUSE=str(demo_warehouse),
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("1\n0\n", "")


def test_what_a_stream_cannot_spell_is_escaped(demo_warehouse: Path, tmp_path: Path) -> None:
    """In an ASCII locale JSON stays the same JSON, and a table shows an escape."""
    command = f"{shlex.join(IGNY8)} sql \"select 'caf' || chr(233) || chr(128169) as x\""
    ascii_ = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "IGNY8_WAREHOUSE": str(demo_warehouse),
    }
    assert '"caf\\u00e9\\ud83d\\udca9"' in shell(f"{command} --format json", tmp_path, **ascii_).stdout
    assert "caf\\xe9\\U0001f4a9" in shell(command, tmp_path, **ascii_).stdout
    assert "caf\\xe9\\U0001f4a9" in shell(f"{command} --format csv", tmp_path, **ascii_).stdout


@pytest.mark.slow
def test_warnings_that_a_machine_makes_errors_are_none(demo_warehouse: Path, tmp_path: Path) -> None:
    done = shell(
        f"{shlex.join(IGNY8)} report overview 101 -o made.html --quiet", tmp_path,
        IGNY8_WAREHOUSE=str(demo_warehouse), PYTHONWARNINGS="error", PYTHONOPTIMIZE="2",
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_process_that_would_leave_out_docstrings_begins_again_with_them(tmp_path: Path) -> None:
    """Altair needs them: what a command starts, JupyterLab's kernels too, is to have them."""
    says = "import sys; print(sys.flags.optimize, flush=True); "
    code = f"{says}from igny8_analysis.cli import main; sys.argv[1:] = ['--version']; main()"
    done = shell(shlex.join([sys.executable, "-c", code]), tmp_path, PYTHONOPTIMIZE="2")
    assert (done.stdout.splitlines()[:2], done.returncode, done.stderr) == (["2", "0"], 0, "")


def test_a_traceback_acts_on_no_terminal(demo_warehouse: Path) -> None:
    query = "select cast(chr(27) || '[31m' as integer)"
    done = igny8("sql", query, "--debug", "--warehouse", str(demo_warehouse))
    assert (done.returncode, "\x1b" in done.stderr) == (2, False)
    assert "\nTraceback" in f"\n{done.stderr}"
    assert r"\x1b[31m" in done.stderr


def test_nothing_of_the_environment_colours_what_is_no_terminal(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.setenv(name, "1")
    for words in (("sites",), ("sites", "nobody"), ("overview", "101"), ("overview", "nobody")):
        done = igny8(*words, "--warehouse", str(demo_warehouse))
        assert "\x1b" not in done.stdout + done.stderr, words


def test_json_of_rows_keeps_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a", "a", "b"), [(1, 2, 3)], "json")
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "a_2": 2, "b": 3}]


@pytest.mark.parametrize(
    "words",
    [
        ("sql", HOSTILE_QUERY, "--format", "json"),
        ("sql", HOSTILE_QUERY, "--format", "csv"),
        ("sql", 'select "\x1b]0 title\x07\x9b31m\u202e" from sites'),
        ("overview", "\x1b]0;title\x07\x9b31m\u202e"),
        ("overview", "101", "--\x1b]0;title\x07\x9b31m\u202e"),
        ("export", "sites", "-o", "/nowhere/\x1b]0;title\x07\x9b31m\u202e"),
        ("history", "114", "--page-size", "100", "--format", "csv"),
        ("quality", "114", "--format", "json"),
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]).encode("unicode_escape").decode(),
)
def test_a_terminal_is_sent_nothing_that_acts(words: tuple[str, ...], demo_warehouse: Path) -> None:
    status, sent = on_a_terminal(*words, "--warehouse", demo_warehouse)
    assert status in (0, 2, 3, 5)
    assert {c for c in sent if not c.isprintable()} <= {"\r", "\n", "\t"}
    assert "\\x1b" in sent or "\\u001b" in sent or words[0] in ("history", "quality")


@pytest.mark.parametrize(
    "say",
    [
        lambda text: print_table(("a",), [(text,)], text),
        lambda text: print_table((text,), []),
        print_text,
        tell,
        lambda text: print_warnings([text]),
    ],
    ids=["title", "heading", "sentence", "closing line", "warning"],
)
def test_whatever_is_said_acts_on_no_terminal(
    say: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    say("\x1b]0;title\x07\x9b31m\u202e")
    said = "".join(capsys.readouterr())
    assert {c for c in said if not c.isprintable()} <= {"\n"}
    assert "\\x1b" in said


def test_a_tables_values_and_title_act_on_no_terminal(demo_warehouse: Path) -> None:
    """A table is drawn with codes of its own; none of those is a title, a bell, another colour or direction."""
    _, sent = on_a_terminal("sql", HOSTILE_QUERY, "--warehouse", demo_warehouse)
    plain = re.sub(r"\x1b\[[01]?m", "", sent)
    assert {c for c in plain if not c.isprintable()} <= {"\r", "\n"}
