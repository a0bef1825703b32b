"""One adapter a kind of source, behind one small interface: everything is read from one snapshot, as text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from igny8_analysis.etl.errors import UsageError


@dataclass(frozen=True)
class Relation:
    """A table or view of a source: its name as people write it, its path, and whether each column is readable."""

    name: str
    path: tuple[str, ...]
    columns: dict[str, bool]

    @property
    def is_readable(self) -> bool:
        """Whether the reading role may read anything of it."""
        return any(self.columns.values())


@dataclass(frozen=True)
class WrittenRows:
    """That a table's rows tell what wrote them: `state` is all else that makes its rows what they are.

    Numbers of transactions below `oldest` were over when the snapshot was taken; `next` is the next to be given out.
    """

    state: str
    oldest: int
    next: int


class Source(Protocol):
    """A source database held at one instant, for reading only.

    For its SQL: `utc_date` is an expression for the date of the text `{text}` in UTC, `amount` for the number that it
    holds, rounded to `{places}` decimals, NULL where there is none below 10¹²; `total` is the function that sums them.
    """

    kind: str
    as_of: datetime
    utc_date: str
    amount: str
    total: str

    def relations(self, also: Sequence[str]) -> list[Relation]:
        """Every table and view named `igny8_…` that may be seen, and those named in `also`."""
        ...

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches."""
        ...

    def written_rows(self, path: tuple[str, ...], id_column: str) -> WrittenRows | str:
        """Whether each row of the table tells what wrote it last; if not, why not."""
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
