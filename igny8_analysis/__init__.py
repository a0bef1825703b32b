"""Numbers to people: `connect()` to a warehouse, payloads, charts, reports and the command line."""

from etl.errors import Igny8Error, LoadError, UsageError, WarehouseNotFound
from igny8_analysis.connection import AmbiguousSite, RunNotFound, SiteNotFound, Warehouse, connect

__all__ = [
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
