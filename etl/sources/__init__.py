"""One adapter a kind of source, behind one small interface: everything is read from one snapshot, as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from igny8_analysis.etl.errors import UsageError


class Source(Protocol):
    """A source database held at one instant, for reading only."""

    kind: str
    as_of: datetime

    def columns(self, table: str) -> frozenset[str]:
        """Names of the table's columns; empty where there is no such table or it may not be seen."""
        ...

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches."""
        ...

    def interrupt(self) -> None:
        """End what is waited for, from another thread; nothing can be read afterwards."""
        ...


@contextmanager
def open_source(url: str) -> Iterator[Source]:
    """Open `postgresql://…` or `sqlite:///path` (`sqlite:////` for an absolute path) as one read-only snapshot.

    Raises UsageError for another kind of address and LoadError where the source cannot be opened.
    """
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgresql", "postgres") and separator:
        from igny8_analysis.etl.sources.postgres import open_postgres

        with open_postgres(url) as source:
            yield source
    elif scheme == "sqlite" and rest.startswith("/") and rest != "/":
        from igny8_analysis.etl.sources.sqlite import open_sqlite

        with open_sqlite(rest[1:]) as source:
            yield source
    else:
        raise UsageError(
            "--source must be postgresql://… or sqlite:///path (sqlite:////path for an absolute one)"
        )
