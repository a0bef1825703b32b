"""A notebook's cell that connects can run again: several connections in one process, each as closed as the first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

import igny8_analysis
from igny8_analysis import Warehouse
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.etl.lake import find_version


def test_one_process_connects_several_times(demo_warehouse: Path) -> None:
    first = igny8_analysis.connect(demo_warehouse)
    second = igny8_analysis.connect(demo_warehouse)
    first.close()
    assert second.sql("select count(*) from sites").fetchall() != [(0,)]
    assert second.sql("select current_setting('TimeZone')").fetchall() == [("UTC",)]
    with pytest.raises(UsageError):
        second.sql("select * from read_csv('/etc/passwd')")
    second.close()


def test_a_file_that_duckdb_has_open_is_told(own_small: Path) -> None:
    with duckdb.connect(find_version(own_small).database, read_only=True):
        for _ in range(2):
            with pytest.raises(UsageError, match=r"is open in this process by duckdb\.connect: close that"):
                igny8_analysis.connect(own_small)
    with igny8_analysis.connect(own_small) as opened:
        assert opened.sql("select 1").fetchall() == [(1,)]


def test_threads_that_share_a_connection_get_each_its_own_account(demo: Warehouse) -> None:
    accounts = demo.sql(
        "select min(account_id), account_name from accounts where not is_deleted and trim(account_name) <> '' "
        "group by account_name having count(*) = 1 order by 1 limit 2"
    ).fetchall()
    with ThreadPoolExecutor(2) as threads:
        found = threads.map(
            lambda name: {demo.resolve_account(name) for _ in range(200)}, [n for _, n in accounts]
        )
        assert list(found) == [{account_id} for account_id, _ in accounts]
