"""The generated pages say what the program says, and each command teaches by example."""

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import document
from docs.generate import DOCS, helps, misfits, pages, stale
from igny8_analysis import Warehouse
from igny8_analysis.cli import cli
from igny8_analysis.warehouse.build import View

README = DOCS.parent / "README.md"
HELPS = {" ".join(path): text for path, text in helps(cli, "igny8")}


def test_generated_pages_are_not_stale(demo: Warehouse) -> None:
    assert stale(pages(demo)) == [], "make docs"


def test_a_page_that_was_changed_is_stale(demo: Warehouse, tmp_path: Path) -> None:
    made = {tmp_path / path.name: text for path, text in pages(demo).items()}
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    assert stale(made) == []
    (tmp_path / "cli.md").write_text("by hand", encoding="utf-8")
    (tmp_path / "dictionary.md").unlink()
    assert sorted(stale(made)) == ["cli.md", "dictionary.md"]


def test_nothing_is_described_that_is_not_there(demo: Warehouse) -> None:
    assert misfits(demo) == []


def test_a_description_of_nothing_is_found(demo: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    described = ({"label": "…", "no_such_column": "…"}, {"sites": {"domain": "…", "no_such_domain": "…"}})
    monkeypatch.setattr("docs.generate.column_descriptions", lambda: described)
    views = [View("sites", "staging", "-- One row per site.\n-- Or two.\nselect 1")]
    monkeypatch.setattr("docs.generate.load_views", lambda: views)
    assert misfits(demo) == [
        "no view has a column no_such_column",
        "sites has no column no_such_domain",
        "sites: its grain is more than a line",
    ]


def test_the_table_of_what_was_measured_is_not_stale() -> None:
    assert document.table() in document.PAGE.read_text(encoding="utf-8"), "python -m benchmarks.document"


@pytest.mark.parametrize("command", [name for name in HELPS if name != "igny8"])
def test_every_command_has_an_example(command: str) -> None:
    is_group = any(other.startswith(f"{command} ") for other in HELPS)
    examples = [line for line in HELPS[command].splitlines() if f"{line.strip()} ".startswith(f"{command} ")]
    assert examples or is_group, "its help lacks a line that begins with the command"


def test_every_query_that_is_shown_can_be_asked(demo: Warehouse) -> None:
    pages = [*HELPS.values(), *(file.read_text(encoding="utf-8") for file in (README, *DOCS.glob("*.md")))]
    queries = {query for page in pages for query in re.findall(r'igny8 sql [^"\n]*"([^"\n]+)"', page)}
    assert len(queries) > 3
    for query in queries:
        assert demo.sql(query).columns, query


def test_methods_name_views_and_columns_that_exist(demo: Warehouse) -> None:
    catalogue = "select table_name from duckdb_columns() union select column_name from duckdb_columns()"
    known = {name for (name,) in demo.sql(catalogue).fetchall()}
    named = set(re.findall(r"`([a-z_]+)`", (DOCS / "methods.md").read_text(encoding="utf-8")))
    assert named - known == set()


def test_each_finding_is_explained(demo: Warehouse) -> None:
    checks = {name for (name,) in demo.sql("select distinct check_name from data_quality").fetchall()}
    assert checks - set(re.findall(r"`(\w+)`", (DOCS / "words.md").read_text(encoding="utf-8"))) == set()


def test_each_promise_names_tests_that_exist() -> None:
    page = (DOCS / "promises.md").read_text(encoding="utf-8")
    written = Counter(
        name
        for file in Path(__file__).parent.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    )
    promises = [row for row in page.partition("\n## ")[0].splitlines() if re.match(r"\| (\*\*|…)", row)]
    assert len(promises) > 20
    for row in promises:
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named, row
        assert {name: written[name] for name in named if written[name] != 1} == {}
