"""Where a warehouse lies says nothing of what is in it: no name of a folder is a column, a home or an option."""

import shutil
from pathlib import Path

import pytest

from igny8_analysis import connect
from igny8_analysis.errors import LoadError
from igny8_analysis.etl import lake, loading
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.etl.history import load_numbers
from igny8_analysis.load import load
from igny8_analysis.rebuild import rebuild
from tests.cases import AS_OF, make_source, site
from tests.conftest import sampled

FOUND_BY_PATTERN = {"a[1]b": "a1b", "x*y": "xzy", "d**": "d", "[!a]": "b", "p{q,r}": "pq"}
NUMBERS = "select site_id, account_id, domain, name from sites"


@pytest.mark.parametrize(
    "place", sampled(["~/data", "account_id=42/data", "load_number=9/data", "env=prod", "md:data"])
)
def test_no_name_of_a_folder_is_read_into_the_data(
    small_source: Path, small_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """DuckDB takes `~` for the home, `name=value` for a column, and `md:` for a service."""
    home = tmp_path / "home"
    shutil.copytree(small_warehouse, home / "data")
    at_home = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        load(f"sqlite:///{small_source}", Path(place), AS_OF)
    with connect(place) as warehouse, connect(small_warehouse) as usual:
        assert warehouse.sql(NUMBERS).fetchall() == usual.sql(NUMBERS).fetchall()
        assert warehouse.sql("select load_number from loads order by all").fetchall() == [(1,), (2,)]
    rebuild(f"{place}/versions/{lake.find_version(Path(place)).id}/lake", Path(place))
    with connect(place) as warehouse:
        assert warehouse.sql("select load_number from loads order by all").fetchall() == [(1,), (2,)]
    assert {file: file.read_bytes() for file in home.rglob("*") if file.is_file()} == at_home


@pytest.mark.parametrize("place", sampled(FOUND_BY_PATTERN))
def test_no_name_of_a_folder_is_a_pattern_that_finds_another_warehouse(
    small_source: Path, tmp_path: Path, place: str
) -> None:
    other = FOUND_BY_PATTERN[place]
    others = make_source(tmp_path / "others.sqlite", [site(8, "others.example"), site(9, "more.example")])
    for _ in range(2):
        load(f"sqlite:///{others}", tmp_path / other, AS_OF)
        load(f"sqlite:///{small_source}", tmp_path / place, AS_OF)
    rebuild(str(lake.find_version(tmp_path / place).lake), tmp_path / place)
    with connect(tmp_path / place) as warehouse, connect(tmp_path / other) as unlike:
        sites = warehouse.sql("select site_id from lake.sites order by all").fetchall()
        assert not set(sites) & set(unlike.sql("select site_id from lake.sites").fetchall())
        assert warehouse.sql("select load_number from loads order by all").fetchall() == [(1,), (2,)]
    described = lake.find_version(tmp_path / place).manifest()["tables"]["sites"]
    assert described["rows"] == len(sites)


@pytest.mark.parametrize(("place", "taken"), [("a?", "the beginning of options"), ("a\\b", "a folder's end")])
def test_a_place_that_duckdb_cannot_write_to_is_refused_at_once(
    small_source: Path, tmp_path: Path, place: str, taken: str
) -> None:
    with pytest.raises(UsageError, match=f"in a path for {taken}; name another directory"):
        load(f"sqlite:///{small_source}", tmp_path / place / "data", AS_OF)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/data"])
def test_a_file_in_the_place_of_a_warehouse_is_told(small_source: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(
        LoadError, match=f"{place} cannot be a warehouse: a file stands in its place; name another"
    ):
        load(f"sqlite:///{small_source}", tmp_path / place, AS_OF)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_place_that_spark_takes_for_a_pattern_is_refused_at_once(
    small_warehouse: Path, tmp_path: Path, java: str
) -> None:
    shutil.copytree(lake.find_version(small_warehouse).lake, tmp_path / "lake {1}")
    for lake_of, root in (
        (lake.find_version(small_warehouse).lake, "a[1]b"),
        (tmp_path / "lake {1}", "data"),
    ):
        with pytest.raises(UsageError, match=r"Spark cannot use .* in a path for patterns"):
            rebuild(str(lake_of), tmp_path / root, "spark")
        assert not (tmp_path / root).exists()


def test_a_build_of_an_earlier_lake_says_which_loads_it_lacks_and_prunes_none(
    small_source: Path, own_small: Path
) -> None:
    first = lake.find_version(own_small)
    for _ in range(2):
        load(f"sqlite:///{small_source}", own_small, AS_OF)
    report = rebuild(str(first.lake), own_small, keep=1)
    (warning,) = report.warnings
    assert "the counts of load 2, 3" in warning
    kept = lake.list_versions(own_small)
    assert len(kept) == 4
    assert set.union(*map(load_numbers, kept)) == {1, 2, 3}


def test_a_version_whose_lake_is_built_from_is_not_pruned(
    small_source: Path, own_small: Path, tmp_path: Path
) -> None:
    first = lake.find_version(own_small)

    def load_meanwhile(step: str) -> None:
        if step == "build warehouse":
            report = load(f"sqlite:///{small_source}", own_small, AS_OF, keep=1)
            assert report.held == [first.id]

    rebuild(str(first.lake), tmp_path / "other", progress=load_meanwhile)
    assert first in lake.list_versions(own_small)


def test_a_first_load_that_fails_at_the_switch_leaves_nothing(
    small_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(path: Path, text: str) -> None:
        path.write_text(text[:3], encoding="utf-8")
        if path.name == loading.PENDING:
            raise OSError(28, "No space left on device")
        path.write_text(text, encoding="utf-8")

    monkeypatch.setattr(loading, "write_durably", is_full)
    with pytest.raises(LoadError, match="No space left"):
        load(f"sqlite:///{small_source}", tmp_path / "data", AS_OF)
    assert list(tmp_path.iterdir()) == []
