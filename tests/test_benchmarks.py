"""What the benchmarks read is what the package reads."""

from pathlib import Path

import pytest

from benchmarks import sources


def test_a_lake_made_for_benchmarks_becomes_a_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "CACHE", tmp_path)
    with sources.warehouse(500) as warehouse:
        assert warehouse.overview_stats(1)["run_statistics"]["total_runs"] > 0
