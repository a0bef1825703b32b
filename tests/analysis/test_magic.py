"""`%%sql` in IPython: answers, variables, completion, errors in one line; charts and frames as people read them."""

import re
import sys
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from markupsafe import escape

from igny8_analysis import Warehouse
from igny8_analysis.completion import Dictionary
from igny8_analysis.magic import SqlMagic


@pytest.fixture
def shell(ipython: InteractiveShell) -> InteractiveShell:
    ipython.run_line_magic("load_ext", "igny8_analysis.magic")
    return ipython


def run(shell: InteractiveShell, code: str) -> Any:
    done = shell.run_cell(code)
    assert done.success
    return done.result


def test_a_cell_is_answered(shell: InteractiveShell) -> None:
    frame = run(shell, "%%sql\nselect site_id, label from sites where site_id = 101")
    assert frame.rows() == [(101, "mysite.com")]


def test_an_interval_is_told_as_a_text(shell: InteractiveShell) -> None:
    frame = run(shell, '%%sql\nselect interval 36 hours as a, 1 as "b c", interval 2 months as a2')
    assert frame.rows() == [("36:00:00", 1, "2 months")]


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


def test_what_is_no_parameter_asks_for_no_variable(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo, "site": 3, "cost": 5})
    found = run(shell, "%%sql\nselect '$cost' as a, $$in $usd$$ as b, $site as c  -- of $nobody")
    assert found.rows() == [("$cost", "in $usd", 3)]


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


def test_charts_are_drawn_here_in_the_house_theme_as_wide_as_the_page(shell: InteractiveShell) -> None:
    import altair as alt

    chart = alt.Chart(alt.Data(values=[{"a": 1, "b": "<script>alert(1)</script>"}])).mark_bar()
    chart = chart.encode(x="a:Q", color="b:N")
    shown, _ = shell.display_formatter.format(chart)
    html = shown["text/html"]
    assert "var(--stage-1)" in html
    assert 'width="960"' in html
    assert '[data-jp-theme-light="false"]' in html
    assert "<script" not in html
    assert shown["image/svg+xml"].startswith("<svg")
    assert "var(" not in shown["image/svg+xml"]
    assert not [mime for mime in shown if "vega" in mime]


def test_what_a_chart_sets_itself_stays(shell: InteractiveShell) -> None:
    import altair as alt

    chart = alt.Chart(alt.Data(values=[{"a": 1}])).mark_bar(color="#ff00ff").encode(x="a:Q")
    shown, _ = shell.display_formatter.format(
        chart.properties(width=300).configure_axis(labelColor="#00ff00")
    )
    html = shown["text/html"]
    assert "#ff00ff" in html.lower()
    assert "#00ff00" in html.lower()
    assert 'width="960"' not in html


def html_of(shell: InteractiveShell, frame: pl.DataFrame) -> str:
    assert shell.display_formatter is not None
    return str(shell.display_formatter.format(frame)[0]["text/html"])


def test_frames_are_read_as_pages_are(shell: InteractiveShell) -> None:
    frame = run(
        shell,
        "%%sql\nselect 197260 as credits, 12345 as site_id, 1330.5::decimal(18, 6) as cost, 0.07343 as wape, "
        "2::double as whole, 'mysite.com' as label, null as nothing, true as is_live, 'nan'::double as odd, "
        "timestamptz '2026-02-26 07:31:00+00' as at, '<script>alert(1)</script>' as hostile",
    )
    html = html_of(shell, frame)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert cells == [
        *("197,260", "12345", "1,330.50", "0.0734", "2", "mysite.com", "<i>null</i>", "true", "nan"),
        *("2026-02-26 07:31", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ]
    assert html.count("<tr>") == 2, "a head and a row, none of types"
    text = shell.display_formatter.format(frame)[0]["text/plain"]
    assert "197,260" in text
    assert "i32" not in text


def test_frames_show_a_hundred_rows_and_say_how_many_there_are(shell: InteractiveShell) -> None:
    assert html_of(shell, run(shell, "%sql from range(100)")).count("<td") == 100
    html = html_of(shell, run(shell, "%sql from range(12345)"))
    assert html.count("<td") == 100
    assert "12,345 rows, the first 100 are shown" in html
    assert "0 rows" in html_of(shell, run(shell, "%sql select 1 as one where false"))
    assert html_of(shell, pl.DataFrame()).endswith("<p>0 rows</p></div>")
    of_nulls = pl.DataFrame({"a": [None], "b": [float("inf")]}, schema={"a": pl.Float64, "b": pl.Float64})
    assert "inf" in html_of(shell, of_nulls)


def completed(shell: InteractiveShell, code: str) -> list[str]:
    """The code as each completion at its end leaves it."""
    with provisionalcompleter():
        return [code[: c.start] + c.text for c in shell.Completer.completions(code, len(code))]


def test_sites_runs_and_accounts_complete_in_python(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo, "site": demo.site("mysite.com")})
    run_ids = [run["run_id"] for run in demo.history("mysite.com", page_size=100)["runs"]]
    assert 'wh.site("mysite.com' in completed(shell, 'wh.site("')
    assert completed(shell, "x = wh.history('mysi") == ["x = wh.history('mysite.com"]
    assert completed(shell, 'wh.what_if("mysi') == ['wh.what_if("mysite.com']
    assert completed(shell, 'wh.brief(account="7') == ['wh.brief(account="7']
    assert 'wh.explain_account("46' in completed(shell, 'wh.explain_account("4')
    assert completed(shell, 'site.run("')[: len(run_ids)] == [f'site.run("{run_id}' for run_id in run_ids]
    start = run_ids[0][:-3]
    assert completed(shell, f'site.compare("{run_ids[1]}", "{start}') == [
        f'site.compare("{run_ids[1]}", "{run_id}' for run_id in run_ids if run_id.startswith(start)
    ]
    assert not [text for text in completed(shell, 'wh.sql("my') if "mysite.com" in text]


def test_what_a_name_in_a_cell_means_is_told(shell: InteractiveShell, demo: Warehouse) -> None:
    shell.push({"wh": demo})
    magic = SqlMagic(shell)
    dictionary = Dictionary(demo)
    cell = "%%sql\nselect s.domain, label from sites as s"
    for word, meaning in (
        ("domain", dictionary.columns["sites"]["domain"]),
        ("label", dictionary.columns["sites"]["label"]),
        ("sites", dictionary.grains["sites"]),
    ):
        assert meaning
        assert magic.meaning(cell, cell.index(word) + 2).startswith(meaning)
    assert magic.meaning(cell, 3) == ""
    assert magic.meaning("wh.sites", 8) == ""


def test_a_kernel_tells_what_a_name_in_a_cell_means_and_of_all_else_what_it_did(
    ipython: InteractiveShell, monkeypatch: pytest.MonkeyPatch, demo: Warehouse
) -> None:
    kernel = SimpleNamespace(do_inspect=lambda code, cursor, *more: "as ever")
    monkeypatch.setattr(ipython, "kernel", kernel, raising=False)
    ipython.run_line_magic("load_ext", "igny8_analysis.magic")
    told = kernel.do_inspect("%%sql\nfrom sites", 12)
    assert told["data"]["text/plain"].startswith(Dictionary(demo).grains["sites"])
    assert kernel.do_inspect("wh.sites", 8) == "as ever"


def test_a_site_can_be_picked_and_is_told_in_short(shell: InteractiveShell, demo: Warehouse) -> None:
    picked = demo.pick_site("mysite.com")
    assert picked.site.site_id == 101
    (sites, _) = picked._box.children
    ((live,),) = demo.sql("select count(*) from sites where is_live").fetchall()
    assert len(sites.options) == live
    sites.value = 102
    assert picked.site.site_id == 102
    told = [sentence["text"] for sentence in demo.brief(site=102)["sentences"]]
    assert picked.site.brief().pl()["text"].to_list() == told
    html = re.sub(r"</?(?:bdi|span)[^>]*>", "", picked.site.brief()._repr_html_())
    assert [text for text in told if escape(text) not in html] == []


def test_without_widgets_the_site_is_shown_all_the_same(
    demo: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    picked = demo.pick_site("mysite.com", show=lambda site: site.label)
    assert picked._box is None
    assert picked.site.site_id == 101
