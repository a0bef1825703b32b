"""The warm kernel: fast because it stays, and yet every report finds it as new."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from igny8_analysis import NOTEBOOKS
from igny8_analysis.errors import ReportError
from igny8_analysis.reports import engine
from igny8_analysis.reports.engine import WarmKernel, execute


def notebook(folder: Path, *sources: str, name: str = "trial.ipynb") -> Path:
    cells = [
        new_code_cell("amount = 1  # type: int\nday = None  # type: date", metadata={"tags": ["parameters"]})
    ]
    book = new_notebook(cells=cells + [new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / name)
    return folder / name


def answer(executed: nbformat.NotebookNode) -> str:
    return str(executed.cells[-1].outputs[-1].data["text/plain"])


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.rglob("*.ipynb")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_notebook_shows_what_it_is_of_and_the_period_and_folds_its_other_parameters(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    tagged = {tag: cell for cell in cells for tag in cell.metadata.get("tags", [])}
    shown = tagged.get("parameters")
    names = {line.split(" = ")[0] for line in shown.source.splitlines()} if shown else set()
    assert names <= {"site", "account", "run", "run_a", "run_b", "since", "month"}
    if more := tagged.get("more-parameters"):
        assert more.metadata["jupyter"] == {"source_hidden": True}
        assert shown is None or cells.index(more) < cells.index(shown), "what a report is given comes last"
        declared = set(engine.declared_parameters(path))
        assert declared == names | {line.split(" = ")[0] for line in more.source.splitlines()}


def test_a_folded_parameter_is_taken_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = notebook(tmp_path, "amount, folded")
    book = nbformat.read(path, as_version=4)
    folded = new_code_cell("folded = None  # type: str", metadata={"tags": ["more-parameters"]})
    book.cells.insert(0, folded)
    nbformat.write(book, path)
    kernel = WarmKernel()
    try:
        assert answer(execute(path, {"amount": 2, "folded": "x"}, kernel)) == "(2, 'x')"
    finally:
        kernel.close()
    assert caplog.messages == []


LOOK = """import os, sys, warnings, decimal, random, polars as pl
(os.environ.get("LEFT"), os.getcwd(), len(sys.path), len(warnings.filters), decimal.getcontext().prec,
 random.random(), pl.Config.state()["POLARS_FMT_MAX_COLS"], "left_over" in globals())"""
SPOIL = """import os, sys, warnings, decimal, random, polars as pl
os.environ["LEFT"] = "x"; os.chdir("/"); sys.path.append("/nowhere"); warnings.simplefilter("error")
decimal.getcontext().prec = 3; random.seed(5); pl.Config.set_tbl_cols(2); left_over = 1"""


def test_a_kernel_stays_warm_and_its_state_is_put_back(tmp_path: Path) -> None:
    kernel = WarmKernel()
    try:
        look = notebook(tmp_path, LOOK)
        before = answer(execute(look, {}, kernel))
        process = kernel.process_id
        execute(notebook(tmp_path, SPOIL, name="spoil.ipynb"), {}, kernel)
        assert answer(execute(look, {}, kernel)) == before
        assert kernel.process_id == process

        assert (
            answer(
                execute(
                    notebook(tmp_path, "(amount, day)", name="p.ipynb"),
                    {"amount": "3", "day": "2026-01-02"},
                    kernel,
                )
            )
            == "(3, '2026-01-02')"
        )

        with pytest.raises(
            ReportError, match=r"e\.ipynb, cell 2 \(`1 / 0`\): ZeroDivisionError: division by zero"
        ):
            execute(notebook(tmp_path, "1 / 0", "never = 1", name="e.ipynb"), {}, kernel)
        execute(look, {}, kernel)
        assert kernel.process_id != process, "an error renews the kernel"
    finally:
        kernel.close()
    assert kernel.process_id is None


def test_a_kernel_is_renewed_after_its_share_and_after_its_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RENEW_AFTER", 2)
    kernel = WarmKernel()
    try:
        book = notebook(tmp_path, "import os; os.getpid()")
        seen = [answer(execute(book, {}, kernel)) for _ in range(3)]
        assert seen[0] == seen[1] != seen[2]
        dies = "import os, sys; print('no room', file=sys.__stderr__, flush=True); os._exit(3)"
        with pytest.raises(ReportError, match="the kernel died: no room; it needs memory"):
            execute(notebook(tmp_path, dies, name="d.ipynb"), {}, kernel)
        assert answer(execute(book, {}, kernel)) not in seen
    finally:
        kernel.close()
