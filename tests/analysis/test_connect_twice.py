"""A notebook's cell that connects can run again: several connections in one process, each as closed as the first."""

from pathlib import Path

import pytest

import igny8_analysis
from igny8_analysis.etl.errors import UsageError


def test_one_process_connects_several_times(demo_warehouse: Path) -> None:
    first = igny8_analysis.connect(demo_warehouse)
    second = igny8_analysis.connect(demo_warehouse)
    first.close()
    assert second.sql("select count(*) from sites").fetchall() != [(0,)]
    assert second.sql("select current_setting('TimeZone')").fetchall() == [("UTC",)]
    with pytest.raises(UsageError):
        second.sql("select * from read_csv('/etc/passwd')")
    second.close()
