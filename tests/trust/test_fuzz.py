"""Any bytes in, no crash out: every value of a source ends as a number, NULL or a finding, and as text in a report."""

import json
import math
import random
import re
import tempfile
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from igny8_analysis import Warehouse, connect
from igny8_analysis.load import load
from igny8_analysis.reports.make import Options, Reports
from tests.cases import AS_OF, KEYS, items, make_source, run, site
from tests.conftest import sampled
from tests.pages import notebooks_here

PIECES = [
    "<",
    ">",
    "&",
    "</",
    "<b>",
    "</script>",
    "<!--",
    "-->",
    "]]>",
    '"',
    "'",
    " on",
    "=",
    "{{",
    "%}",
    "\x1b[",
    "\u202e",
]
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
NUMERALS = st.from_regex(
    r"\s?[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,9})([eE][+-]?[0-9]{1,4})?\s?", fullmatch=True
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), NUMERALS, TEXT, st.lists(st.integers(), max_size=2),
    st.dictionaries(TEXT, st.integers(), max_size=2),
)  # fmt: skip
KNOWN_KEYS = sorted({key for pair in KEYS.values() for key in pair if key} | {
    "credits_used", "time_elapsed", "error", "batches", "total_words", "skipped", "partial",
})  # fmt: skip
CLOCKS = st.from_regex(r"[0-9]{1,7}:[0-9]{2}:[0-9]{2}", fullmatch=True)
RESULTS = st.one_of(
    st.dictionaries(st.sampled_from(KNOWN_KEYS) | TEXT, VALUES | CLOCKS, max_size=8).map(json.dumps),
    TEXT,
    st.binary(max_size=30),
    st.none(),
)
SNAPSHOTS = st.one_of(
    st.dictionaries(st.sampled_from([f"stage_{n}_initial" for n in KEYS]), VALUES).map(json.dumps),
    TEXT,
    st.none(),
)
ZONED = (
    r"2026-0[0-9]-[0-3][0-9][T ][0-2][0-9]:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
TIMES = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.from_regex(ZONED, fullmatch=True),
    TEXT,
    st.none(),
)
GOOD_TIMES = st.datetimes(AS_OF.replace(tzinfo=None, year=2025), AS_OF.replace(tzinfo=None)).map(
    lambda moment: moment.isoformat()
)


@st.composite
def odd_runs(draw: st.DrawFn) -> dict[str, Any]:
    columns = {
        "site_id": draw(st.integers(1, 4)),
        "run_id": draw(TEXT),
        "status": draw(st.sampled_from(["completed", "failed", "running", "paused"]) | TEXT),
        "trigger_type": draw(st.sampled_from(["manual", "scheduled"]) | TEXT | st.none()),
        "current_stage": draw(st.integers(-1, 9) | st.none() | TEXT),
        "error_message": draw(TEXT | st.none()),
        "initial_snapshot": draw(SNAPSHOTS),
        "total_credits_used": draw(st.integers(-5, 10**13) | st.floats() | NUMERALS | st.none()),
        **{f"stage_{number}_result": draw(RESULTS) for number in KEYS},
        **{
            name: draw(TIMES)
            for name in ("completed_at", "paused_at", "resumed_at", "cancelled_at", "updated_at")
        },
    }
    return run(1, draw(GOOD_TIMES), None) | {
        k: v for k, v in columns.items() if k not in ("id", "started_at")
    }


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**13), st.floats(), NUMERALS, TEXT, st.binary(max_size=9)
)
OTHERS = st.fixed_dictionaries(
    {
        f"igny8_{table}": st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELLS) | keys), max_size=4)
        for table, columns, keys in (
            ("plans", ("name", "included_credits"), {"id": st.integers(1, 2)}),
            (
                "automation_configs",
                (
                    *(
                        "id",
                        "is_enabled",
                        "frequency",
                        "scheduled_time",
                        "stage_1_enabled",
                        "stage_1_batch_size",
                    ),
                    *("max_keywords_per_run", "max_credits_per_run", "last_run_at"),
                ),
                {"site_id": st.integers(1, 4) | CELLS, "next_run_at": TIMES},
            ),
            (
                "credit_usage_log",
                ("tenant_id", "site_id", "operation_type", "credits_used", "cost_usd", "tokens_input"),
                {"created_at": TIMES | CELLS},
            ),
            (
                "credit_transactions",
                ("transaction_type", "amount"),
                {"tenant_id": CELLS, "created_at": TIMES},
            ),
        )
    }
)
DOMAINS = st.one_of(st.none(), TEXT, TEXT.map("https://www.{}/".format))
SITES = st.lists(st.tuples(TEXT, DOMAINS), min_size=3, max_size=3)
STATUSES = st.lists(st.tuples(st.sampled_from(["keywords", "content"]), TEXT), max_size=3)


def check_payload(value: Any) -> None:
    """Numbers are finite, and the payload is JSON."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            check_payload(inner)
    elif isinstance(value, float):
        assert math.isfinite(value)
    else:
        assert isinstance(value, str | int | bool | None)


TAGS = """
a b bdi body caption circle clippath code dd defs desc details div dl dt em figcaption figure footer form g h1 h2 h3
head header html input label li line link main meta nav ol option output p path pre rect script section select small
span strong style summary svg table tbody td text tfoot th thead time title tr ul
"""
VOID = {"input", "line", "link", "meta"}


class Page(HTMLParser):
    """Reads a report; fails on a tag that no template has, on one that is not closed, and on what would act."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.is_open: list[str] = []
        self.scripts = 0
        self.feed(text)
        self.close()
        assert self.is_open == []
        assert self.scripts == (2 if "<form" in text else 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS.split()
        self.scripts += tag == "script"
        for name, value in attrs:
            assert re.fullmatch("[a-z][a-z0-9-]*", name)
            assert not name.startswith("on")
            assert name not in ("style", "src", "srcdoc")
            assert name != "href" or re.fullmatch(
                r"#content|data:,|(\.\./)?([a-z0-9._-]+/)?[a-z0-9._-]+\.html", value or ""
            )
        if tag not in VOID:
            self.is_open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.is_open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.is_open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a template has no comment")


def check_reports(warehouse: Warehouse, root: Path) -> None:
    """Every site's overview, its latest run and the index are made, and are the templates' own markup."""
    with notebooks_here():
        Reports(warehouse, root, Options(is_quiet=True)).all(root / "reports", last=1)
    pages = list((root / "reports").rglob("*.html"))
    assert len(pages) > len(warehouse.sql("select site_id from sites").fetchall())
    for file in pages:
        assert re.fullmatch("[a-z0-9._-]+", file.name)
        Page(file.read_text(encoding="utf-8"))


def check_everything(warehouse: Warehouse) -> None:
    counts = warehouse.manifest["reconciliation"]
    assert all(
        c["source"] == c["lake"] + c["quarantined"] and c["lake"] == c["warehouse"] for c in counts.values()
    )
    for (site_id,) in warehouse.sql("select site_id from sites").fetchall():
        overview, history = warehouse.overview_stats(site_id), warehouse.history(site_id, page_size=100)
        details = [warehouse.run_detail(site_id, row["run_id"]) for row in history["runs"]]
        for payload in (overview, history, *details):
            check_payload(payload)
            json.dumps(payload, allow_nan=False)
        for detail in details:
            assert len(detail["stages"]) == 7
            assert all(stage["credits_used"] >= 0 for stage in detail["stages"])
    lost = "select count(*) from run_stages where items_processed < 0 or credits_used < 0 or isnan(duration_seconds)"
    assert warehouse.sql(lost).fetchall() == [(0,)]


def load_and_check(
    sites: list[tuple[str, str | None]],
    runs: list[dict[str, Any]],
    statuses: list[tuple[str, str]],
    others: dict[str, list[dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = make_source(
            Path(folder) / "s.sqlite",
            [site(number, domain, name) for number, (name, domain) in enumerate(sites, 1)],
            [row | {"id": number} for number, row in enumerate(runs, 1)],
            [row for table, status in statuses for row in items(table, status, 2)],
            others,
        )
        load(f"sqlite:///{source}", Path(folder) / "data", AS_OF)
        with connect(Path(folder) / "data") as warehouse:
            check_everything(warehouse)
            check_reports(warehouse, Path(folder) / "data")


@pytest.mark.slow
@settings(
    max_examples=1,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(SITES, st.lists(odd_runs(), min_size=24, max_size=24), STATUSES, OTHERS)
def test_any_source_loads_and_reads(
    sites: list[tuple[str, str | None]],
    runs: list[dict[str, Any]],
    statuses: list[tuple[str, str]],
    others: dict[str, list[dict[str, Any]]],
) -> None:
    load_and_check(sites, runs, statuses, others)


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SITES, st.lists(odd_runs(), min_size=20, max_size=20), STATUSES, OTHERS)
def test_many_sources_load_and_read(
    sites: list[tuple[str, str | None]],
    runs: list[dict[str, Any]],
    statuses: list[tuple[str, str]],
    others: dict[str, list[dict[str, Any]]],
) -> None:
    load_and_check(sites, runs, statuses, others)


@pytest.mark.parametrize("seed", sampled(range(8), quick=1))
def test_the_smallest_beside_the_largest_load(tmp_path: Path, seed: int) -> None:
    """Quotients of values that may be, and products of these, are more than a decimal holds."""
    drawn = random.Random(seed)

    def value() -> float | int:
        return drawn.choice([0, 0.000001, 1, 999_999_999_999])

    def odd(number: int) -> dict[str, Any]:
        start = AS_OF - timedelta(days=2.5 * (60 - number))
        snapshot = {f"stage_{k}_initial": value() for k in range(1, 8)} | {"total_initial_items": value()}
        stages = {k: (value(), value(), value()) for k in range(1, 8)}
        row = run(number, start, stages=stages, initial_snapshot=json.dumps(snapshot))
        return row | {"site_id": 1 + number % 2, "total_credits_used": value()}

    steady = [
        run(100 + number, AS_OF - timedelta(days=70 - number), stages={1: amounts}) | {"site_id": 3}
        for number, amounts in enumerate([*[(0.000001, 1, 999_999_999_999)] * 3, (999_999_999_999, 1, 5)])
    ]
    snapshot = json.dumps({"stage_1_initial": 999_999_999_999})
    late = [run(104, AS_OF - timedelta(days=1), initial_snapshot=snapshot) | {"site_id": 3}]
    source = make_source(
        tmp_path / "s.sqlite",
        [site(number, f"{number}.example") for number in (1, 2, 3)],
        [*map(odd, range(1, 60)), *steady, *late],
    )
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    with connect(tmp_path / "data") as warehouse:
        check_everything(warehouse)
        check_reports(warehouse, tmp_path / "data")
