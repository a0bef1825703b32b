"""Numbers to people: `connect()` to a warehouse, payloads, charts, reports and the command line."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from igny8_analysis.errors import AccountNotFound, AmbiguousRun, AmbiguousSite, RunNotFound, SiteNotFound
from igny8_analysis.etl.errors import Igny8Error, LoadError, UsageError, WarehouseNotFound

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse, connect

NOTEBOOKS = Path(__file__).parent / "notebooks"

__all__ = [
    "AccountNotFound",
    "AmbiguousRun",
    "AmbiguousSite",
    "Igny8Error",
    "LoadError",
    "RunNotFound",
    "SiteNotFound",
    "UsageError",
    "Warehouse",
    "WarehouseNotFound",
    "connect",
]


def __getattr__(name: str) -> Any:
    """What needs DuckDB is imported when it is asked for: `igny8 --help` does without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("igny8_analysis.connection"), name)
    globals()[name] = value
    return value
