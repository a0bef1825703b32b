"""Errors of use: one line on standard error that says what was wrong and what would work; nothing is written."""

from pathlib import Path

import pytest

from igny8_analysis import Warehouse
from tests.command import igny8
from tests.trust.processes import assert_told

NO_SITE = (3, "there is no site", "igny8 sites")
NO_RUN = (3, "has no run", "igny8 history")
SHARED = (3, "shared.example", "109, 111")
NO_VERSION = (4, "there is no version", "igny8 versions")
LATER = "20990101T000000Z-0099"
WRONG: list[tuple[list[str], tuple[int | str, ...]]] = [
    *(([command, "nowhere.example", *more], NO_SITE) for command, more in (
        ("overview", []), ("history", []), ("run", ["x"]), ("quality", []), ("forecast", []), ("backtest", []),
        ("explain", ["as_of"]), ("compare", ["a", "b"]), ("report overview", []), ("report run", ["x"]),
        ("report site", []), ("export runs --site", []),
    )),
    *(([command, "shared.example", *more], SHARED) for command, more in (
        ("overview", []), ("history", []), ("run", ["x"]), ("forecast", []), ("report overview", []),
    )),
    *(([command, "mysite.com", "run_1", *more], NO_RUN) for command, more in (
        ("run", []), ("explain", ["run.status"]), ("compare", ["run_2"]),
    )),
    (["report run", "mysite.com", "run_1"], NO_RUN),
    (["history", "101", "--page", "0"], (2, "page", "from 1")),
    (["history", "101", "--page", "-1"], (2, "page")),
    (["history", "101", "--page", "x"], (2, "--page")),
    (["history", "101", "--page-size", "0"], (2, "1 to 100")),
    (["history", "101", "--page-size", "101"], (2, "1 to 100")),
    (["report site", "101", "--last", "-1"], (2, "--last")),
    (["report all", "--jobs", "0"], (2, "--jobs")),
    (["report overview", "101", "-p", "since", "soon"], (2, "since", "date")),
    (["report overview", "101", "-p", "sinec", "2026-01-01"], (2, "sinec", "since")),
    (["etl"], (2, "--source")),
    (["etl", "--source", "sqlite:///none.sqlite"], (5, "none.sqlite")),
    (["etl", "--source", "sqlite:///x", "--as-of", "2026-02-30"], (2, "2026-02-30", "2026-03-01T12:00:00Z")),
    (["etl", "--source", "sqlite:///x", "--as-of", "yesterday"], (2, "yesterday")),
    (["etl", "--source", "sqlite:///x", "--keep", "0"], (2, "--keep")),
    (["etl", "--source", "sqlite:///x", "--memory", "9" * 18], (2, "--memory", "1000000000")),
    (["explain", "101", "no.such.metric"], (2, "no.such.metric")),
    (["explain", "101", "run_1", "efficiency.nonsense"], (2, "nonsense")),
    (["forecast", "101", "--method", "magic"], (2, "magic", "original")),
    (["backtest", "--method", "magic"], (2, "magic", "original")),
    (["export", "no_such_view"], (2, "no_such_view")),
    (["export", "loads", "--site", "101"], (2, "loads")),
    (["export", "runs", "-o", "no/such/folder/x.parquet"], (5, "no/such/folder/x.parquet")),
    (["sql", "select 1; select 2"], (2, "one SQL statement")),
    (["sql", "select * from nowhere"], (2, "nowhere")),
    (["overview", "101", "--format", "yaml"], (2, "yaml", "json")),
    (["overview"], (2, "SITE")),
    (["overview", "101", "102"], (2, "102")),
    (["overview", "101", "--nonsense"], (2, "--nonsense", "--help")),
    (["nonsense"], (2, "nonsense", "--help")),
    *(([command, *more, "--version", LATER], NO_VERSION) for command, more in (
        ("overview", ["101"]), ("sites", []), ("quality", []), ("sql", ["select 1"]), ("report all", []),
    )),
    *(([command, *more, "--warehouse", "empty"], (4, "no warehouse", "igny8 etl", "--warehouse")) for command, more in (
        ("overview", ["101"]), ("sites", []), ("versions", []), ("quality", []), ("sql", ["select 1"]),
        ("forecast", ["101"]), ("report all", []), ("report run", ["101", "x"]), ("export", ["runs"]),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("words", "told"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_an_error_of_use_is_one_line_and_writes_nothing(
    demo_warehouse: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    told: tuple[int | str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in demo_warehouse.rglob("*")}
    command, *rest = words
    at = [] if "--warehouse" in rest or command == "nonsense" else ["--warehouse", str(demo_warehouse)]
    done = igny8(*command.split(), *rest, *at)
    status, *hints = told
    assert isinstance(status, int)
    assert_told(done, status, *map(str, hints))
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in demo_warehouse.rglob("*")} == before


def test_a_failing_command_with_json_prints_nothing_on_standard_output(demo: Warehouse) -> None:
    root = str(demo.path.parent.parent)
    for words in (["overview", "nowhere.example"], ["run", "101", "x"], ["history", "101", "--page", "0"]):
        done = igny8(*words, "--format", "json", "--warehouse", root)
        assert done.stdout == ""
        assert done.returncode != 0
