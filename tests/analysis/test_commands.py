"""What holds for every command: examples, exit status, formats, shell completion."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from igny8_analysis import Warehouse
from igny8_analysis.cli import COMMANDS, cli
from igny8_analysis.cli.forecast import complete_site_or_metric
from igny8_analysis.cli.options import complete_sites
from igny8_analysis.cli.output import print_table
from tests.command import igny8

CONTEXT = click.Context(cli)
FOUND = {name: cli.get_command(CONTEXT, name) for name in COMMANDS}
SITE, RUN, OTHER = "mysite.com", "run_20260226_073127_manual", "run_20260225_020000_scheduled"
HOSTILE = "114"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
READING: dict[str, list[list[str]]] = {
    "overview": [[SITE], [HOSTILE]],
    "history": [[SITE], [HOSTILE]],
    "run": [[SITE, RUN]],
    "sites": [[], ["--deleted"]],
    "account": [["7"]],
    "settings": [[SITE], [HOSTILE]],
    "alerts": [[], [HOSTILE]],
    "brief": [[SITE]],
    "quality": [[], [SITE], [HOSTILE]],
    "compare": [[SITE, OTHER, RUN]],
    "forecast": [[SITE], [HOSTILE]],
    "backtest": [[], [SITE], [HOSTILE]],
    "explain": [[SITE, RUN, "efficiency.credits_per_item"], [SITE, "run_statistics.total_runs"]],
    "sql": [["select site_id, name from sites"], ["select * from runs where site_id = 114"]],
    "versions": [[]],
}
EACH = [pytest.param(name, words, id=" ".join([name, *words])) for name in READING for words in READING[name]]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_it_does(name: str) -> None:
    done = igny8(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: igny8 {name}" in done.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_the_commands_are_told_in_a_line_each_and_none_is_cut(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = igny8("--help").stdout.splitlines()
    assert max(map(len, lines)) <= width
    told = [line.split(maxsplit=1) for line in lines if line.startswith("  ") and line.split()[0] in COMMANDS]
    assert [name for name, _ in told] == list(COMMANDS)
    assert [text for _, text in told if not text.endswith(".") or text.endswith("..")] == []


def test_report_alone_says_what_there_is() -> None:
    assert igny8("report").stdout == igny8("report", "--help").stdout


def test_no_site_found_is_told_to_people(demo_warehouse: Path) -> None:
    command = ["sites", "nowhere", "--warehouse", str(demo_warehouse)]
    assert "No site has 'nowhere'" in igny8(*command).stdout
    assert igny8(*command, "--format", "json").stdout == "[]\n"


def printed(monkeypatch: pytest.MonkeyPatch, columns: list[str], rows: list[list[object]]) -> list[str]:
    """The lines of a table on a terminal of 60 columns."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(columns, rows)
    lines = click.unstyle(terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= 60
    return lines


def test_what_is_copied_from_a_narrow_terminal_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ["site_id", "run_id", "total_credits_used", "status", "detail"]
    lines = printed(monkeypatch, columns, [[12345, RUN, 1416, "completed", "many words " * 8]])
    assert {"12345", RUN, "1,416"} < set(" ".join(lines).split())


def test_columns_that_do_not_fit_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ["method", "window", *(f"measure_{n}" for n in range(8))]
    lines = printed(monkeypatch, columns, [["flow", name, *range(1000, 1008)] for name in ("all", "last_30")])
    assert [line.split() for line in lines if "last_30" in line] == [
        ["flow", "last_30", "1,000", "1,001", "1,002", "1,003"]
    ]
    told = " ".join(" ".join(lines).split())
    assert "4 columns do not fit: measure_4, measure_5, measure_6, measure_7 (--wide" in told


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_what_the_command_takes(name: str) -> None:
    """Each example parses: its options exist and its arguments are as many as are needed."""
    import shlex

    for path, command in leaves(name, FOUND[name]):
        prefix = f"  igny8 {path} "
        examples = [
            f"{line} " for line in (command.epilog or "").splitlines() if f"{line} ".startswith(prefix)
        ]
        assert examples, f"igny8 {path} has no example"
        for example in examples:
            line = example.removeprefix(prefix).split(" > ")[0].split(" >> ")[0]
            words = shlex.split(line)
            if "--file" in words:
                words[words.index("--file") + 1] = "/dev/null"
            with command.make_context(path, words):
                pass


def leaves(path: str, command: click.Command | None) -> list[tuple[str, click.Command]]:
    assert command is not None
    if not isinstance(command, click.Group):
        return [(path, command)]
    return [
        leaf for name in command.list_commands(CONTEXT)
        for leaf in leaves(f"{path} {name}", command.get_command(CONTEXT, name))
    ]  # fmt: skip


def test_every_command_that_takes_a_format_is_tried() -> None:
    taking = {
        name
        for name, command in FOUND.items()
        if command and any(p.name == "format_" for p in command.params)
    }
    assert taking - {"check"} == set(READING)  # which reads no warehouse


@pytest.mark.parametrize(("name", "words"), EACH)
def test_every_format_prints(name: str, words: list[str], demo_warehouse: Path) -> None:
    command = [name, *words, "--warehouse", str(demo_warehouse)]
    assert json.loads(igny8(*command, "--format", "json").stdout)
    rows = list(csv.reader(io.StringIO(igny8(*command, "--format", "csv").stdout, newline="")))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if is_formula(cell)] == []
    table = igny8(*command)
    assert (table.returncode, table.stderr) == (0, "")
    assert "\x1b" not in table.stdout, "colour only on a terminal"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute a cell: what begins so and is no number."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not NUMBER.fullmatch(cell)


def test_strict_quality_fails_for_errors_and_not_for_warnings(demo: Warehouse, demo_warehouse: Path) -> None:
    for site, worst in ((SITE, "warning"), (HOSTILE, "error")):
        found = demo.sql("select severity from data_quality where site_id = ?", [demo.resolve_site(site)])
        assert {severity for (severity,) in found.fetchall()} == {worst, "info"}
        done = igny8("quality", site, "--strict", "--quiet", "--warehouse", str(demo_warehouse))
        assert (done.returncode, done.stdout) == (int(worst == "error"), "")


@pytest.mark.parametrize(("name", "words"), [each for each in EACH if SITE in each.values[1]])
def test_an_unknown_site_is_exit_status_3(name: str, words: list[str], demo_warehouse: Path) -> None:
    arguments = ["nowhere.example", *words[1:]]
    done = igny8(name, *arguments, "--format", "json", "--warehouse", str(demo_warehouse))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1


def complete(line: str, **environment: str) -> list[str]:
    words = line.split(" ")
    asked = {"_IGNY8_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [Path(sys.executable).with_name("igny8")],
        env=os.environ | asked | environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [answer.removeprefix("plain,") for answer in done.stdout.split()]


def test_the_shell_completes_commands_sites_and_views(demo_warehouse: Path) -> None:
    warehouse = str(demo_warehouse)
    assert complete("igny8 comp") == ["compare", "completion"]
    assert complete("igny8 overview mys", IGNY8_WAREHOUSE=warehouse) == [SITE]
    assert "run_statistics" in complete("igny8 export run_s", IGNY8_WAREHOUSE=warehouse)


def test_explain_completes_a_site_or_of_an_account_a_metric(demo_warehouse: Path) -> None:
    warehouse = str(demo_warehouse)
    assert complete("igny8 explain mys", IGNY8_WAREHOUSE=warehouse) == [SITE]
    assert complete("igny8 explain --account 1 mys", IGNY8_WAREHOUSE=warehouse) == []
    assert complete("igny8 explain --account 1 spend_months.cr", IGNY8_WAREHOUSE=warehouse) == [
        "spend_months.credits_so_far",
        "spend_months.credits_expected",
        "spend_months.credits_month_before",
    ]


def test_every_site_completes() -> None:
    for name, command in FOUND.items():
        for path, leaf in leaves(name, command):
            for param in leaf.params:
                completer = getattr(param, "_custom_shell_complete", None)
                assert param.name != "site" or completer in (complete_sites, complete_site_or_metric), path


def test_completion_without_a_warehouse_says_nothing(tmp_path: Path) -> None:
    assert complete("igny8 overview mys", IGNY8_WAREHOUSE=str(tmp_path)) == []
    assert complete("igny8 export ru", IGNY8_WAREHOUSE=str(tmp_path)) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_shell_reads(shell: str) -> None:
    done = igny8("completion", shell)
    assert done.returncode == 0
    assert f"_IGNY8_COMPLETE={shell}_complete" in done.stdout
