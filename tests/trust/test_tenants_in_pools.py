"""Tenants stay apart where sites are pooled: 24 sites of six accounts, each with a word of its own."""

import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from igny8_analysis import Warehouse, connect
from igny8_analysis.forecasts import backtest
from igny8_analysis.load import load
from igny8_analysis.reports.engine import IDENTITY, declared_parameters
from igny8_analysis.reports.make import NOTEBOOKS, Options, Reports
from tests.command import igny8
from tests.pages import notebooks_here
from tests.worlds import world

SITES, ACCOUNTS = 24, 6


def word(kind: str, number: int) -> str:
    """A word that is part of no other."""
    return f"{kind}{number:02d}secret"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("platform")
    made = world("flow", sites=SITES, accounts=ACCOUNTS, days=45)
    source = made.write(folder / "source.sqlite")
    with closing(sqlite3.connect(source)) as database:
        for table, column in (("igny8_sites", "id"), ("igny8_automation_runs", "site_id")):
            for (site_id,) in database.execute(f"select distinct {column} from {table}").fetchall():
                secret = word("site", site_id)
                values = (
                    {"name": secret, "domain": f"{secret}.example"}
                    if table == "igny8_sites"
                    else {"error_message": secret}
                )
                for name, value in values.items():
                    database.execute(f"update {table} set {name} = ? where {column} = ?", [value, site_id])
        database.execute("update igny8_automation_runs set run_id = run_id || '_' || error_message")
        database.execute("update igny8_tenants set name = printf('account%02dsecret', id)")
        database.commit()
    load(f"sqlite:///{source}", folder / "data", made.as_of)
    with connect(folder / "data") as warehouse:
        yield warehouse


def others(text: str, warehouse: Warehouse, site_id: int) -> list[str]:
    """The words of other sites and accounts that a text holds."""
    ((account_id,),) = warehouse.sql("select account_id from sites where site_id = ?", [site_id]).fetchall()
    words = [word("site", n) for n in range(1, SITES + 1) if n != site_id]
    words += [word("account", n) for n in range(1, ACCOUNTS + 1) if n != account_id]
    return [secret for secret in words if secret in text.lower()]


def test_a_pool_tells_no_other_sites_word(platform: Warehouse, tmp_path: Path) -> None:
    pooled = platform.sql("select count(*) from platform_lessons where price is not null").fetchall()
    assert pooled[0][0] > 0, "nothing is pooled: the test would prove nothing"
    root = platform.path.parent.parent
    for site_id in range(1, SITES + 1):
        history = platform.history(site_id, page_size=100)
        run_ids = [run["run_id"] for run in history["runs"]][:3]
        payloads = [
            platform.overview_stats(site_id), history, platform.forecast(site_id),
            backtest(platform, site_id, None),
            *(platform.run_detail(site_id, run_id) for run_id in run_ids),
            *(platform.compare_runs(site_id, a, b) for a, b in itertools.pairwise(run_ids)),
        ]  # fmt: skip
        text = json.dumps(payloads, default=str)
        assert word("site", site_id) in text
        assert others(text, platform, site_id) == []
    with notebooks_here(), Reports(platform, root, Options(is_quiet=True)) as reports:
        for site_id in (1, 2):
            run_id = platform.history(site_id)["runs"][0]["run_id"]
            for file in (
                reports.overview(site_id, tmp_path / f"{site_id}.html"),
                reports.run(site_id, run_id, tmp_path / f"{site_id}-run.html"),
            ):
                html = file.read_text(encoding="utf-8")
                assert word("site", site_id) in html
                assert others(html, platform, site_id) == []


def test_parameters_say_nothing_of_what_a_report_is_of(demo_warehouse: Path, tmp_path: Path) -> None:
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        assert set(declared_parameters(notebook)) - IDENTITY <= {"since", "interactive", "with_balance"}, (
            notebook.name
        )
    for what in (["overview", "101"], ["run", "101", "run_20260226_073127_manual"]):
        for name in sorted(IDENTITY):
            file = tmp_path / "made.html"
            done = igny8(
                "report", *what, "-p", name, "102", "-o", str(file), "--warehouse", str(demo_warehouse)
            )
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
            assert f"'{name}'" in done.stderr
            assert not file.exists()
