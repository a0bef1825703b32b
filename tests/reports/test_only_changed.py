"""`--only-changed`: a load after which little changed makes little."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis.load import load
from igny8_analysis.reports import make as pages
from igny8_analysis.reports.fingerprints import Digests
from igny8_analysis.reports.make import Options, Reports
from igny8_analysis.warehouse.renew import to_11_digits
from tests.cases import insert, items, make_source, run, site
from tests.pages import notebooks_here

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAGES = {1: (50, 4, 20), 4: (4, 4, 60)}
ONE, OTHER = "1-one-example", "2-other-example"
ACCOUNT, OTHER_ACCOUNT = "account-1-an-agency.html", "account-2-another.html"

Make = Callable[[datetime], set[str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two sites of two accounts, each with a completed run of the day before, and keywords that wait."""
    runs = [run(10 * n, "2026-02-26T08:00:00Z", stages=STAGES, site_id=n, tenant_id=n) for n in (1, 2)]
    return make_source(
        tmp_path / "db.sqlite",
        [site(1, "one.example"), site(2, "other.example", tenant_id=2)],
        runs,
        [item for n in (1, 2) for item in items("keywords", "new", 30, site_id=n)],
        {"igny8_tenants": [{"id": 2, "name": "Another", "slug": "another"}]},
    )


@pytest.fixture
def make(source: Path, tmp_path: Path) -> Make:
    """Loads as of an instant, makes what changed, and tells which pages those were, less the index."""

    def made(as_of: datetime) -> set[str]:
        load(f"sqlite:///{source}", tmp_path / "data", as_of=as_of)
        options = Options(is_quiet=True, only_changed=True)
        with notebooks_here(), igny8_analysis.connect(tmp_path / "data") as warehouse:
            reports = Reports(warehouse, tmp_path / "data", options)
            index = reports.all(tmp_path / "pages")
        return {str(file.relative_to(index.parent)) for file in reports.outcome.made} - {"index.html"}

    return made


def test_what_no_stage_accounts_for_leaves_no_last_digit(demo: igny8_analysis.Warehouse) -> None:
    """It would be another one with every order of adding up, and every page of a run made anew."""
    for column in ("credits_used", "baseline_avg_credits", "difference_credits"):
        ((zeros, nearly),) = demo.sql(
            f"select count(*) filter ({column} = 0), count(*) filter (0 < abs({column}) and abs({column}) < 1e-6) "
            "from credit_variance where stage_number is null"
        ).fetchall()
        assert (zeros > 0, nearly) == (True, 0), column


def test_a_brief_goes_into_the_digest_of_its_owner_alone(demo: igny8_analysis.Warehouse) -> None:
    for page, key in ((pages.OVERVIEW, "site_id"), (pages.ACCOUNT, "account_id")):
        parts = Digests(demo, page, (key,))._parts
        told = {owner for (owner,), tables in parts.items() if "briefs" in [view for view, *_ in tables]}
        assert told == {owner for (owner,) in demo.sql(f"select {key} from {key[:-3]}s").fetchall()}


def test_what_all_sites_share_goes_into_no_page_but_what_a_load_leaves_alone(
    demo: igny8_analysis.Warehouse,
) -> None:
    """A row of all sites' accuracy, or of another account's balance, would make every page anew in each hour."""
    for page, *keys in (
        (pages.OVERVIEW, "site_id"),
        (pages.ACCOUNT, "account_id"),
        (pages.STATEMENT, "account_id"),
        (pages.RUN_DETAIL, "site_id", "id"),
    ):
        shared = Digests(demo, page, tuple(keys))._parts.get((None,) * len(keys), [])
        assert {view for view, *_ in shared} <= {"credit_sources", "parameters", "stage_parameters"}


def test_a_run_page_changes_with_what_is_of_its_site(demo: igny8_analysis.Warehouse) -> None:
    """And not with what is of another. No query of the page reads such rows yet; one that does must not be missed."""
    digests = Digests(demo, pages.RUN_DETAIL, ("site_id", "id"), owner=101)
    (run_id,) = demo.sql("select max(id) from runs where site_id = 101").fetchall()[0]
    before = digests.of(101, run_id)
    digests._parts[102, None] = [("sites", 1, "another")]
    assert digests.of(101, run_id) == before
    digests._parts[101, None] = [("sites", 1, "another")]
    assert digests.of(101, run_id) != before


def test_the_last_digits_of_a_sum_change_no_digest(demo: igny8_analysis.Warehouse) -> None:
    one, other = (
        demo.sql(
            f"select hash({to_11_digits(f'x * {factor}', 'DOUBLE')}) from (select 0.1e0 + 0.2e0 as x)"
        ).fetchall()
        for factor in ("1e0", "(1e0 + 2.3e-16)")
    )
    assert one == other


def test_an_hour_makes_the_pages_of_what_changed(source: Path, tmp_path: Path, make: Make) -> None:
    first = make(NOON)
    assert len(first) == 8  # a statement and a page an account, an overview and a run a site
    assert make(NOON + timedelta(hours=1)) == set()

    new = run(13, "2026-03-01T12:30:00Z", 20, stages=STAGES)
    with sqlite3.connect(source) as connection:
        insert(connection, "igny8_automation_runs", [new])
    connection.close()
    statement = ACCOUNT.replace(".html", "-statement-2026-02.html")  # the prices and sums behind it went on
    changed = {f"{ONE}/index.html", f"{ONE}/run-0002.html", ACCOUNT, statement}
    assert make(NOON + timedelta(hours=2)) == changed

    with sqlite3.connect(source) as connection:
        insert(
            connection,
            "igny8_keywords",
            [{"id": 5, "tenant_id": 2, "site_id": 2, "status": "new", "is_deleted": 0}],
        )
    connection.close()
    assert make(NOON + timedelta(hours=3)) == {f"{OTHER}/index.html", OTHER_ACCOUNT}

    assert make(NOON + timedelta(days=1)) == {page for page in first if "/run-" not in page}
