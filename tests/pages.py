"""Reports made in this process: the same notebooks, panels and pages as by a kernel, at a fraction of its cost."""

import ast
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_output

from igny8_analysis.reports import make
from igny8_analysis.reports.panel import Panel


class InProcess:
    """Stands in a WarmKernel's place, and runs a notebook's cells here."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.in_use = threading.Lock()

    def run(self, cells: list[str]) -> list[list[nbformat.NotebookNode]]:
        names: dict[str, Any] = {}
        return [self._outputs(source, names) for source in cells]

    def _outputs(self, source: str, names: dict[str, Any]) -> list[nbformat.NotebookNode]:
        *statements, last = ast.parse(source).body
        if not isinstance(last, ast.Expr):
            exec(source, names)
            return []
        exec(compile(ast.Module(statements, []), "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        bundle = value._repr_mimebundle_() if isinstance(value, Panel) else {"text/plain": repr(value)}
        return [new_output("execute_result", data=bundle)]

    def close(self) -> None:
        pass


@contextmanager
def notebooks_here() -> Iterator[None]:
    """Inside it, reports run their notebooks in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "WarmKernel", InProcess)
        yield
