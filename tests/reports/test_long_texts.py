"""Texts of any length, wherever a source has texts: no page is long by them."""

from pathlib import Path

import pytest

from igny8_analysis import connect
from igny8_analysis.load import load
from igny8_analysis.reports.make import Options, Reports
from tests.cases import AS_OF, make_source, run, site
from tests.pages import notebooks_here

LONG = 400_000


def long(start: str) -> str:
    return start + "x" * LONG


@pytest.mark.slow
def test_no_page_is_long_by_a_text(tmp_path: Path) -> None:
    results = {
        n: {"credits_used": 3, "error": long("e"), "partial": True, "reason": long("r")} for n in range(1, 8)
    }
    runs = [
        run(n, f"2026-02-{n:02d}T08:00:00Z", stages=results, credits=21, run_id=long(f"run_{n}"),
            status=long("s") if n == 2 else "failed", trigger_type=long("t"), error_message=long("m"))
        for n in (1, 2)
    ]  # fmt: skip
    others = {
        "igny8_tenants": [{"id": 2, "name": long("Account"), "slug": long("a"), "status": long("s"), "plan_id": 1,
                           "credits": long("c")}],
        "igny8_plans": [{"id": 1, "name": long("Plan"), "included_credits": 100}],
        "igny8_automation_configs": [{"id": 1, "site_id": 1, "is_enabled": 1, "frequency": long("f")}],
        "igny8_credit_usage_log": [{"id": 1, "tenant_id": 2, "site_id": 1, "operation_type": long("o"),
                                    "credits_used": 4, "created_at": "2026-02-01T08:00:00Z"}],
    }  # fmt: skip
    sites = [
        site(1, f"{long('d')}.example", long("Site"), tenant_id=2),
        site(2, None, long("Other"), tenant_id=2),
    ]
    source = make_source(tmp_path / "s.sqlite", sites, runs, others=others)
    load(f"sqlite:///{source}", tmp_path / "data", AS_OF)
    with connect(tmp_path / "data") as warehouse, notebooks_here():
        reports = Reports(warehouse, tmp_path / "data", Options(is_quiet=True))
        reports.all(tmp_path / "reports", last=2)
        reports.compare(1, 1, 2, tmp_path / "pair.html")
    sizes = {
        str(file.relative_to(tmp_path)): file.stat().st_size
        for file in [*tmp_path.glob("reports/**/*.html"), tmp_path / "pair.html"]
    }
    assert len(sizes) >= 8, "an index, an account and its statement, two sites, two runs, a pair"
    assert max(sizes.values()) < LONG, sizes
