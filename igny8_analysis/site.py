"""A site in a notebook: `wh.site("mysite.com")`, with sheets that show as the report's panels."""

import ast
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from igny8_analysis import NOTEBOOKS

if TYPE_CHECKING:
    import polars as pl

    from igny8_analysis.connection import Warehouse

Payload = dict[str, Any]
Row = dict[str, Any]


class Sheet:
    """Figures of a site: shown as the report's panels, and to be had as plain values.

    `to_dict()` is the payload as `igny8 … --format json` prints it, `pl()` its rows as a polars data frame, and
    `sheet["key"]` a part of the payload.
    """

    def __init__(self, title: str, payload: Payload, rows: list[Row], panels: Callable[[], str]) -> None:
        """Hold the payload and its rows; `panels` draws when the sheet is first shown."""
        self.title = title
        self._payload = payload
        self._rows = rows
        self._panels = panels

    def to_dict(self) -> Payload:
        """The payload as plain dicts and lists."""
        return self._payload

    def pl(self) -> "pl.DataFrame":
        """The rows as a polars data frame: a stage, a run or a method each, by what the sheet is of."""
        import polars as pl

        return pl.DataFrame(self._rows, infer_schema_length=None)

    def __getitem__(self, key: str) -> Any:
        return self._payload[key]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._payload)

    def __repr__(self) -> str:
        return f"<{self.title}: {', '.join(self._payload)}; .to_dict(), .pl()>"

    def _repr_html_(self) -> str:
        return self._html

    @cached_property
    def _html(self) -> str:
        return self._panels()


class Site:
    """One site: `.brief()`, `.overview()`, `.history()`, `.run(run_id)`, `.compare(run_a, run_b)`, `.forecast()`.

    >>> site = wh.site("mysite.com")
    >>> site.overview()                                   # shows the report's panels
    >>> site.overview().to_dict()["run_statistics"]       # plain values
    >>> site.history().pl().filter(pl.col("status") == "failed")
    """

    def __init__(self, warehouse: "Warehouse", site_id: int) -> None:
        """Hold a site that exists."""
        self.warehouse = warehouse
        self.site_id = site_id
        ((self.label,),) = warehouse.sql("select label from sites where site_id = ?", [site_id]).fetchall()

    def __repr__(self) -> str:
        return (
            f"<Site {self.site_id}, {self.label}: "
            ".brief(), .overview(), .history(), .run(run_id), .compare(run_a, run_b), .forecast()>"
        )

    def brief(self) -> Sheet:
        """The site in at most six sentences; `pl()` has one row per sentence, with the query behind it."""
        payload = self.warehouse.brief(self.site_id)
        rows = [{key: told[key] for key in ("text", "panel", "query")} for told in payload["sentences"]]
        return Sheet(f"brief of {self.label}", payload, rows, payload._repr_html_)

    def overview(self) -> Sheet:
        """The site's statistics, prediction, attention items and averages; `pl()` has one row per stage."""
        payload = self.warehouse.overview_stats(self.site_id)
        averages = {stage["stage_number"]: stage for stage in payload["historical_averages"]["stages"]}
        rows = [stage | averages[stage["stage_number"]] for stage in payload["predictive_analysis"]["stages"]]
        return Sheet(f"overview of {self.label}", payload, rows, lambda: self._show("overview"))

    def history(self, page: int = 1, page_size: int = 100) -> Sheet:
        """A page of the site's runs, most recent first; `pl()` has one row per run, at most 100. Raises UsageError.

        All of them at once: `wh.sql("from run_history where site_id = ?", [site.site_id]).pl()`.
        """
        payload = self.warehouse.history(self.site_id, page, page_size)
        rows = [
            {key: value for key, value in run.items() if key not in ("summary", "initial_snapshot")}
            | run["summary"]
            for run in payload["runs"]
        ]
        count = payload["pagination"]["total_count"]
        title = f"{len(rows):,} of the {count:,} runs of {self.label}"
        return Sheet(title, payload, rows, lambda: self._show("overview", "run_history"))

    def run(self, run_id: str) -> Sheet:
        """One run beside its baseline; `pl()` has one row per stage. Raises RunNotFound."""
        payload = self.warehouse.run_detail(self.site_id, run_id)
        rows = [
            {key: value for key, value in stage.items() if key != "comparison"} | stage["comparison"]
            for stage in payload["stages"]
        ]
        title = payload["run"]["run_title"]
        return Sheet(title, payload, rows, lambda: self._show("run_detail", run=run_id))

    def compare(self, run_a: str, run_b: str) -> Sheet:
        """Run B beside run A: what differs and why it cost that; `pl()` has one row per stage. Raises RunNotFound."""
        payload = self.warehouse.compare_runs(self.site_id, run_a, run_b)
        title = f"{payload['run_b']['run_title']} beside {payload['run_a']['run_title']}"
        return Sheet(
            title, payload, payload["stages"], lambda: self._show("compare", run_a=run_a, run_b=run_b)
        )

    def forecast(self) -> Sheet:
        """What the next full run is expected to cost, by every method; `pl()` has one row per method."""
        payload = self.warehouse.forecast(self.site_id)
        title = f"forecast for {self.label}"
        return Sheet(title, payload, payload["totals"], lambda: self._show("overview", "what_it_will_cost"))

    def _show(self, notebook: str, panel: str | None = None, **parameters: Any) -> str:
        of_version = {
            "warehouse": str(self.warehouse.path.parent.parent),
            "version": self.warehouse.version,
        }
        return draw(notebook, {**of_version, "site": self.site_id, **parameters}, panel)


def draw(notebook: str, parameters: Mapping[str, Any], panel: str | None = None) -> str:
    """Return the HTML of a report notebook's panels, or of the one called `panel`, drawn by its own cells."""
    from igny8_analysis.reports.panel import Panel, style

    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    shown = [style()._repr_html_()]
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        code = ast.parse("".join(cell["source"]))
        *statements, last = code.body
        if _is_other_panel(last, panel):
            continue
        exec(compile(ast.Module(statements, []), notebook, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), notebook, "eval"), names)
            if isinstance(value, Panel):
                shown.append(f'<div class="igny8">{value.html}</div>')
        else:
            exec(compile(ast.Module([last], []), notebook, "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            names.update(parameters)
    return "".join(shown)


def _is_other_panel(last: ast.stmt, panel: str | None) -> bool:
    """Whether a cell ends in a panel that is not the one wanted; cells that set things up do not."""
    if panel is None or not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call):
        return False
    name = ast.unparse(last.value.func).rpartition(".")[2]
    return name not in (panel, "style")
