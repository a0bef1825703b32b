"""What a process that this one starts gets from the environment: nothing that runs or changes code by the way."""

import os
from pathlib import Path

PYTHON_KEPT = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUSERBASE",
)
FOREIGN = ("PYTHON", "IPYTHON", "JUPYTER", "PAPERMILL", "MPL", "POLARS_FMT", "PYDEVD")


def own_environment() -> dict[str, str]:
    """The environment without settings of Python, IPython and Jupyter; of PYTHONPATH, its absolute folders."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in PYTHON_KEPT or not name.startswith(FOREIGN)
    }
    return kept | absolute_python_path()


def absolute_python_path() -> dict[str, str]:
    """PYTHONPATH with its absolute folders alone: an empty or relative one is where somebody happens to be."""
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
    return {"PYTHONPATH": absolute} if absolute else {}
