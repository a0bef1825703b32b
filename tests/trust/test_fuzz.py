"""Any bytes in, no crash out: every value of a source ends as a number, NULL or a finding."""

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from igny8_analysis import Warehouse, connect
from igny8_analysis.load import load
from tests.cases import AS_OF, KEYS, items, make_source, run, site

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
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
    sites: list[tuple[str, str | None]], runs: list[dict[str, Any]], statuses: list[tuple[str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = make_source(
            Path(folder) / "s.sqlite",
            [site(number, domain, name) for number, (name, domain) in enumerate(sites, 1)],
            [row | {"id": number} for number, row in enumerate(runs, 1)],
            [row for table, status in statuses for row in items(table, status, 2)],
        )
        load(f"sqlite:///{source}", Path(folder) / "data", AS_OF)
        with connect(Path(folder) / "data") as warehouse:
            check_everything(warehouse)


@settings(
    max_examples=4,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(SITES, st.lists(odd_runs(), min_size=8, max_size=8), STATUSES)
def test_any_source_loads_and_reads(
    sites: list[tuple[str, str | None]], runs: list[dict[str, Any]], statuses: list[tuple[str, str]]
) -> None:
    load_and_check(sites, runs, statuses)


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SITES, st.lists(odd_runs(), min_size=20, max_size=20), STATUSES)
def test_many_sources_load_and_read(
    sites: list[tuple[str, str | None]], runs: list[dict[str, Any]], statuses: list[tuple[str, str]]
) -> None:
    load_and_check(sites, runs, statuses)
