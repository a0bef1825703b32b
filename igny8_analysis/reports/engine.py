"""A papermill engine that keeps its kernel warm from one report to the next.

`WarmKernel` is one kernel process: started when first needed, its state put back after every report, renewed
after an error and after every `RENEW_AFTER` reports. All cells of a notebook are sent at once and their
outputs collected as they come. `execute` runs one notebook with checked parameters.
"""

from __future__ import annotations

import queue
import re
import sys
import threading
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from igny8_analysis.errors import ReportError
from igny8_analysis.etl.errors import DAMAGED, UsageError, WarehouseNotFound, tells_damage
from igny8_analysis.etl.scratch import Scratch
from igny8_analysis.processes import own_environment
from igny8_analysis.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbformat import NotebookNode

RENEW_AFTER = 50
ENGINE_NAME = "igny8-warm"
_POLL_SECONDS = 0.2
_START_SECONDS = 60
_LONGEST_SOCKET = 90  # of the 104 to 108 bytes that systems allow; where TMPDIR is longer, TCP on loopback
_NEEDS = "it needs memory, processes and open files (ulimit -a), and room where temporary files go (TMPDIR)"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
IDENTITY = frozenset(
    ("warehouse", "version", "site", "run", "run_a", "run_b", "account", "month", "linked", "links")
)  # of what a report is, and where; that comes from the call alone


class Stopped(Exception):  # noqa: N818 (it is no error)
    """The work was called off while a kernel was at it."""


class WarmKernel:
    """One kernel process for many notebooks, used by one thread at a time, which holds `in_use`.

    `stop` (an event) calls its work off.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        """Start nothing yet."""
        self.in_use = threading.Lock()
        self._stop = stop or threading.Event()
        self._manager: Any = None
        self._client: Any = None
        self._scratch: Scratch | None = None
        self._reports = 0

    @property
    def process_id(self) -> int | None:
        """Id of the kernel's process, or None while there is none."""
        return None if self._manager is None else int(self._manager.provisioner.pid)

    def run(self, cells: list[str]) -> list[list[NotebookNode]]:
        """Run the sources in order and return the outputs of each, up to and with the first error."""
        try:
            if self._client is None or self._reports >= RENEW_AFTER or not self._manager.is_alive():
                self.close()
                self._start_or_tell()
            outputs, has_failed = self._collect(cells)
        except BaseException:
            self.close()
            raise
        self._reports += 1
        if has_failed:
            self.close()
        return outputs

    def close(self) -> None:
        """End the kernel process at once, and leave nothing behind."""
        if self._manager is not None:
            self._manager.shutdown_kernel(now=True)
            self._manager.cleanup_resources()
        if self._client is not None:
            import zmq

            with suppress(zmq.ZMQError):  # it opens channels that it never had to close them
                self._client.stop_channels()
        if self._scratch is not None:
            self._scratch.cleanup()
        self._client = self._manager = self._scratch = None
        self._reports = 0

    def _start_or_tell(self) -> None:
        import zmq

        try:
            self._start()
        except (RuntimeError, OSError, zmq.ZMQError) as error:
            msg = f"the kernel did not start: {self._last_words() or error}; {_NEEDS}"
            raise ReportError(msg) from None

    def _last_words(self) -> str:
        """Return the last line of what the kernel's process wrote, empty where it wrote none."""
        if self._scratch is None:
            return ""
        with suppress(OSError):
            said = _log(self._scratch).read_text(encoding="utf-8", errors="replace")
            return next((one_line(line) for line in reversed(said.splitlines()) if line.strip()), "")
        return ""

    def _start(self) -> None:
        import zmq
        from jupyter_client.manager import KernelManager

        # One context for the life of the process: ending one now and then waits for ever.
        context: zmq.Context[Any] = zmq.Context.instance()
        self._scratch = Scratch()
        folder = self._scratch.name
        settings = {"transport": "ipc", "ip": f"{folder}/k"} if len(folder) < _LONGEST_SOCKET else {}
        self._manager = KernelManager(
            kernel_spec_manager=_own_specs(),
            connection_file=str(Path(folder) / "kernel.json"),
            context=context,
            **settings,
        )
        environment = own_environment() | {
            "IPYTHONDIR": folder,
            "TMPDIR": folder,
            "JUPYTER_CONFIG_DIR": folder,
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "TZ": "UTC",
        }
        with _log(self._scratch).open("wb") as said:  # not on the terminal
            self._manager.start_kernel(cwd=folder, env=environment, stdout=said, stderr=said)
        self._client = self._manager.client(context=context)
        self._client.start_channels(stdin=False, hb=False)
        self._client.wait_for_ready(timeout=_START_SECONDS)
        outputs, has_failed = self._collect(
            ["from igny8_analysis.reports import kernel_state; kernel_state.keep()"]
        )
        if has_failed:
            msg = f"the kernel could not be made ready: {_cause(outputs[-1])}"
            raise ReportError(msg)

    def _collect(self, cells: list[str]) -> tuple[list[list[NotebookNode]], bool]:
        """Send all cells, then what puts the state back, and gather outputs until the last has ended."""
        from nbformat.v4 import output_from_msg

        put_back = "from igny8_analysis.reports import kernel_state; kernel_state.put_back()"
        requests = [self._client.execute(source, store_history=False) for source in cells]
        requests.append(self._client.execute(put_back, silent=True, store_history=False))
        positions = {request: position for position, request in enumerate(requests)}
        outputs: list[list[NotebookNode]] = [[] for _ in cells]
        for message in self._messages():
            position = positions.get(message["parent_header"].get("msg_id", ""), -1)
            kind = message["msg_type"]
            if kind == "status" and message["content"]["execution_state"] == "idle":
                if position == len(cells):
                    break
            elif 0 <= position < len(cells) and kind in ("display_data", "execute_result", "stream", "error"):
                outputs[position].append(output_from_msg(message))
                if kind == "error":
                    return outputs[: position + 1], True
        return outputs, False

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            try:
                yield self._client.get_iopub_msg(timeout=_POLL_SECONDS)
            except queue.Empty:
                if not self._manager.is_alive():
                    said = self._last_words()
                    msg = f"the kernel died{said and f': {said}'}; {_NEEDS}"
                    raise ReportError(msg) from None
            if self._stop.is_set():
                raise Stopped


def _log(folder: Scratch) -> Path:
    return Path(folder.name) / "log"


@lru_cache(maxsize=1)
def _own_specs() -> Any:
    """Return what tells a kernel manager how a kernel starts: in this very interpreter, whatever else is installed."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    command = [sys.executable, "-P", "-m", "igny8_analysis.reports.kernel", "-f", "{connection_file}"]
    # What goes wrong in a cell comes as a message; the log tells of interruptions, on the terminal.
    options = [
        "--HistoryManager.enabled=False",
        "--IPKernelApp.log_level=CRITICAL",
        "--IPKernelApp.ignore_cwd=True",
    ]
    spec = KernelSpec(
        argv=[*command, *options],
        display_name="Python 3",
        language="python",
        metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
    )

    class OwnSpecs(KernelSpecManager):
        """Knows the one kernel, by any name."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return spec

    return OwnSpecs()


def end_event_loop() -> None:
    """Close the event loop that Jupyter's client made for this thread, which is about to end."""
    from jupyter_core.utils import ensure_event_loop

    with suppress(OSError):  # there was none, and none can be made
        ensure_event_loop().close()


def execute(notebook: Path, parameters: Mapping[str, Any], kernel: WarmKernel) -> NotebookNode:
    """Run a notebook with parameters through papermill in a kernel, and return it with its outputs.

    Raises UsageError for a parameter that the notebook does not declare or that is not of its type, and
    ReportError, with notebook, cell and cause, when a cell fails; WarehouseNotFound where the data are damaged. Nothing
    is written.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    _register()
    checked = checked_parameters(notebook, parameters)
    try:
        executed: NotebookNode = papermill.execute_notebook(
            _loaded(notebook),
            None,
            checked,
            engine_name=ENGINE_NAME,
            kernel_name="python3",
            progress_bar=False,
            kernel=kernel,
        )
    except PapermillExecutionError as failed:
        if failed.ename == WarehouseNotFound.__name__:
            raise WarehouseNotFound(failed.evalue) from None
        if tells_damage(failed.ename, failed.evalue):
            raise WarehouseNotFound(f"{DAMAGED} ({_first_line(failed.evalue)})") from None
        cell = f"cell {failed.cell_index + (0 if checked else 1)}"  # papermill puts one cell before it
        msg = f"{notebook.name}, {cell} (`{_first_line(failed.source)}`): {failed.ename}: {failed.evalue}"
        raise ReportError(msg) from None
    return executed


def declared_parameters(notebook: Path) -> dict[str, str]:
    """Return the parameters a notebook declares, each with its type as text.

    They stand in its `parameters` cell, which is for people, and in the folded `more-parameters` cell above it.
    """
    import nbformat
    from papermill.translators import papermill_translators

    python = papermill_translators.find_translator("python3", "python")
    cells = [
        cell
        for cell in nbformat.read(notebook, as_version=4).cells
        if {"parameters", "more-parameters"} & set(cell.metadata.get("tags", []))
    ]
    return {found.name: found.inferred_type_name for cell in cells for found in python.inspect(cell)}


def free_parameters(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as `checked_parameters`; those that say what a report is of are refused too."""
    free = [name for name in _declared(notebook) if name not in IDENTITY]
    for name in given:
        if name in IDENTITY:
            msg = (
                f"{name!r} is no parameter to give: it comes from the command's own arguments and options alone; "
                f"{notebook.name} takes {', '.join(free)}"
            )
            raise UsageError(msg)
        if name not in free:
            msg = f"{notebook.name} has no parameter {name!r}; it takes {', '.join(free)}"
            raise UsageError(msg)
    return checked_parameters(notebook, given)


def checked_parameters(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in the types that the notebook declares: dates as ISO text, numbers as numbers.

    Raises UsageError for an unknown name or a value that does not fit.
    """
    declared = _declared(notebook)
    checked = {}
    for name, value in given.items():
        if name not in declared:
            msg = f"{notebook.name} has no parameter {name!r}; it takes {', '.join(declared)}"
            raise UsageError(msg)
        checked[name] = _typed(name, value, declared[name])
    return checked


def _typed(name: str, value: Any, declared: str) -> Any:
    if value is None:
        return None
    try:
        if declared == "date":
            return value.isoformat() if isinstance(value, date) else date.fromisoformat(value).isoformat()
        if declared == "bool" and isinstance(value, str):
            return {"true": True, "false": False}[value.lower()]
        if declared.startswith("int") and isinstance(value, str):
            is_number = re.fullmatch("[+-]?[0-9]+", value) is not None
            return int(value) if is_number or declared == "int" else value
    except (ValueError, KeyError, TypeError):
        msg = f"parameter {name!r} takes a {declared}, not {value!r}"
        raise UsageError(msg) from None
    return value


_declared = lru_cache(maxsize=16)(declared_parameters)


@lru_cache(maxsize=16)
def _read(notebook: Path, changed: int) -> NotebookNode:
    import nbformat

    read: NotebookNode = nbformat.read(notebook, as_version=4)
    return read


def _loaded(notebook: Path) -> NotebookNode:
    from copy import deepcopy

    return deepcopy(_read(notebook, notebook.stat().st_mtime_ns))


_registered = threading.Lock()


def _register() -> None:
    """Make the engine known to papermill, once a process."""
    from papermill.engines import Engine, papermill_engines
    from papermill.log import logger

    logger.setLevel("ERROR")  # it warns of parameters that stand in the folded cell, which it does not read

    class WarmEngine(Engine):  # type: ignore[misc]  # papermill has no types
        """Runs a notebook's cells in the kernel that it is given."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
            code = [(n, cell) for n, cell in enumerate(nb_man.nb.cells) if cell.cell_type == "code"]
            kernel: WarmKernel = options["kernel"]
            for (index, cell), outputs in zip(code, kernel.run([c.source for _, c in code]), strict=False):
                cell.outputs = outputs
                cell.execution_count = index
                if outputs and outputs[-1].output_type == "error":
                    nb_man.cell_exception(cell, cell_index=index)

    with _registered:
        if ENGINE_NAME not in papermill_engines._engines:
            papermill_engines.register(ENGINE_NAME, WarmEngine)


def _cause(outputs: list[NotebookNode]) -> str:
    error = next((output for output in outputs if output.output_type == "error"), None)
    return "no answer" if error is None else f"{error.ename}: {_ANSI.sub('', error.evalue)}"


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.splitlines() if line.strip()), "")[:80]
