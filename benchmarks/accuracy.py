"""`python -m benchmarks.accuracy [SEED …]`: how well each method forecasts in the simulated worlds, as a table.

The oracle knows the rules and prices of a site, which no row tells: what is left of its error is chance.
"""

import sys
import tempfile
from pathlib import Path

import igny8_analysis
from igny8_analysis.load import load
from tests.worlds import LIMITED, RULES, world

MEASURES = """
with
    forecasts as (
        select *, method as name from forecast_backtest
        union all
        select *, 'champion' from forecast_backtest where is_champion
    )
select
    name,
    count(*),
    sum(abs(forecast_credits - actual_credits)) / sum(actual_credits),
    sum(forecast_credits - actual_credits) / sum(actual_credits),
    avg(cast(is_covered_80 as integer)),
    avg(cast(is_covered_90 as integer)),
    median((p80_high - p80_low) / forecast_credits) filter (where forecast_credits > 0)
from forecasts
group by name
order by name
"""
ACTUALS = "select id, actual_credits from forecast_backtest where method = 'flow'"
HEADER = ("world", "method", "runs", "WAPE", "bias", "80 % covers", "90 % covers", "median width of 80 %")


def rows(name: str, seed: int) -> list[tuple[str, ...]]:
    """The table's rows of one world: each method, the champion and the oracle."""
    simulated = world(name, seed=seed, days=240)
    with tempfile.TemporaryDirectory() as folder:
        for source, as_of in simulated.loads(Path(folder)):
            load(f"sqlite:///{source}", Path(folder, "data"), as_of=as_of)
        with igny8_analysis.connect(Path(folder, "data")) as warehouse:
            measured = warehouse.sql(MEASURES).fetchall()
            actuals = dict(warehouse.sql(ACTUALS).fetchall())
    errors = [
        simulated.expected_credits(run) - actuals[run["id"]] for run in simulated.runs if run["id"] in actuals
    ]
    total = sum(actuals.values())
    told = [
        (
            name,
            method,
            f"{n:,}",
            f"{wape:.2f}",
            f"{bias:+.2f}",
            f"{at_80:.2f}",
            f"{at_90:.2f}",
            f"{width:.2f}",
        )
        for method, n, wape, bias, at_80, at_90, width in measured
    ]
    wape, bias = sum(map(abs, errors)) / total, sum(errors) / total
    return [*told, (name, "*oracle*", f"{len(errors):,}", f"{wape:.2f}", f"{bias:+.2f}", "", "", "")]


def main(seeds: list[str]) -> int:
    """Print the table, in Markdown, of every world and the seeds named, else 1."""
    for cells in (HEADER, ("---",) * len(HEADER)):
        print(f"| {' | '.join(cells)} |", flush=True)
    for seed in map(int, seeds or ["1"]):
        for name in [*RULES, *LIMITED]:
            for cells in rows(name, seed):
                print(f"| {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
