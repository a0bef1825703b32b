"""The prompt of `igny8 sql`, and what completes in it."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from igny8_analysis import Warehouse, connect
from igny8_analysis.answers import Limits
from igny8_analysis.cli.prompt import run_prompt
from igny8_analysis.completion import Dictionary


@pytest.fixture(scope="module")
def dictionary(demo: Warehouse) -> Dictionary:
    return Dictionary(demo)


def words(dictionary: Dictionary, before: str, after: str = "") -> list[str]:
    return [found.text for found in dictionary.suggestions(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("select * from run_st", "", ["run_stages", "run_statistics", "run_statuses", "run_state"]),
        ("select * from sites s join attention", "", ["attention_items"]),
        ("select * from lake.acc", "", ["lake.accounts"]),
        ("describe loa", "", ["loads", "load_day"]),
        ("select s.dom", " from sites as s", ["domain"]),
        ("select sites.dom", " from sites", ["domain"]),
        ("select S.DOM", " FROM sites S", ["domain"]),
        ("select r.", " from nowhere r", []),
    ],
)
def test_views_and_columns_complete(
    dictionary: Dictionary, before: str, after: str, expected: list[str]
) -> None:
    assert words(dictionary, before, after) == expected


def test_columns_of_the_query_come_before_words_and_views(dictionary: Dictionary) -> None:
    found = words(dictionary, "select sta", " from run_stages")
    assert found[:3] == ["stage_number", "stage_name", "status"]
    assert {"stage_history", "stage_comparison"} < set(found)
    assert len(found) == len(set(found))


def test_any_column_completes_before_the_query_names_a_view(dictionary: Dictionary) -> None:
    assert "credit_variance_pct" in words(dictionary, "select credit_v")


def test_nothing_typed_offers_the_columns_of_the_query(dictionary: Dictionary) -> None:
    assert words(dictionary, "select ", " from attention_items") == [
        "site_id", "skipped_ideas", "failed_content", "failed_images",
    ]  # fmt: skip
    assert words(dictionary, "") == []


def test_every_suggestion_says_what_it_means(dictionary: Dictionary) -> None:
    (view,) = dictionary.suggestions("select * from run_summ")
    assert (view.meaning, view.replaces) == ("One row per run: its stages added up.", len("run_summ"))
    (column,) = dictionary.suggestions("select h.avg_out", " from stage_history h")
    assert "divided by items processed" in column.meaning


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def test_a_query_of_several_lines_is_answered(
    demo: Warehouse, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard.send_text("select count(*) as n\rfrom sites\r;\rexit\r")
    run_prompt(demo, "csv", None)
    ((sites,),) = demo.sql("select count(*) from sites").fetchall()
    assert capsys.readouterr().out.splitlines()[1:] == ['"n"', str(sites)]


def test_a_wrong_query_is_one_line_and_the_prompt_goes_on(
    demo: Warehouse, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard.send_text("select nope;\rcreate table t (i int);\rhelp nope\rselect 1 as still_here;\r\x04")
    run_prompt(demo, "csv", None)
    out, err = capsys.readouterr()
    assert [line[:7] for line in err.splitlines()] == ["igny8: "] * 3
    assert "still_here" in out


def test_a_query_beyond_its_limits_is_one_line_and_the_prompt_goes_on(
    own_small: Path, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard.send_text("select sum(range) from range(10000000000);\rselect 1 as still_here;\r\x04")
    with connect(own_small, limits=Limits(seconds=0.1)) as warehouse:
        run_prompt(warehouse, "csv", None)
    out, err = capsys.readouterr()
    (told,) = err.splitlines()
    assert "was stopped after 0.1 s" in told
    assert "still_here" in out


def test_help_tells_of_views_and_columns(
    demo: Warehouse, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard.send_text("help\rhelp views\rhelp attention_items\r\rquit\r")
    run_prompt(demo, "table", None)
    out = capsys.readouterr().out
    assert "One row per run: its stages added up." in out
    assert "Ideas with status skipped." in out


def test_history_stays(
    demo: Warehouse, keyboard: PipeInput, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "state" / "history"
    keyboard.send_text("select 42 as answer;\rexit\r")
    run_prompt(demo, "csv", file)
    assert "+select 42 as answer;" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    keyboard.send_text("\x1b[A\x1b[A\rexit\r")  # two up: over exit, to the query
    run_prompt(demo, "csv", file)
    assert capsys.readouterr().out.splitlines().count("42") == 2


def test_the_prompt_opens_on_a_terminal(demo_warehouse: Path, tmp_path: Path) -> None:
    terminal, other_end = pty.openpty()
    prompt = subprocess.Popen(
        [sys.executable, "-m", "igny8_analysis", "sql", "--warehouse", str(demo_warehouse)],
        env=os.environ | {"TERM": "xterm", "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1"},
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
    )
    os.close(other_end)
    try:
        read_until(terminal, "igny8>")
        os.write(terminal, b"select 'a' || 'nswer' as found from attention_it\t")
        read_until(terminal, "ems")  # what Tab added
        os.write(terminal, b" limit 1;\r")
        assert "found" in read_until(terminal, " answer")
        os.write(terminal, b"exit\r")
        with suppress(OSError):  # the terminal closes with the prompt
            read_until(terminal, "nothing else comes")
        assert prompt.wait(timeout=20) == 0
    finally:
        prompt.kill()
        prompt.wait()
        os.close(terminal)
    assert "'nswer' as found" in (tmp_path / "igny8" / "sql_history").read_text(encoding="utf-8")


def read_until(terminal: int, text: str, seconds: float = 20) -> str:
    seen, end = "", time.monotonic() + seconds
    while text not in seen:
        assert time.monotonic() < end, f"{text!r} did not come in {seen!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            seen += os.read(terminal, 65_536).decode(errors="replace")
    return seen
