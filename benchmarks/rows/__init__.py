"""The rows of the table, by name: each a function that measures and returns its results."""

from collections.abc import Callable

from benchmarks.measure import Result
from benchmarks.rows.answers import answers, kept_answers, other_answers
from benchmarks.rows.loads import growth, load, load_of_changes, load_with_forecasts, memory
from benchmarks.rows.sites import biggest_site, one_site, python
from benchmarks.rows.starts import imports, only_changed, reports
from benchmarks.rows.views import all_sites, backtest, postgres

ROWS: dict[str, Callable[[], list[Result]]] = {
    row.__name__: row
    for row in (
        *(load, load_with_forecasts, load_of_changes, memory, growth),
        *(one_site, biggest_site, python),
        *(answers, other_answers, kept_answers),
        *(all_sites, postgres, backtest),
        *(imports, reports, only_changed),
    )
}
