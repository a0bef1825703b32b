"""Inside a warm kernel: remember its state once, and put it back after every report.

A report may change the environment, the working directory, `sys.path`, warning filters, polars' settings,
the decimal context, the random state, log levels and its own names; none of it reaches the next report.
"""

from __future__ import annotations

import decimal
import gc
import logging
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any

from igny8_analysis.quicker import without_slow_formats

_kept: dict[str, Any] = {}


def keep() -> None:
    """Remember the state as it is, once, with what every report needs already imported."""
    without_slow_formats()
    from altair.utils import schemapi

    from igny8_analysis.reports import panels, rows  # noqa: F401 (imported once, for all reports)

    schemapi.DEBUG_MODE = False  # the tests hold the charts to Vega-Lite's schema

    _kept.update(
        environment=dict(os.environ),
        folder=str(Path.cwd()),
        path=list(sys.path),
        filters=list(warnings.filters),
        decimals=decimal.getcontext().copy(),
        random=random.getstate(),
        level=logging.getLogger().level,
    )
    gc.collect()
    gc.freeze()  # IPython collects after every report: then only what that made


def put_back() -> None:
    """Put everything back that `keep` remembered, and forget the report's names."""
    from IPython.core.getipython import get_ipython

    if polars := sys.modules.get("polars"):  # none of the panels needs it, and it takes half a second
        polars.Config.restore_defaults()
    os.environ.clear()
    os.environ.update(_kept["environment"])
    os.chdir(_kept["folder"])
    sys.path[:] = _kept["path"]
    warnings.filters[:] = _kept["filters"]  # type: ignore[index]  # typeshed has it a sequence; it is a list
    decimal.setcontext(_kept["decimals"].copy())
    random.setstate(_kept["random"])
    logging.getLogger().setLevel(_kept["level"])
    shell = get_ipython()
    if shell is not None:
        # Still open: the next report opens the same file at once.
        _kept["warehouse"] = getattr(shell.user_ns.get("report"), "warehouse", None)
        shell.reset(new_session=True)
