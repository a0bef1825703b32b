"""IPython extension: `%%sql`, completion of views, columns, sites and runs, charts drawn without a network.

`%load_ext igny8_analysis.magic` loads it; the kernel of `igny8 lab` has it from the start.

    %%sql
    select label, total_pending_items from account_sites where account_id = $account

shows the answer as a polars data frame. `%%sql name` keeps it under that name too, and `$account` stands for the
notebook's variable of that name. The query goes to the `wh` of the notebook, else to a warehouse that is opened as
`igny8_analysis.connect()` opens it.
"""

import re
from typing import TYPE_CHECKING, Any

import duckdb

from igny8_analysis.answers import sql_errors
from igny8_analysis.completion import ACCOUNT_WORDS, SITE_WORDS, Dictionary
from igny8_analysis.connection import Warehouse, connect
from igny8_analysis.etl.errors import Igny8Error, UsageError
from igny8_analysis.etl.templates import identifier
from igny8_analysis.frames import frame_html, frame_text
from igny8_analysis.site import Site
from igny8_analysis.text import one_line, shortened, visible

if TYPE_CHECKING:
    import polars as pl
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.lib.pretty import PrettyPrinter

WAREHOUSE_NAME = "wh"
ALTAIR = ("altair.vegalite.v6.api", "TopLevelMixin")
POLARS = ("polars.dataframe.frame", "DataFrame")
_CELL = re.compile(r"\s*%%sql[^\n]*\n(.*)", re.DOTALL)
_TEXT_ARGUMENT = re.compile(r"""(\w+)\.(\w+)\(\s*(?:[^()]*?([,=])\s*)?(["'])([^"'\n]*)$""")
LONGEST_NAME = 40
OF_A_SITE = frozenset(
    name for name, method in vars(Warehouse).items() if "site" in getattr(method, "__annotations__", ())
)
RUNS = """
select run_id, any_value(status)
from runs
where site_id = ?
group by run_id
order by max(started_at) desc
limit 500
"""


class SqlMagic:
    """The `%%sql` of one shell."""

    def __init__(self, shell: "InteractiveShell") -> None:
        """Answer in this shell."""
        self._shell = shell
        self._opened: Warehouse | None = None
        self._dictionary: tuple[str, Dictionary] | None = None

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
            raise _Plain(one_line(str(error))) from None
        if name:
            self._shell.push({name: frame})
        return frame

    def complete(self, context: "CompletionContext") -> "SimpleMatcherResult":
        """What can complete the word at the cursor of a `%%sql` cell, or of `wh.site("` and `site.run("`."""
        from IPython.core.completer import SimpleCompletion

        before = context.full_text[: _offset(context)]
        after = context.full_text[len(before) :]
        cell = _CELL.fullmatch(before)
        try:
            found = self._in_sql(cell[1], after) if cell else self._in_python(before)
        except Igny8Error:
            found = []
        token = len(context.token)  # what IPython replaces; a word of ours may begin before it, or after
        completions = [
            SimpleCompletion(
                f"{before[len(before) - token : len(before) - typed]}{text}"[max(0, typed - token) :],
                type=kind,
            )
            for text, typed, kind in found
        ]
        return {"completions": completions, "suppress": bool(completions), "ordered": True}

    def meaning(self, code: str, cursor: int) -> str:
        """What the view or column at the cursor of a `%%sql` cell means; empty elsewhere."""
        cell = _CELL.fullmatch(code[:cursor])
        try:
            return self._names().meaning(cell[1], code[cursor:]) if cell else ""
        except Igny8Error:
            return ""

    def _in_sql(self, before: str, after: str) -> list[tuple[str, int, str]]:
        names = self._names()
        return [
            (
                found.text,
                found.replaces,
                "view" if found.text in names.grains else "column" if found.meaning else "word",
            )
            for found in names.suggestions(before, after)
        ]

    def _in_python(self, before: str) -> list[tuple[str, int, str]]:
        """Sites, accounts and run_ids in the text that a call on a warehouse or a site is given, each with its name."""
        call = _TEXT_ARGUMENT.search(before)
        owner = self._shell.user_ns.get(call[1]) if call else None
        if call is None or not isinstance(owner, Warehouse | Site):
            return []
        _, method, later, _, typed = call.groups()
        if isinstance(owner, Site):
            is_of_run = method in {"run", "compare"}
            answer = owner.warehouse.sql(RUNS, [owner.site_id]) if is_of_run else None
        elif method in {"account", "explain_account"} or (method == "brief" and later):
            answer = owner.sql(ACCOUNT_WORDS)
        else:
            answer = owner.sql(SITE_WORDS) if method in OF_A_SITE and not later else None
        words = answer.fetchall() if answer else []
        return [
            (word, len(typed), visible(shortened(name or "", LONGEST_NAME)))
            for word, name in words
            if word.startswith(typed)
        ]

    def _run(self, query: str) -> "pl.DataFrame":
        values = self._shell.user_ns
        with sql_errors():
            statements = duckdb.extract_statements(query)
        named = set[str]().union(*(statement.named_parameters for statement in statements))
        names = {name for name in named if name.isidentifier()}  # `?` is named 1
        if missing := sorted(names - values.keys()):
            raise UsageError(f"the query says ${missing[0]}, and the notebook has no variable {missing[0]}")
        answer = self._warehouse().sql(query, {name: values[name] for name in names} or None)
        with sql_errors():
            frame: pl.DataFrame = _without_intervals(answer).pl()
        return frame

    def _warehouse(self) -> Warehouse:
        """The notebook's `wh`, else one of our own."""
        named = self._shell.user_ns.get(WAREHOUSE_NAME)
        if isinstance(named, Warehouse):
            return named
        if self._opened is None:
            self._opened = connect()
        return self._opened

    def _names(self) -> Dictionary:
        warehouse = self._warehouse()
        if self._dictionary is None or self._dictionary[0] != str(warehouse.path):
            self._dictionary = (str(warehouse.path), Dictionary(warehouse))
        return self._dictionary[1]


def _without_intervals(answer: Any) -> Any:
    """Return the rows with their intervals as texts: of months, days and time together a data frame has no type."""
    types = dict(zip(answer.columns, map(str, answer.types), strict=False))
    if "INTERVAL" not in types.values():
        return answer
    columns = (identifier(name) for name in types)
    return answer.project(
        ", ".join(
            f"cast({column} as varchar) as {column}" if type_ == "INTERVAL" else column
            for column, type_ in zip(columns, types.values(), strict=True)
        )
    )


class _Plain(Exception):  # noqa: N818 (shown by its text alone)
    """An error that a notebook shows in one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"igny8: {self}"]


def _offset(context: "CompletionContext") -> int:
    """Where the cursor stands in the whole text."""
    lines = context.full_text.split("\n")
    return sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position


def altair_drawn(chart: Any, **options: Any) -> dict[str, str]:
    """Return an Altair chart as SVG, drawn here: JupyterLab 4 knows no Vega-Lite 6, and no network is needed.

    HTML follows the notebook's theme and takes its whole width; the picture beside it is for other programs.
    """
    from igny8_analysis.charts.own import own_chart

    return own_chart(chart)


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Give the shell `%sql` and `%%sql`, completion, charts as SVG and readable frames; twice is no more."""
    from IPython.core.completer import context_matcher

    if "sql" in shell.magics_manager.magics["cell"]:
        return
    magic = SqlMagic(shell)
    shell.magics_manager.register_function(magic.sql, "line_cell", "sql")

    def our_names(context: "CompletionContext") -> "SimpleMatcherResult":
        return magic.complete(context)

    matcher = context_matcher(identifier="igny8.names", priority=100)(our_names)
    shell.Completer.custom_matchers.append(matcher)
    if kernel := getattr(shell, "kernel", None):
        _tell_meanings(kernel, magic)
    if shell.display_formatter is not None:
        shell.display_formatter.mimebundle_formatter.for_type_by_name(*ALTAIR, altair_drawn)
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type_by_name(*POLARS, frame_html)
        formatters["text/plain"].for_type_by_name(*POLARS, _print_frame)


def _print_frame(frame: "pl.DataFrame", printer: "PrettyPrinter", cycle: bool) -> None:
    printer.text(frame_text(frame))


def _tell_meanings(kernel: Any, magic: SqlMagic) -> None:
    """Let the kernel tell what a name in a `%%sql` cell means, where a notebook asks about the word at the cursor."""
    inspect = kernel.do_inspect

    def do_inspect(code: str, cursor_pos: int, *arguments: Any, **named: Any) -> Any:
        if meaning := magic.meaning(code, cursor_pos):
            return {"status": "ok", "found": True, "data": {"text/plain": meaning}, "metadata": {}}
        return inspect(code, cursor_pos, *arguments, **named)

    kernel.do_inspect = do_inspect
