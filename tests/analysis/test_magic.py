"""`%%sql` in IPython: answers, variables, completion, errors in one line; charts as SVG."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from igny8_analysis import Warehouse


@pytest.fixture
def shell(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IGNY8_WAREHOUSE", str(demo_warehouse))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.run_line_magic("load_ext", "igny8_analysis.magic")
    yield made
    made.history_manager.end_session()


def run(shell: InteractiveShell, code: str) -> Any:
    done = shell.run_cell(code)
    assert done.success
    return done.result


def test_a_cell_is_answered(shell: InteractiveShell) -> None:
    frame = run(shell, "%%sql\nselect site_id, label from sites where site_id = 101")
    assert frame.rows() == [(101, "mysite.com")]


def test_loading_twice_is_loading_once(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    matchers = len(shell.Completer.custom_matchers)
    shell.run_line_magic("load_ext", "igny8_analysis.lab")
    assert len(shell.Completer.custom_matchers) == matchers
    assert capsys.readouterr().out == ""


def test_a_name_keeps_the_answer_and_variables_go_in(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo, "account": 7, "least": 1})
    run(
        shell,
        "%%sql sites_of_account\nselect site_id from sites where account_id = $account and site_id > $least",
    )
    expected = demo.sql("select count(*) from sites where account_id = 7").fetchall()
    assert [(shell.user_ns["sites_of_account"].height,)] == expected
    assert isinstance(run(shell, "%sql select 1 as one"), pl.DataFrame)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%sql\nselect nope from sites", "nope"),
        ("%%sql\ncopy sites to 'x.csv'", "refused"),
        ("%%sql\nselect $missing", "no variable missing"),
        ("%%sql not a name\nselect 1", "name of a variable"),
    ],
)
def test_what_is_wrong_is_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, says: str
) -> None:
    assert not shell.run_cell(cell).success
    out, _ = capsys.readouterr()
    assert says in out
    assert out.startswith("igny8: ")
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%sql\nselect * from attention_it", "attention_items"),
        ("%%sql\nselect s.dom| from sites as s", "s.domain"),
        ("%%sql\nselect credit_var", "credit_variance_pct"),
        ("%%sql answer\nselect *\nfrom lake.acc", "lake.accounts"),
    ],
)
def test_names_complete_in_a_cell(shell: InteractiveShell, cell: str, expected: str) -> None:
    before, _, after = cell.partition("|")
    with provisionalcompleter():
        found = list(shell.Completer.completions(before + after, len(before)))
    texts = [before[: c.start] + c.text for c in found]
    assert any(text.endswith(expected) for text in texts), texts


def test_a_terminal_gets_no_control_character_of_a_frame(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo})
    frame = shell.run_cell("%%sql\nselect 'a' || chr(27) || '[31m' || chr(8238) as x").result
    assert shell.display_formatter is not None
    text = shell.display_formatter.format(frame)[0]["text/plain"]
    assert "a\\x1b[31m\\u202e" in text
    assert {c for c in text if not c.isprintable()} <= {"\n"}


def test_python_cells_complete_as_ever(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo})
    with provisionalcompleter():
        found = [c.text for c in shell.Completer.completions("wh.overv", 8)]
    assert any("overview_stats" in text for text in found)


def test_altair_charts_are_drawn_here(shell: InteractiveShell) -> None:
    import altair as alt

    chart = alt.Chart(alt.Data(values=[{"a": 1}])).mark_bar().encode(x="a:Q")
    shown, _ = shell.display_formatter.format(chart)
    assert shown["image/svg+xml"].startswith("<svg")
    assert not [mime for mime in shown if "vega" in mime or mime == "text/html"]


def test_frames_show_hostile_text_as_text(shell: InteractiveShell) -> None:
    frame = run(shell, "%%sql\nselect '<script>alert(1)</script>' as a")
    assert "<script" not in frame._repr_html_()
