"""Views as Parquet files: the same rows, complete or not at all; and CSV that spreadsheets open safely."""

import csv
import io
import os
from pathlib import Path

import polars as pl
import pytest

from igny8_analysis import Warehouse
from igny8_analysis.cli.output import FORMULA_STARTS
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.export import export_view, view_names
from tests.command import igny8


def test_every_view_is_the_same_rows(demo: Warehouse, tmp_path: Path) -> None:
    for view in view_names(demo):
        file, rows = export_view(demo, view, file=tmp_path / f"{view}.parquet")
        ((count,),) = demo.sql(f"select count(*) from {view}").fetchall()
        frame = pl.read_parquet(file)
        assert (rows, frame.height) == (count, count), view
        assert frame.columns == demo.sql(f"select * from {view} limit 0").columns


def test_credits_and_times_keep_their_types(demo: Warehouse, tmp_path: Path) -> None:
    file, _ = export_view(demo, "runs", 101, tmp_path / "runs.parquet")
    schema = pl.read_parquet_schema(file)
    assert schema["total_credits_used"] == pl.Decimal(18, 6)
    assert schema["started_at"] == pl.Datetime("us", "UTC")


def test_only_the_site_that_was_asked_for(
    demo: Warehouse, demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = igny8("export", "run_summary", "--site", "mysite.com", "--warehouse", str(demo_warehouse))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run_summary-101.parquet"]
    assert pl.read_parquet("run_summary-101.parquet")["site_id"].unique().to_list() == [101]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["run_sumary"], 2, "did you mean run_summary or"),
        (["runs; drop table x"], 2, "no view"),
        (["loads", "--site", "101"], 2, "not of sites"),
        (["runs", "--output", "runs.csv"], 2, "Parquet"),
        (["runs", "--site", "nowhere.example"], 3, "no site"),
        (["runs", "--output", "no/such/folder/file.parquet"], 5, "cannot be written"),
    ],
)
def test_what_cannot_be_exported_leaves_nothing(
    arguments: list[str], status: int, says: str, demo_warehouse: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = igny8("export", *arguments, "--warehouse", str(demo_warehouse))
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_whole_or_not_at_all(
    demo: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "sites.parquet"
    target.write_text("what was there", encoding="utf-8")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_batch", full)
    with pytest.raises(LoadError, match="No space left"):
        export_view(demo, "sites", file=target)
    assert target.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@sum(a1)", "\t=1", "=cmd|' /c calc'!a1", "a;=1+1", "b\t=2+2", "c\n=3", 'd;"=4"', "\uff1d1",
        'e";=5', "\r\n@x", ";;-1",
    ],
)  # fmt: skip
def test_csv_holds_no_formulas(text: str, demo_warehouse: Path) -> None:
    """Read as it is meant, and as a spreadsheet reads it whose separator is a semicolon or a tab."""
    quoted, name = text.replace("'", "''"), text.replace('"', '""')
    query = f"select 'x' as x, '{quoted}' as \"{name}\""
    done = igny8("sql", query, "--format", "csv", "--warehouse", str(demo_warehouse))
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(done.stdout, newline=""), delimiter=separator)
        assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS[:8])] == []
    header, row = csv.reader(io.StringIO(done.stdout, newline=""))
    assert header[1].replace("'", "") == row[1].replace("'", "") == text.replace("'", "")


def test_csv_quotes_texts_and_shows_what_acts(demo_warehouse: Path) -> None:
    query = "select 'a' || chr(27) || chr(13) || chr(155) || chr(8238) || 'b' as x, 'two' || chr(10) || 'lines' as y"
    done = igny8("sql", query, "--format", "csv", "--warehouse", str(demo_warehouse))
    assert done.stdout == '"x","y"\n"a\\x1b\\r\\x9b\\u202eb","two\nlines"\n'


def test_a_row_without_a_value_is_a_row_in_csv(demo_warehouse: Path) -> None:
    """Of one column: an empty line is skipped by whoever reads it."""
    query = "select nullif(range, 1) as x from range(3)"
    done = igny8("sql", query, "--format", "csv", "--warehouse", str(demo_warehouse))
    assert done.stdout == '"x"\n0\n""\n2\n'
    assert list(csv.DictReader(io.StringIO(done.stdout))) == [{"x": "0"}, {"x": ""}, {"x": "2"}]


def test_numbers_stay_numbers_in_csv(demo_warehouse: Path) -> None:
    query = (
        "select -1 as a, 2.50::decimal(9, 2) as b, null as c, timestamptz '2026-01-13 14:05:23Z' as d, "
        "0::decimal(18, 9) as e, [-1.5] as f, '\\xAB'::blob as g, 'nan'::double as h"
    )
    done = igny8("sql", query, "--format", "csv", "--warehouse", str(demo_warehouse))
    assert done.stdout == (
        '"a","b","c","d","e","f","g","h"\n-1,2.50,,2026-01-13T14:05:23Z,0.000000000,"[-1.5]","ab","nan"\n'
    )
