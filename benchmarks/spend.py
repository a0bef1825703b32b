"""`python -m benchmarks.spend [SEED …]`: how well each method forecasts spend in the simulated worlds, as a table."""

import sys
import tempfile
from pathlib import Path

import igny8_analysis
from igny8_analysis.load import load
from tests.spend_worlds import KINDS, world

MEASURES = """
with
    forecasts as (
        select *, method as name from spend_backtest
        union all
        select *, 'champion' from spend_backtest where is_champion
    )
select
    scope,
    horizon_days,
    name,
    count(*),
    sum(abs(forecast_credits - actual_credits)) / sum(actual_credits),
    sum(forecast_credits - actual_credits) / sum(actual_credits),
    avg(cast(is_covered_80 as integer)),
    avg(cast(is_covered_90 as integer)),
    sum(p80_high - p80_low) / sum(forecast_credits) filter (where p80_low is not null)
from forecasts
group by all
order by all
"""
HEADER = (
    "world",
    "scope",
    "days",
    "method",
    "origins",
    "WAPE",
    "bias",
    "80 % covers",
    "90 % covers",
    "width of 80 %",
)


def rows(kind: str, seed: int) -> list[tuple[str, ...]]:
    """The table's rows of one world: each method and the champion, for sites and accounts, over 7 and 30 days."""
    simulated = world(kind, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        source = simulated.write(Path(folder, "source.sqlite"))
        load(f"sqlite:///{source}", Path(folder, "data"), as_of=simulated.as_of)
        with igny8_analysis.connect(Path(folder, "data")) as warehouse:
            measured = warehouse.sql(MEASURES).fetchall()
    return [
        (
            kind,
            scope,
            str(days),
            name,
            f"{n:,}",
            *("" if value is None else f"{value:.2f}" for value in values),
        )
        for scope, days, name, n, *values in measured
    ]


def main(seeds: list[str]) -> int:
    """Print the table, in Markdown, of every world and the seeds named, else 1."""
    for cells in (HEADER, ("---",) * len(HEADER)):
        print(f"| {' | '.join(cells)} |", flush=True)
    for seed in map(int, seeds or ["1"]):
        for kind in KINDS:
            for cells in rows(kind, seed):
                print(f"| {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
