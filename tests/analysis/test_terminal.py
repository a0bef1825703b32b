"""What a terminal of 80 or 120 columns shows, a pipe, and --wide and --columns."""

import csv
import io
import itertools
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from igny8_analysis import Warehouse, frames, payloads
from igny8_analysis.cli.figures import LONGEST_NAME, exact, heading, written
from igny8_analysis.etl.demo import DemoSite
from igny8_analysis.load import load
from igny8_analysis.reports import formats
from igny8_analysis.stages import with_label
from igny8_analysis.text import visible
from tests.cases import make_source, run, site
from tests.command import igny8
from tests.conftest import sampled
from tests.pages import notebooks_here
from tests.trust.processes import on_a_terminal

SITE, RUN, BEFORE = "mysite.com", "run_20260226_073127_manual", "run_20260225_020000_scheduled"
COMMANDS = [
    ["overview", SITE], ["overview", "114"], ["history", SITE], ["run", SITE, "298"], ["compare", SITE, "297", "298"],
    ["sites"], ["quality", "102"], ["account", "7"], ["forecast", SITE], ["backtest", SITE], ["alerts"],
    ["brief", SITE], ["explain", SITE, "298", "efficiency.credits_per_item"],
]  # fmt: skip


def lines_on_a_terminal(columns: int, *words: str) -> list[str]:
    """The lines that a command sends to a terminal so wide, without colours."""
    status, sent = on_a_terminal(*words, columns=columns)
    assert status == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", sent).replace("\r", "").splitlines()


@pytest.mark.parametrize("columns", sampled([80, 120], quick=1))
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_line_is_too_long_and_no_name_is_broken(
    words: list[str], columns: int, demo: Warehouse, demo_warehouse: Path
) -> None:
    lines = lines_on_a_terminal(columns, *words, "--warehouse", str(demo_warehouse))
    assert max(map(len, lines)) <= columns
    heads = [line.split() for line, rule in itertools.pairwise(lines) if set(rule.strip()) == {"─"}]
    assert heads or words[0] == "brief"
    known = {name for (name,) in demo.sql("select distinct column_name from duckdb_columns()").fetchall()}
    known |= {heading(name) for name in known}
    for word in (word for head in heads for word in head if "_" in word and "." not in word):
        assert word in known | {"source_table", "row_key"}, f"{word} is a piece of a name"


def test_what_is_left_out_is_named_and_can_be_had(demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    narrow = lines_on_a_terminal(80, "history", SITE, "--page-size", "3", *where)
    told = " ".join(narrow)
    assert "6 columns do not fit: run_id," in told
    assert "(--wide shows all, --columns NAMES chooses)" in told
    wide = lines_on_a_terminal(80, "history", SITE, "--page-size", "3", "--wide", *where)
    assert "do not fit" not in " ".join(wide)
    assert any("#298" in line and RUN in line for line in wide)
    chosen = lines_on_a_terminal(80, "history", SITE, "--columns", "run_id, run", *where)
    assert ["run_id", "run"] in [line.split() for line in chosen]
    assert [RUN, "#298"] in [line.split() for line in chosen]


def test_what_matters_most_is_left_out_last(demo_warehouse: Path) -> None:
    lines = lines_on_a_terminal(80, "alerts", "--warehouse", str(demo_warehouse))
    assert {"severity", "message"} <= {word for line in lines[:3] for word in line.split()}
    lines = lines_on_a_terminal(80, "quality", SITE, "--warehouse", str(demo_warehouse))
    assert any(line.split()[-1:] == ["detail"] for line in lines)


def test_columns_are_chosen_in_tables_and_csv_and_by_name(demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    done = igny8("sites", "--columns", "domain,site_id", "--format", "csv", *where)
    assert done.stdout.splitlines()[:2] == ['"domain","site_id"', '"mysite.com",101']
    table = igny8("run", SITE, RUN, "--columns", "stage_number,duration_seconds", *where)
    assert table.stdout.split()[:2] == ["stage", "duration"]
    assert "efficiency" not in table.stdout
    for words, told in (
        (["sites", "--columns", "domane"], "there is no column 'domane'; there are site_id, domain,"),
        (["sites", "--columns", ","], "names no column"),
        (["overview", SITE, "--columns", "value", "--format", "json"], "JSON has every field"),
    ):
        done = igny8(*words, *where)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert told in done.stderr


@pytest.mark.slow
def test_long_names_are_cut_in_tables_alone(tmp_path: Path) -> None:
    name, domain = "N" * 300, f"{'d' * 60}.example"
    source = make_source(tmp_path / "s.sqlite", [site(1, domain, name)], [run(1, "2026-02-01T08:00:00Z")])
    load(f"sqlite:///{source}", tmp_path / "data")
    where = ("--warehouse", str(tmp_path / "data"))
    for words in (["sites"], ["overview", "1"], ["history", "1"], ["run", "1", "latest"]):
        table = igny8(*words, *where).stdout
        assert name not in table
        assert domain not in table.replace(f" {domain} ", "") or words[0] == "run"
    assert "N" * (LONGEST_NAME - 1) + "…" in igny8("sites", *where).stdout
    assert name in igny8("sites", "--wide", *where).stdout
    assert json.loads(igny8("sites", "--format", "json", *where).stdout)[0]["name"] == name
    (_, row) = csv.reader(io.StringIO(igny8("sites", "--format", "csv", *where).stdout))
    assert row[1:3] == [domain, name]


def test_what_joins_letters_and_pictures_is_no_control_character() -> None:
    joined = "می\u200cخر 👩\u200d👧"
    assert visible(joined) == joined
    assert visible(f"{joined}\u202e\u2066\x1b") == joined + "\\u202e\\u2066\\x1b"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("duration_seconds", 3504, "58 min 24 s"),
        ("duration difference", -60, "−1 min"),
        ("success_rate_pct", 94.8, "94.8 %"),
        ("credit_variance_pct", 23.4, "+23 %"),
        ("budget_90", 1177.15, "1,178"),
        ("avg_credits_per_item", 4.0234, "4.02"),
        ("avg_output_ratio", 0.0876, "0.088"),
        ("wape", 0.134, "13 %"),
        ("credits", 1360.4, "1,360"),
        ("difference", 86, "+86"),
        ("site_id", 12345, "12345"),
        ("started_at", "2026-02-26T07:31:27Z", "2026-02-26 07:31"),
        ("as_of", "2026-02-26T07:31:27.136542Z", "2026-02-26 07:31"),
        ("credits", None, "–"),
        ("is_on", True, "yes"),
        ("credits", float("nan"), "nan"),
    ],
)
def test_values_are_written_as_on_pages(name: str, value: object, expected: str) -> None:
    assert written(value, name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (0.00004, "4e-05"),
        (-0.0000123456, "-1.235e-05"),
        (Decimal("0.00000123456"), "0.000001235"),
        (0.0001, "0.0001"),
        (1e300, f"{1e300:,.0f}"),
        (datetime(1, 1, 1, 5, 6, 7, tzinfo=UTC), "0001-01-01 05:06:07"),
    ],
)
def test_an_answer_is_told_to_its_first_digits(value: object, expected: str) -> None:
    assert exact(value, "value") == expected


def test_when_the_data_are_of_is_told_to_the_minute_also_where_a_clock_said_it(tmp_path: Path) -> None:
    """A load without --as-of has its instant to the microsecond."""
    source = make_source(tmp_path / "s.sqlite", [site(1, "one.example")], [run(1, "2026-02-01T12:00:00Z")])
    load(f"sqlite:///{source}", tmp_path / "data", datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC))
    for words in (["overview", "1"], ["forecast", "1"], ["quality"], ["versions"]):
        told = igny8(*words, "--warehouse", tmp_path / "data").stdout
        assert "2026-03-01 12:00" in told, words
        assert "2026-03-01T12" not in told, words


def test_the_first_year_has_four_digits_as_all_others() -> None:
    first = datetime(1, 1, 1, 5, 6, tzinfo=UTC)
    assert (formats.instant(first), formats.iso(first)) == ("0001-01-01 05:06", "0001-01-01T05:06:00Z")
    assert frames._text(first) == "0001-01-01 05:06"


@pytest.mark.parametrize("value", [1e39, 1e300, -1.7976931348623157e308])
def test_no_number_is_too_large_to_be_written(value: float) -> None:
    assert formats.number(value).replace(",", "").replace("\N{MINUS SIGN}", "-") == f"{Decimal(str(value)):f}"


def test_answers_of_queries_are_not_rounded(demo_warehouse: Path) -> None:
    done = igny8(
        "sql", "select 1.2345 as credits, 3504 as duration_seconds", "--warehouse", str(demo_warehouse)
    )
    assert done.stdout.split()[-2:] == ["1.2345", "3,504"]


def test_numbers_round_as_payloads_do(demo: Warehouse) -> None:
    # The binary number nearest to 8918915.075 lies below it; payloads round what its shortest text says.
    for value in (8918915.075, 2.675, 1.005, 0.285):
        ((rounded,),) = demo.sql(
            f"select {payloads.RATE.sql('v')} from (select cast('{value}' as double) as v)"
        ).fetchall()
        assert float(payloads.rounded_decimal(value, 2)) == rounded == payloads.RATE.value(value)


def test_the_overview_leads_with_the_brief_the_next_run_and_then_the_queue(
    demo: Warehouse, demo_warehouse: Path
) -> None:
    told = igny8("overview", SITE, "--warehouse", str(demo_warehouse)).stdout
    sentences = [sentence["text"] for sentence in demo.brief(SITE)["sentences"]]
    assert told.startswith("\n".join(sentences) + "\n")
    next_run, queue = (told.index(words) for words in ("the next run ", "the whole queue "))
    assert len("\n".join(sentences)) < next_run < queue < told.index("run statistics")
    assert "in four of five cases between" in told
    assert "(what waits, stage by stage)" in told
    unsure = igny8("forecast", SITE, "--warehouse", str(demo_warehouse)).stdout
    assert "too little is known yet" in unsure
    assert "average of the last 10 runs" in unsure


@pytest.mark.parametrize(("site", "why"), [(DemoSite.INACTIVE, "inactive"), (DemoSite.DELETED, "deleted")])
def test_the_overview_of_a_site_at_rest_tells_of_no_next_run(
    demo_warehouse: Path, site: DemoSite, why: str
) -> None:
    told = igny8("overview", str(int(site)), "--wide", "--warehouse", str(demo_warehouse)).stdout
    assert re.search(rf"the next run +the site is {why}; a run would cost about 2,\d{{3}} credits", told)


def test_a_range_that_says_too_little_is_none_in_tables(demo_warehouse: Path) -> None:
    """Site 108 has hardly run: its ends lie a thousand times apart, and JSON alone has both."""
    where = ("108", "--warehouse", str(demo_warehouse))
    (flow,) = json.loads(igny8("forecast", *where, "--method", "flow", "--format", "json").stdout)["totals"]
    assert flow["p80_high"] > 100 * flow["p80_low"] > 0
    (row,) = re.findall(r"^ flow  .*", igny8("forecast", *where, "--method", "flow", "--wide").stdout, re.M)[
        :1
    ]
    assert row.split()[3:6] == ["almost", "nothing", f"{flow['p80_high']:,.0f}"]
    asked = igny8("forecast", *where, "--limit", "4=3").stdout
    assert re.findall(r"p80_low +(.+?)  +(.+?) *\n", asked) == [("almost nothing", "almost nothing")]
    assert "Review and approval" in asked


def test_stages_are_called_as_people_call_them_also_within_a_text() -> None:
    told = {
        "#3 failed at Review: Review of (Review)": "#3 failed at Review and approval: Review of (Review)",
        "#3 failed at Review": "#3 failed at Review and approval",
        "This run failed at stage 7 (Review): boom": "This run failed at stage 7 (Review and approval): boom",
        "Review reported an error: no": "Review and approval reported an error: no",
        "a.example: Review costs 2.00": "a.example: Review and approval costs 2.00",
        "Reviewing failed: Review": "Reviewing failed: Review",
    }
    for text, shown in told.items():
        assert with_label({"message": text, "stage_name": "Review"}) == {
            "message": shown,
            "stage_name": "Review and approval",
        }
    assert with_label({"first_insight": None}) == {"first_insight": None}


def test_history_shows_the_difference_beside_the_credits(demo: Warehouse, demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    for page in ("1", "3"):
        lines = igny8("history", SITE, "--page", page, "--page-size", "5", *where).stdout.splitlines()
        numbers = [
            int(line.split()[0][1:]) for line in lines if line.split()[:1] and line.split()[0][0] == "#"
        ]
        assert len(numbers) == 5
        for number in numbers:
            ((difference, change),) = demo.sql(
                "select difference_credits, credits_change_pct from run_history where site_id = 101 "
                "and run_number = ?",
                [number],
            ).fetchall()
            (line,) = (line for line in lines if line.lstrip().startswith(f"#{number} "))
            expected = f"{formats.signed(difference)} {formats.change(change)}".replace(formats.NARROW, " ")
            assert f" {expected} " in " ".join(line.split())


def test_a_comparison_leads_with_its_sentence(demo: Warehouse, demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    assert igny8("compare", SITE, "297", "298", *where).stdout.startswith(
        "mysite.com #298 cost 86 credits more than mysite.com #297: 16 for more items, 61 for dearer ones, "
        "9 for what no stage accounts for.\n"
    )
    assert igny8("compare", SITE, "298", "297", *where).stdout.startswith(
        "mysite.com #297 cost 86 credits less than"
    )
    assert "cost as much as" in igny8("compare", SITE, "298", "298", *where).stdout.splitlines()[0]


def test_quality_ends_with_its_groups_and_its_summary(demo: Warehouse, demo_warehouse: Path) -> None:
    lines = igny8("quality", SITE, "--warehouse", str(demo_warehouse)).stdout.splitlines()
    ((warnings, notes),) = demo.sql(
        "select count(*) filter (severity = 'warning'), count(*) filter (severity = 'info') "
        "from data_quality where site_id = 101"
    ).fetchall()
    assert lines[-1] == f"In all: 0 errors, {warnings:,} warnings, {notes:,} notes; 0 rows in quarantine."
    groups = "\n".join(lines[-6:])
    assert "results hold a field we don't read" in groups


def test_a_page_past_the_end_says_how_many_there_are(demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    assert igny8("history", SITE, "--page", "999", *where).stdout == (
        "Page 999 is empty: there are 15 pages, 300 runs.\n"
    )
    assert (
        json.loads(igny8("history", SITE, "--page", "999", "--format", "json", *where).stdout)["runs"] == []
    )


def test_backtests_have_the_same_rows_in_every_format(demo_warehouse: Path) -> None:
    where = ("--warehouse", str(demo_warehouse))
    payload = json.loads(igny8("backtest", SITE, "--format", "json", *where).stdout)
    expected = [(row["method"], row["window"]) for row in payload["accuracy"]]
    rows = list(csv.DictReader(io.StringIO(igny8("backtest", SITE, "--format", "csv", *where).stdout)))
    assert [(row["method"], row["window"]) for row in rows] == expected
    table = [line.split() for line in igny8("backtest", SITE, *where).stdout.splitlines()]
    assert [tuple(line[:2]) for line in table if len(line) > 5 and line[0] != "method"] == expected


@pytest.mark.slow
def test_making_reports_shows_a_bar_that_ends_and_a_run_goes_by_number(
    demo_warehouse: Path, tmp_path: Path
) -> None:
    where = ("--warehouse", str(demo_warehouse))
    lines = lines_on_a_terminal(
        80, "report", "site", "107", "-o", str(tmp_path / "site"), "--last", "1", *where
    )
    assert any(re.search(r"━ (\d+) of \1 reports, ", line) for line in lines)
    assert "\x1b[?25h" in " ".join(lines), "the cursor is there again"
    with notebooks_here():
        done = igny8("report", "run", "107", "#1", "-o", str(tmp_path / "one.html"), "--quiet", *where)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dunmorrow.example #1" in (tmp_path / "one.html").read_text(encoding="utf-8")
