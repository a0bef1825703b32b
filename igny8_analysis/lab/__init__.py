"""JupyterLab on the notebooks, with a kernel that has `%%sql`, completion of views and charts without a network."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from igny8_analysis import NOTEBOOKS
from igny8_analysis.etl.errors import LoadError
from igny8_analysis.etl.files import is_there, whole
from igny8_analysis.etl.lake import refuse_own_file
from igny8_analysis.magic import load_ipython_extension as load_ipython_extension  # the kernel's --ext
from igny8_analysis.processes import absolute_python_path

JUPYTER = Path(__file__).parent
OWN_FOLDER = Path("igny8-notebooks")


def check_installed() -> None:
    """Raise LoadError where JupyterLab, which only this command needs, is not installed."""
    try:
        distribution("jupyterlab")
    except PackageNotFoundError:
        raise LoadError("igny8 lab needs JupyterLab: pip install 'igny8-analysis[lab]'") from None


def notebooks_folder(folder: Path | None = None) -> Path:
    """Return the folder to work in: the checkout's notebooks, else copies of them in `folder`.

    Without `folder`, an installed package copies to ~/igny8-notebooks. What is there already stays as it is.
    Raises LoadError where the folder cannot be written, UsageError where it lies among a warehouse's versions.
    """
    if folder is None and NOTEBOOKS.is_symlink():
        return NOTEBOOKS.resolve()
    target = folder or Path.home() / OWN_FOLDER
    refuse_own_file(target)
    try:
        for source in sorted(NOTEBOOKS.rglob("*.ipynb")):
            copy = target / source.relative_to(NOTEBOOKS)
            if not is_there(copy) and ".ipynb_checkpoints" not in source.parts:
                copy.parent.mkdir(parents=True, exist_ok=True)
                with whole(copy) as file:
                    file.write(source.read_bytes())
    except OSError as error:
        raise LoadError(f"the notebooks cannot be copied to {target}: {error.strerror or error}") from error
    return target


def environment(warehouse: Path) -> dict[str, str]:
    """Return the environment of JupyterLab: the warehouse's directory, and our kernel and settings before others."""
    ours = {
        name: os.pathsep.join([str(JUPYTER), *filter(None, [os.environ.get(name)])])
        for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    }
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**others, **absolute_python_path(), **ours, "IGNY8_WAREHOUSE": str(warehouse.resolve())}


def command(folder: Path, arguments: Sequence[str] = ()) -> list[str]:
    """Return the command that starts JupyterLab in the folder, with further arguments of its own.

    No module of the current folder runs in it; a notebook's kernel has the notebook's folder on its path.
    """
    settings = [f"--ServerApp.root_dir={folder.resolve()}"]
    return [sys.executable, "-P", "-m", "jupyterlab", *settings, *arguments]
