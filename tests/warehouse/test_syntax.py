"""What a query reads and gives: of every view what another parser says, and what that one cannot be asked."""

import pytest
import sqlglot
from sqlglot import exp

from igny8_analysis.etl.errors import LoadError
from igny8_analysis.reports.fingerprints import _columns
from igny8_analysis.warehouse.build import load_checks, load_views
from igny8_analysis.warehouse.syntax import Syntax


def test_every_view_reads_gives_and_is_sorted_by_what_another_parser_says() -> None:
    for view in (*load_views(), *load_checks()):
        tree = sqlglot.parse_one(view.sql, dialect="duckdb")
        assert isinstance(tree, exp.Query)
        common = {cte.alias for cte in tree.find_all(exp.CTE)}
        tables = {f"{t.db}.{t.name}".removeprefix(".") for t in tree.find_all(exp.Table)}
        order = tree.args.get("order")
        sorted_by = [column.name for column in order.find_all(exp.Column)] if order else []
        assert view.reads == tables - common, view.name
        assert list(view.columns) == tree.named_selects, view.name
        assert view.order == ("order by " + ", ".join(f'"{name}"' for name in sorted_by) if order else "")


def test_a_query_that_is_none_is_told() -> None:
    with pytest.raises(LoadError, match=r"syntax error .* in: selec 1"):
        Syntax("selec 1")


def test_what_is_called_the_same_in_two_places_is_read_in_both() -> None:
    """A page that forgot one of them would stay as it was when that changed."""
    query = "select a.x, (select max(a.y) from two as a) as y from one as a"
    assert _columns(query) == dict.fromkeys(("one", "two"), frozenset("axy"))


def test_a_star_is_of_what_it_names_or_of_all() -> None:
    assert _columns("with c as (select 1 as n) select a.*, b.x, count(*) from one as a, two as b, c") == {
        "one": frozenset("bx*"),
        "two": frozenset("bx"),
    }
    assert _columns("select * from one union all select x from two") == dict.fromkeys(
        ("one", "two"), frozenset("x*")
    )
