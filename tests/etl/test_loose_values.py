"""Flags and ids as other tools write them, and the instants that a copy may be of."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from igny8_analysis import connect
from igny8_analysis.load import load
from igny8_analysis.reports.rows import Report
from tests.cases import items, make_source, run, site
from tests.command import igny8


def test_flags_and_ids_in_any_spelling(tmp_path: Path) -> None:
    """Of twelve keywords two are neither deleted nor disabled, and all are of one site."""
    path = make_source(
        tmp_path / "source.sqlite",
        [site(1, "a.example")],
        [run(1, "2026-02-01T08:00:00Z", stages={1: (5, 1, 2)})],
        items("keywords", "new", 12, is_deleted=0, disabled=0),
    )
    words = ["t", "True", "yes", "Y", "on", "1.0", "TRUE", 1.0]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("create table loose as select * from igny8_keywords")
        connection.execute("drop table igny8_keywords")
        connection.execute(
            "create table igny8_keywords (id, site_id, cluster_id, status, is_deleted, disabled)"
        )
        for number in range(12):
            deleted = words[number] if number < 8 else "f"
            disabled = "yes" if number in (8, 9) else "no"
            connection.execute(
                "insert into igny8_keywords values (?, ?, null, 'new', ?, ?)",
                [number, 1.0 if number % 2 else "1.0", deleted, disabled],
            )
    load(f"sqlite:///{path}", tmp_path / "data")
    with connect(tmp_path / "data") as warehouse:
        pending = "select site_id, sum(items) from pipeline_items where entity = 'keywords' group by all"
        assert warehouse.sql(pending).fetchall() == [(1, 2)]


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31", "2300-01-01", "0001-01-01"],
)
def test_no_copy_is_of_the_ends_of_time(tmp_path: Path, instant: str) -> None:
    done = igny8("etl", "--source", "sqlite:///x", "--as-of", instant, "--warehouse", str(tmp_path / "data"))
    assert done.returncode == 2
    assert "its year is from 1970 to 2199" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_text_of_20_mb_is_cut_where_it_is_shown_and_whole_in_the_views(tmp_path: Path) -> None:
    path = make_source(
        tmp_path / "source.sqlite",
        [site(1, "a.example")],
        [run(1, "2026-02-01T08:00:00Z", stages={1: (5, 1, 2)}, error_message="x" * 20_000_000)],
        [],
    )
    load(f"sqlite:///{path}", tmp_path / "data")
    with connect(tmp_path / "data") as warehouse:
        assert warehouse.sql("select length(error_message) from runs").fetchall() == [(20_000_000,)]
        ((shown,),) = (row.values() for row in Report(warehouse, {}).rows("select error_message from runs"))
        assert shown == "x" * 8_000 + "… (20,000,000 characters)"
    done = igny8("sql", "select error_message from runs", "--warehouse", str(tmp_path / "data"))
    assert done.stdout.rstrip().endswith("x… (20,000,000 characters)")
    assert len(done.stdout) < 100_000
