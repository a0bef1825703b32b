"""Nothing is lost: source = lake = warehouse, the same twice, and the pipeline's history stays."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

import igny8_analysis.load
from igny8_analysis import connect
from igny8_analysis.etl import extract, history, lake
from igny8_analysis.etl.contracts import LAKE_TABLES
from igny8_analysis.etl.demo import AS_OF, write_sqlite
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.resources import MACHINE, Resources
from igny8_analysis.load import load
from tests.cases import items, make_source, run, site
from tests.command import igny8
from tests.conftest import run_sql
from tests.lakes import grow, in_lake
from tests.trust.processes import assert_told, query

LITTLE = 4
"""Megabytes, of which the demo needs more."""


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def reconciliation(root: Path) -> dict[str, Any]:
    with connect(root) as warehouse:
        found = warehouse.manifest["reconciliation"]
    for measure in found.values():
        assert measure["source"] == measure["lake"] + measure["quarantined"]
        assert measure["lake"] == measure["warehouse"]
    return dict(found)


def test_all_of_a_loose_source_arrives(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "loose.sqlite", "loose")
    load(url(tmp_path / "loose.sqlite"), tmp_path / "data", AS_OF)
    found = reconciliation(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "loose.sqlite")) as source:
        for measure, table in (
            ("accounts", "igny8_tenants"),
            ("sites", "igny8_sites"),
            ("runs", "igny8_automation_runs"),
        ):
            assert source.execute(f"select count(*) from {table}").fetchone() == (found[measure]["source"],)
        (credits,) = source.execute(
            "select sum(total_credits_used) from igny8_automation_runs where total_credits_used > 0"
        ).fetchone()
    assert credits == pytest.approx(found["credits"]["source"], abs=1e-6)
    assert found["runs"]["quarantined"] == 1


def test_all_of_postgresql_arrives(small_postgres: str, tmp_path: Path) -> None:
    load(small_postgres, tmp_path)
    found = reconciliation(tmp_path)
    runs = "select count(*), sum(greatest(total_credits_used, 0))::text from igny8_automation_runs"
    assert query(small_postgres, runs) == [(found["runs"]["source"], str(found["credits"]["lake"]))]
    counted = sum(
        query(
            small_postgres,
            f"select count(*) from igny8_{table} where not is_deleted {'' if table in plain else 'and not disabled'}",
        )[0][0]
        for plain in [("tasks", "content", "images")]
        for table in ("keywords", "clusters", "content_ideas", *plain)
    )
    assert found["items"]["lake"] == counted


@pytest.mark.parametrize("what", ["row", "credit", "view"])
def test_a_loss_stops_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """A row lost on the way, a credit that changed, a view that drops rows: each is noticed."""
    source = make_source(
        tmp_path / "s.sqlite", [site(1)], [run(n, f"2026-02-0{n}T08:00:00Z", credits=10) for n in range(1, 9)]
    )
    grow(url(source), tmp_path / "data", AS_OF)
    before = lake.current_version(tmp_path / "data")
    if what == "view":
        monkeypatch.setattr(igny8_analysis.load, "totals", lambda database, resources: defaultdict(Decimal))
    else:
        queries = tmp_path / "queries"
        queries.mkdir()
        for file in extract.QUERIES.iterdir():
            (queries / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        text = (queries / "automation_runs.sql").read_text(encoding="utf-8")
        changed = (
            f"{text} where id <> 3"
            if what == "row"
            else text.replace(
                "cast(total_credits_used as text)", "cast(total_credits_used + (id = 3) as text)"
            )
        )
        assert changed != text
        (queries / "automation_runs.sql").write_text(changed, encoding="utf-8")
        monkeypatch.setattr(extract, "QUERIES", queries)
    with pytest.raises(LoadError, match="differ"):
        load(url(source), tmp_path / "data")
    assert lake.current_version(tmp_path / "data") == before
    assert len(list((tmp_path / "data" / "versions").iterdir())) == 1


def test_what_cannot_be_read_is_quarantined_and_shown(tmp_path: Path) -> None:
    rows = [run(n, f"2026-02-0{n}T08:00:00Z", credits=10) for n in range(1, 9)]
    source = make_source(tmp_path / "s.sqlite", [site(1)], rows, items("keywords", "new", 3, site_id="one"))
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("update igny8_automation_runs set started_at = 'yesterday' where id = 3")
        connection.execute("update igny8_automation_runs set site_id = null where id = 4")
        connection.execute("insert into igny8_sites (id, name) values ('x', 'no id')")
    load(url(source), tmp_path / "data")
    found = reconciliation(tmp_path / "data")
    assert {name: counts["quarantined"] for name, counts in found.items() if counts["quarantined"]} == {
        "sites": 1, "runs": 2, "credits": 20, "items": 3,
    }  # fmt: skip
    done = igny8("quality", "--format", "json", "--warehouse", tmp_path / "data")
    assert {(row["source_table"], row["reason"]) for row in json.loads(done.stdout)["quarantine"]} == {
        ("igny8_automation_runs", "started_at is not a time"),
        ("igny8_automation_runs", "site_id is not a whole number"),
        ("igny8_sites", "id is not a whole number"),
        ("igny8_keywords", "site_id is not a whole number: 3 items"),
    }
    assert igny8("quality", "--strict", "--quiet", "--warehouse", tmp_path / "data").returncode == 1
    assert igny8("quality", 1, "--strict", "--quiet", "--warehouse", tmp_path / "data").returncode == 0


def test_numbers_whose_sum_no_number_holds_are_findings(tmp_path: Path) -> None:
    """Credits of 30 digits each: what compares them with the source sums them up, too."""
    rows = [run(n, "2026-02-01T08:00:00Z", credits="9" * 30) for n in range(1, 301)]
    source = make_source(tmp_path / "s.sqlite", [site(1)], rows)
    grow(url(source), tmp_path / "data", AS_OF)
    found = "select count(*), min(value_text) from lake.value_findings where key = 'total_credits_used'"
    assert in_lake(tmp_path / "data", found) == [(300, "9" * 30)]


@pytest.mark.parametrize(("bad", "good", "stops"), [(9, 0, False), (10, 990, False), (10, 900, True)])
def test_too_much_that_cannot_be_read_stops_the_load(
    tmp_path: Path, bad: int, good: int, stops: bool
) -> None:
    rows = [run(n, "2026-02-01T08:00:00Z") for n in range(1, good + 1)]
    rows += [run(5000 + n, "2026-02-01T08:00:00Z") | {"started_at": "then"} for n in range(bad)]
    source = make_source(tmp_path / "s.sqlite", [site(1)], rows)
    if not stops:
        (runs,) = (m for m in grow(url(source), tmp_path / "data", AS_OF).measures if m.name == "runs")
        assert runs.quarantined == bad
        return
    with pytest.raises(LoadError, match="10 of 910 rows of igny8_automation_runs cannot be read"):
        load(url(source), tmp_path / "data")
    assert not (tmp_path / "data" / "current").exists()


def test_a_run_that_is_there_twice_stops_the_load(tmp_path: Path) -> None:
    """Whenever each of the two started; another site's run may have the same id."""
    sites = [site(1, "a.example"), site(2, "b.example")]
    runs = [run(7, "2026-02-01T08:00:00Z"), run(7, "2026-02-02T08:00:00Z", site_id=2)]
    apart = make_source(tmp_path / "apart.sqlite", sites, runs)
    assert grow(f"sqlite:///{apart}", tmp_path / "data", AS_OF).catalogue.warnings == []
    twice = make_source(tmp_path / "twice.sqlite", sites, [*runs, run(7, "2026-02-03T08:00:00Z")])
    with pytest.raises(
        LoadError, match=r"runs, rule \(site_id, id\) is unique: 1 keys are repeated, first \(1, 7\)"
    ):
        grow(f"sqlite:///{twice}", tmp_path / "twice", AS_OF)


def test_an_unchanged_source_gives_the_same_files(small_postgres: str, tmp_path: Path) -> None:
    """Byte for byte, also where PostgreSQL keeps the rows in another order."""
    load(small_postgres, tmp_path)
    run_sql(
        small_postgres,
        "create table shuffled as select * from igny8_automation_runs order by random()",
        "delete from igny8_automation_runs",
        "insert into igny8_automation_runs select * from shuffled",
    )
    grow(small_postgres, tmp_path, AS_OF)
    newer, older = (version.manifest()["tables"] for version in lake.list_versions(tmp_path))
    grown = {"alert_keys", "pipeline_items", "loads"}  # the first of them: what the load before said
    for name in LAKE_TABLES:
        assert (newer[name]["sha256"] == older[name]["sha256"]) == (name not in grown), name


def test_many_row_groups_are_the_same_twice(tmp_path: Path) -> None:
    """More rows than one row group holds, written by two threads."""
    base = run(1, "2026-02-01T08:00:00Z", stages={1: (50, 4, 20)})
    rows = [base | {"id": n, "run_id": f"run_{n * 7919 % 20011}"}
            for n in range(1, 20_001)]  # fmt: skip
    source = make_source(tmp_path / "s.sqlite", [site(1)], rows, items("keywords", "new"))
    for day in range(2):
        grow(url(source), tmp_path / "data", AS_OF + timedelta(days=day))
    newer, older = (version.manifest()["tables"] for version in lake.list_versions(tmp_path / "data"))
    assert newer["run_stages"]["rows"] == 140_000
    assert [name for name in LAKE_TABLES if newer[name]["sha256"] != older[name]["sha256"]] == [
        "pipeline_items",
        "loads",
    ]


def test_too_little_memory_is_told_in_our_words(
    demo_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Resources, "doubled", lambda _: None)
    with pytest.raises(LoadError, match=r"allow it more \(--memory\), or fewer threads") as told:
        load(url(demo_source), tmp_path, AS_OF, resources=Resources(threads=2, megabytes=LITTLE))
    assert "SET threads" not in str(told.value), "DuckDB's own advice, which helps with no load"


def test_what_runs_out_of_memory_is_read_again_alone_and_then_with_more(
    demo_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = Resources(threads=2, megabytes=LITTLE)
    with monkeypatch.context() as patched:
        patched.setattr(Resources, "doubled", lambda _: None)
        with pytest.raises(duckdb.OutOfMemoryException):
            grow(demo_postgres, tmp_path / "little", AS_OF, resources=little)
    written = []
    more = Resources(threads=2, megabytes=9)  # of which two steps find none side by side
    for resources in (little, more, MACHINE):
        root = tmp_path / str(resources.megabytes)
        found = grow(demo_postgres, root, AS_OF, resources=resources)
        tables = lake.list_versions(root)[0].manifest()["tables"]
        written.append(
            (set(found.measures), found.as_read.keys(), {name: tables[name]["sha256"] for name in tables})
        )
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize(
    "read",
    [history.alert_keys, partial(history.growing_rows, table="pipeline_items")],
    ids=["alerts", "history"],
)
def test_memory_that_does_not_do_is_no_damage(demo_warehouse: Path, read: Callable[..., object]) -> None:
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '100KB'; set temp_directory = ''")
        with pytest.raises(duckdb.OutOfMemoryException):
            read(connection, lake.find_version(demo_warehouse))


def test_the_history_of_the_pipeline_outlives_its_versions(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for number in (1, 2, 3, 4):
        source = make_source(
            tmp_path / f"{number}.sqlite",
            [site(1)],
            [run(n, f"2026-02-0{n}T08:00:00Z") for n in range(1, number + 1)],
            items("keywords", "new", number),
        )
        if number < 3:
            grow(url(source), root, AS_OF)
        elif number == 3:
            load(url(source), root, keep=2)
    done = igny8("etl", "--full", "--source", url(source), "--warehouse", root, "--keep", 2)
    assert done.returncode == 0, done.stderr
    versions = json.loads(igny8("versions", "--warehouse", root, "--format", "json").stdout)
    assert [(v["version"].rpartition("-")[2], v["runs"], v["is_current"]) for v in versions] == [
        ("0004", 4, True),
        ("0003", 3, False),
    ]
    assert all(v["bytes"] > 100_000 and v["seconds"] > 0 and v["findings"] == 0 for v in versions)
    assert {path.name for path in (root / "versions").iterdir()} == {v["version"] for v in versions}
    with connect(root) as warehouse:
        counts = (
            "select load_number, sum(items) from pipeline_items group by load_number order by load_number"
        )
        assert warehouse.sql(counts).fetchall() == [(1, 1), (2, 2), (3, 3), (4, 4)]
        assert warehouse.sql("select load_number, runs from loads order by 1").fetchall() == [
            (1, 1), (2, 2), (3, 3), (4, 4),
        ]  # fmt: skip
    older = versions[1]["version"]
    done = igny8("overview", 1, "--version", older, "--warehouse", root, "--format", "json")
    assert json.loads(done.stdout)["run_statistics"]["total_runs"] == 3
    assert_told(
        igny8("overview", 1, "--version", "20200101T000000Z-0001", "--warehouse", root), 4, "igny8 versions"
    )
    assert_told(igny8("etl", "--source", "sqlite:///x", "--warehouse", root, "--keep", 0), 2, "--keep")


@pytest.mark.parametrize("text", ["", "nonsense", "../../etc", "20200101T000000Z-0009"])
def test_a_damaged_directory_is_told(own_demo: Path, text: str) -> None:
    (own_demo / "current").write_text(text, encoding="utf-8")
    assert_told(igny8("sites", "--warehouse", own_demo), 4)


def test_a_newer_format_is_told(own_demo: Path) -> None:
    version = lake.find_version(own_demo)
    manifest = json.loads(version.manifest_file.read_text(encoding="utf-8"))
    assert manifest["format"] == 1
    version.manifest_file.write_text(json.dumps(manifest | {"format": 2}), encoding="utf-8")
    assert_told(igny8("sites", "--warehouse", own_demo), 4, "format 2")


def test_a_version_that_lacks_a_view_is_told(own_demo: Path) -> None:
    with duckdb.connect(lake.find_version(own_demo).database) as connection:
        connection.execute("drop table site_settings")
    assert_told(igny8("settings", 101, "--warehouse", own_demo), 4, "site_settings", "igny8 etl")
