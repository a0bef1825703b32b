"""The command line: `igny8 <command>`. One module a group of commands; heavy imports only where they are needed."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from igny8_analysis.cli import streams
from igny8_analysis.errors import SqlError, of_another_program
from igny8_analysis.etl import interrupts
from igny8_analysis.etl.errors import DAMAGED, Igny8Error, WarehouseNotFound, is_damage
from igny8_analysis.quicker import without_slow_formats
from igny8_analysis.text import inert, one_line

# The commands in reading order, in groups: the module that has each, and what it does in a line of 80 columns.
GROUPS = {
    "The data": {
        "demo": ("load", "Make a sample source, load it, make its reports: begin here."),
        "check": ("check", "What a load would find in a source."),
        "etl": ("load", "Load a source into a new version of the warehouse."),
        "versions": ("load", "List the versions that stay, or choose one."),
        "build": ("build", "Build a version again from what was loaded."),
        "quality": ("quality", "What the checks of a load found."),
    },
    "A site and its runs": {
        "sites": ("read", "List the sites, or those with PART in a name or id."),
        "brief": ("brief", "What a site made, what it cost, why, and what comes next."),
        "overview": ("read", "A site's figures, its next run and its whole queue."),
        "history": ("read", "A site's runs, most recent first, by number."),
        "run": ("read", "One run: stages, baseline, efficiency, insights."),
        "compare": ("compare", "One run beside another, stage by stage."),
        "settings": ("account", "A site's automation: schedule, limits, stages that are on."),
        "account": ("account", "An account: its balance, its sites, credits by month."),
    },
    "What comes next": {
        "forecast": ("forecast", "What a site's next run will cost, or would, what if."),
        "backtest": ("forecast", "How well forecasts of past runs did."),
        "alerts": ("alerts", "What needs someone: failures, prices, the balance."),
    },
    "Reports and answers": {
        "report": ("report", "Make reports: HTML files that need no network."),
        "explain": ("forecast", "Where a number comes from: its query and its rows."),
        "sql": ("sql", "Ask the views in SQL, or open a prompt."),
        "export": ("export", "Write a view to a Parquet file."),
        "lab": ("lab", "JupyterLab on the notebooks."),
        "completion": ("completion", "Have the shell complete commands, sites and views."),
    },
}
COMMANDS = {name: module for group in GROUPS.values() for name, (module, _) in group.items()}
SIGNALLED = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
COMPLETING = "_IGNY8_COMPLETE"
NOT_UTF_8 = "cannot encode str as UTF-8"
"""DuckDB's words for a text that it cannot take."""


class Interrupted(Exception):  # noqa: N818 (it is no error)
    """Ctrl-C or SIGTERM; click would begin a line of its own for KeyboardInterrupt."""


class Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in reading order."""
        return list(COMMANDS)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises Interrupted for Ctrl-C, in Python or in one of DuckDB's queries."""
        try:
            status = super().invoke(ctx)
            if ctx.meta.get("igny8.columns"):
                from igny8_analysis.cli.output import refuse_unknown_columns

                refuse_unknown_columns(ctx)
            return status
        except KeyboardInterrupt as stop:
            raise Interrupted(*stop.args) from None
        except SqlError as error:
            if ctx.invoked_subcommand == "sql":
                raise
            raise of_another_program(error) from None
        except RuntimeError as error:
            if str(error) != "Query interrupted":
                raise
            raise Interrupted from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; for another word, what is like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in their groups, a line each."""
        width = max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", told) for name, (_, told) in group.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, with --debug added to it."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"igny8_analysis.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        if all(option.name != "debug" for option in command.params):
            command.params.append(
                click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks.")
            )
        return command


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command has examples: igny8 COMMAND --help",
    invoke_without_command=True,
)
@click.version_option(package_name="igny8-analysis")
@click.pass_context
def cli(context: click.Context) -> None:
    """What an IGNY8 automation run did, why it cost that, and what the next one will cost."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line; every failure is one line on standard error and an exit status."""
    debug = "--debug" in sys.argv
    if sys.stderr is sys.__stderr__:
        _have_a_home()
        _leave_out_optimizing()
        streams.prepare(shows_warnings=debug)
    without_slow_formats()
    if COMPLETING in os.environ:
        _complete()
    try:
        with _heard_signals():
            status = cli.main(prog_name="igny8", standalone_mode=False)
        sys.stdout.flush()
    except streams.OutputLost as error:
        streams.give_up_output()
        if error.exit_code:
            _fail(str(error), error.exit_code)
        sys.exit(0)
    except (Interrupted, KeyboardInterrupt, click.Abort) as stop:
        number = stop.args[0] if stop.args else signal.SIGINT
        _fail(f"{SIGNALLED[number]}; nothing was left half-done", 128 + number)
    except click.ClickException as error:
        _fail(f"{_in_our_words(error)}{_hint(error)}", 2)
    except Exception as error:
        message, number = _is_no_text(error) or _told(error)
        if debug:
            _show_traceback(error)
            sys.exit(number)
        _fail(message, number)
    sys.exit(status if isinstance(status, int) else 0)


@contextmanager
def _heard_signals() -> Iterator[None]:
    """Have Ctrl-C and SIGTERM end the block in the same way, even where what runs is deaf to them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        interrupts.answer()
        raise KeyboardInterrupt(number)

    before = {number: signal.getsignal(number) for number in SIGNALLED}
    with interrupts.listening(_give_up):
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as nohup has it
                signal.signal(number, stop)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _give_up(number: int) -> None:
    """End the process, as something in it does not return; what it was at is cleared away as after a kill."""
    show_cursor = "\x1b[?25h" if os.isatty(2) else ""
    os.write(
        2,
        f"{show_cursor}igny8: {SIGNALLED[signal.Signals(number)]}; the next load clears away what is left\n".encode(),
    )
    os._exit(128 + number)


def _have_a_home() -> None:
    """Name one that nobody can write to where there is none, as in a container under a number of its own.

    Libraries ask for it as they are imported.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = os.devnull


def _leave_out_optimizing() -> None:
    """Begin again where PYTHONOPTIMIZE took away the docstrings that Altair needs."""
    if sys.flags.optimize and "PYTHONOPTIMIZE" in os.environ:
        del os.environ["PYTHONOPTIMIZE"]
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _is_no_text(error: Exception) -> tuple[str, int] | None:
    """What to say, and the exit status, where the error is of a word that is no text in UTF-8."""
    word = next((word for word in sys.argv if not _is_utf_8(word)), None)
    if word is None or not (isinstance(error, UnicodeError) or NOT_UTF_8 in str(error)):
        return None
    return f"{word!r} is no text in UTF-8", 2


def _told(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit status."""
    if type(error).__name__ in ("CatalogException", "BinderException"):  # DuckDB's, not imported to name them
        error = of_another_program(str(error).splitlines()[0])
    if isinstance(error, Igny8Error):
        return str(error), error.exit_code
    if type(error).__module__.endswith("duckdb") and is_damage(error):
        return f"{DAMAGED} ({str(error).splitlines()[0]})", WarehouseNotFound.exit_code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror or error}", 5
    if isinstance(error, MemoryError):
        return "there is not enough memory for this", 5
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "there is not enough memory, or no further thread allowed (ulimit -a), for this", 5
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)", 1


def _is_utf_8(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _in_our_words(error: click.ClickException) -> str:
    """Click's message; "unexpected" is a word for faults of the program alone."""
    return error.format_message().replace("Got unexpected extra", "there is no place for the further")


def _complete() -> NoReturn:
    """Answer a shell that completes; where that fails, say nothing into the line that somebody types."""
    from igny8_analysis.cli.completion import offer_plain_words

    offer_plain_words()
    try:
        cli.main(prog_name="igny8", standalone_mode=False)
        sys.stdout.flush()
    except Exception:
        streams.give_up_output()
        sys.exit(1)
    sys.exit(0)


def _hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" (see {context.command_path} --help)" if context else ""


def _show_traceback(error: Exception) -> None:
    """Show where it failed as Python does, but for passwords and for what acts on a terminal."""
    from igny8_analysis.etl.secrets import without_passwords

    told = without_passwords("".join(traceback.format_exception(error)))
    print(inert(told), end="", file=sys.stderr)


def _fail(message: str, status: int) -> NoReturn:
    from igny8_analysis.etl.secrets import without_passwords

    print(one_line(f"igny8: {without_passwords(message)}"), file=sys.stderr)
    sys.exit(status)
