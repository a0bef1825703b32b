"""The prompt of `igny8 sql`: a query ends with a semicolon; views and columns complete; history stays."""

import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from igny8_analysis.cli.output import print_answer, print_rows
from igny8_analysis.completion import Dictionary
from igny8_analysis.errors import QueryTooLarge
from igny8_analysis.etl.errors import UsageError, WarehouseNotFound
from igny8_analysis.etl.interrupts import lent
from igny8_analysis.text import one_line, visible

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

GREETING = "{version}, as of {as_of:%Y-%m-%d %H:%M} UTC. Queries end with ; and Tab completes. help, exit."
HELP = """\
show tables;                  the views
describe run_statistics;      a view's columns
select * from sites;          a query; it may take several lines and ends with a semicolon
help views                    the views with what one row of each is
help VIEW                     the columns of a view with their meanings
exit                          leave, as does Ctrl-D"""
PROMPT = "igny8> "
CONTINUATION = "   ... "
WORDS = ("help", "exit", "quit")


class SqlCompleter(Completer):
    """Completes views, columns and SQL words, with what each means beside it."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Complete from this dictionary."""
        self._dictionary = dictionary

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What can complete the word before the cursor."""
        before, after = document.text_before_cursor, document.text_after_cursor
        for found in self._dictionary.suggestions(before, after):
            yield Completion(found.text, -found.replaces, display_meta=visible(found.meaning))


def run_prompt(warehouse: "Warehouse", format_: str, history_file: Path | None) -> None:
    """Answer queries until `exit` or Ctrl-D; one that fails is told in one line, and the prompt goes on."""
    dictionary = Dictionary(warehouse)
    session: PromptSession[str] = PromptSession(
        PROMPT,
        history=_history(history_file),
        completer=SqlCompleter(dictionary),
        complete_while_typing=False,
        lexer=PygmentsLexer(SqlLexer),
        multiline=True,
        prompt_continuation=CONTINUATION,
        key_bindings=_bindings(),
    )
    click.echo(GREETING.format(version=warehouse.version, as_of=warehouse.as_of))
    while True:
        try:
            with lent():
                text = session.prompt().strip().rstrip(";").strip()
        except KeyboardInterrupt as stop:
            _leave_where_told(stop)
            continue
        except EOFError:
            return
        if text in ("exit", "quit"):
            return
        try:
            _answer(warehouse, dictionary, text, format_)
        except (UsageError, QueryTooLarge, WarehouseNotFound) as error:
            click.echo(one_line(f"igny8: {error}"), err=True)
        except KeyboardInterrupt as stop:
            _leave_where_told(stop)
            click.echo("igny8: stopped", err=True)


def _leave_where_told(stop: KeyboardInterrupt) -> None:
    """Ctrl-C ends a line or a query; SIGTERM ends the prompt."""
    if signal.SIGTERM in stop.args:
        raise stop


def _answer(warehouse: "Warehouse", dictionary: Dictionary, text: str, format_: str) -> None:
    word, _, topic = text.partition(" ")
    if not text:
        return
    if word != "help":
        print_answer(warehouse, text, format_)
    elif not topic:
        click.echo(HELP)
    elif topic == "views":
        print_rows(("view", "one row is"), list(dictionary.grains.items()), "table")
    elif topic in dictionary.columns:
        print_rows(("column", "meaning"), list(dictionary.columns[topic].items()), "table")
    else:
        raise UsageError(f"there is no view {topic!r}; help views lists them")


def _bindings() -> KeyBindings:
    """Enter runs what is complete: a text that ends with a semicolon, or a word of the prompt's own."""
    bindings = KeyBindings()

    @Condition
    def is_complete() -> bool:
        from prompt_toolkit.application import get_app

        text = get_app().current_buffer.text.strip()
        return not text or text.endswith(";") or text.partition(" ")[0] in WORDS

    @bindings.add("enter", filter=is_complete)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return bindings


def _history(file: Path | None) -> History:
    """The history in the file; in memory alone where the file cannot be written."""
    if file is None:
        return InMemoryHistory()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
