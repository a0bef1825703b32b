"""The notebooks for analysts run top to bottom on the demo, and say something in every cell."""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from nbformat.v4 import new_output

import igny8_analysis
from igny8_analysis import Warehouse

EXPLORE = Path(igny8_analysis.__file__).parent.parent / "notebooks" / "explore"
NOTEBOOKS = sorted(path.name for path in EXPLORE.glob("*.ipynb"))


def read(name: str, **parameters: Any) -> nbformat.NotebookNode:
    notebook = nbformat.read(EXPLORE / name, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += "\n" + "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    return notebook


def executed(name: str, warehouse: Path) -> nbformat.NotebookNode:
    """A notebook with what a kernel of its own answers."""
    notebook = read(name)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", extra_arguments=["--HistoryManager.enabled=False"]
    )
    client.execute(env=os.environ | {"IGNY8_WAREHOUSE": str(warehouse)})
    return notebook


def executed_here(name: str, ipython: InteractiveShell, **parameters: Any) -> nbformat.NotebookNode:
    """A notebook with what its cells answer here."""
    notebook = read(name, **parameters)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with capture_output() as shown:
                done = ipython.run_cell(cell.source)
            done.raise_error()
            data, _ = ipython.display_formatter.format(done.result)
            bundles = [output.data for output in shown.outputs] + [data] * (done.result is not None)
            cell.outputs = [new_output("display_data", data=bundle) for bundle in bundles]
    return notebook


def text_of(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(str(cell.get("outputs", "")) for cell in notebook.cells)


def test_the_notebooks_are_there() -> None:
    assert {"account.ipynb", "ad_hoc_sql.ipynb", "first_look.ipynb"} <= set(NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_top_to_bottom(name: str, demo_warehouse: Path) -> None:
    assert_answered(name, executed(name, demo_warehouse))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebooks_cells_run_in_their_order(name: str, ipython: InteractiveShell) -> None:
    assert_answered(name, executed_here(name, ipython))


def assert_answered(name: str, notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.source.startswith("%%sql"):
            assert cell.outputs, f"{name}: no answer to {cell.source}"
            assert "shape: (0," not in str(cell.outputs), f"{name}: no rows for {cell.source}"
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            shown = output.get("data", {})
            assert "vega" not in " ".join(shown), "a chart that needs more than JupyterLab has"
            assert "<script" not in shown.get("text/html", ""), "a chart that needs a network"


def test_ten_questions_are_asked() -> None:
    notebook = nbformat.read(EXPLORE / "ad_hoc_sql.ipynb", as_version=4)
    titles = [cell.source.splitlines()[0] for cell in notebook.cells if cell.source.startswith("## ")]
    assert len(titles) == 10
    assert all(title.endswith("?") for title in titles)


def test_an_account_sees_its_own_sites_only(demo: Warehouse, ipython: InteractiveShell) -> None:
    text = text_of(executed_here("account.ipynb", ipython, account=12))
    labels = demo.sql("select label, account_id from sites where length(label) > 4").fetchall()
    own = {label for label, account in labels if account == 12}
    others = {label for label, account in labels if account != 12} - own
    assert [label for label in own if label not in text] == []
    assert [label for label in others if label in text] == []
