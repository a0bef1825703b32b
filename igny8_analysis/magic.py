"""IPython extension: `%%sql`, completion of views and columns, charts drawn without a network.

`%load_ext igny8_analysis.magic` loads it; the kernel of `igny8 lab` has it from the start.

    %%sql
    select label, total_pending_items from account_sites where account_id = $account

shows the answer as a polars data frame. `%%sql name` keeps it under that name too, and `$account` stands for the
notebook's variable of that name. The query goes to the `wh` of the notebook, else to a warehouse that is opened as
`igny8_analysis.connect()` opens it.
"""

import re
from typing import TYPE_CHECKING, Any

from igny8_analysis.answers import sql_errors
from igny8_analysis.completion import Catalogue
from igny8_analysis.connection import Warehouse, connect
from igny8_analysis.etl.errors import Igny8Error, UsageError

if TYPE_CHECKING:
    import polars as pl
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.lib.pretty import PrettyPrinter

WAREHOUSE_NAME = "wh"
ALTAIR = ("altair.vegalite.v6.api", "TopLevelMixin")
POLARS = ("polars.dataframe.frame", "DataFrame")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_CELL = re.compile(r"\s*%%sql[^\n]*\n(.*)", re.DOTALL)


class SqlMagic:
    """The `%%sql` of one shell."""

    def __init__(self, shell: "InteractiveShell") -> None:
        """Answer in this shell."""
        self._shell = shell
        self._opened: Warehouse | None = None
        self._catalogue: tuple[str, Catalogue] | None = None

    def sql(self, line: str, cell: str | None = None) -> "pl.DataFrame | None":
        """Run a query: `%sql select 1`, or the text of a `%%sql [name]` cell; return its rows as a data frame.

        `%%sql name` keeps the rows in the variable `name`. `$variable` in the query stands for its value.
        """
        name, query = (line.strip(), cell) if cell is not None else ("", line)
        try:
            if name and not name.isidentifier():
                raise UsageError(f"%%sql takes the name of a variable, not {name!r}")
            frame = self._run(query)
        except Igny8Error as error:
            from igny8_analysis.cli.text import one_line

            raise _Plain(one_line(str(error))) from None
        if name:
            self._shell.push({name: frame})
        return frame

    def complete(self, context: "CompletionContext") -> "SimpleMatcherResult":
        """What can complete the word at the cursor of a `%%sql` cell; nothing elsewhere."""
        from IPython.core.completer import SimpleCompletion

        before = context.full_text[: _offset(context)]
        cell = _CELL.fullmatch(before)
        if cell is None:
            return {"completions": []}
        try:
            suggestions = self._names().suggestions(cell[1], context.full_text[len(before) :])
        except Igny8Error:
            return {"completions": []}
        token = len(context.token)
        completions = [
            SimpleCompletion(
                cell[1][len(cell[1]) - token : len(cell[1]) - found.replaces] + found.text, type="sql"
            )
            for found in suggestions
        ]
        return {"completions": completions, "suppress": bool(completions), "ordered": True}

    def _run(self, query: str) -> "pl.DataFrame":
        values = self._shell.user_ns
        names = set(_PARAMETER.findall(query))
        if missing := sorted(names - values.keys()):
            raise UsageError(f"the query says ${missing[0]}, and the notebook has no variable {missing[0]}")
        answer = self._warehouse().sql(query, {name: values[name] for name in names} or None)
        with sql_errors():
            frame: pl.DataFrame = answer.pl()
        return frame

    def _warehouse(self) -> Warehouse:
        """The notebook's `wh`, else one of our own."""
        named = self._shell.user_ns.get(WAREHOUSE_NAME)
        if isinstance(named, Warehouse):
            return named
        if self._opened is None:
            self._opened = connect()
        return self._opened

    def _names(self) -> Catalogue:
        warehouse = self._warehouse()
        if self._catalogue is None or self._catalogue[0] != str(warehouse.path):
            self._catalogue = (str(warehouse.path), Catalogue(warehouse))
        return self._catalogue[1]


class _Plain(Exception):  # noqa: N818 (shown by its text alone)
    """An error that a notebook shows in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"igny8: {self}"]


def _offset(context: "CompletionContext") -> int:
    """Where the cursor stands in the whole text."""
    lines = context.full_text.split("\n")
    return sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position


def altair_svg(chart: Any, **options: Any) -> dict[str, str]:
    """Return an Altair chart as SVG, drawn here: JupyterLab 4 knows no Vega-Lite 6, and no network is needed."""
    import vl_convert

    return {"image/svg+xml": vl_convert.vegalite_to_svg(chart.to_dict())}


def frame_text(frame: "pl.DataFrame", printer: "PrettyPrinter", cycle: bool) -> None:
    """Print a data frame as it prints itself, its control characters shown and not sent to a terminal."""
    from igny8_analysis.cli.text import inert

    printer.text(inert(repr(frame)))


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Give the shell `%sql` and `%%sql`, their completion, charts as SVG, frames as inert text; twice is no more."""
    from IPython.core.completer import context_matcher

    if "sql" in shell.magics_manager.magics["cell"]:
        return
    magic = SqlMagic(shell)
    shell.magics_manager.register_function(magic.sql, "line_cell", "sql")

    def sql_names(context: "CompletionContext") -> "SimpleMatcherResult":
        return magic.complete(context)

    matcher = context_matcher(identifier="igny8.sql", priority=100)(sql_names)
    shell.Completer.custom_matchers.append(matcher)
    if shell.display_formatter is not None:
        shell.display_formatter.mimebundle_formatter.for_type_by_name(*ALTAIR, altair_svg)
        texts = shell.display_formatter.formatters["text/plain"]
        texts.for_type_by_name(*POLARS, frame_text)
