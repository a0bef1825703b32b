"""What every adapter gives: the relations of a source, and their rows as text, all from one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

SEE_ALL_ROWS = "let the reading role see every row (alter role … bypassrls), or read as the table's owner"


@dataclass(frozen=True)
class Relation:
    """A table or view of a source: its name as people write it, its path, and whether each column is readable.

    Where a policy of row-level security `hides_rows` from the reading role, none is: a part would pass for the whole.
    """

    name: str
    path: tuple[str, ...]
    columns: dict[str, bool]
    hides_rows: bool = False

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

    For its SQL: `utc_date` is an expression for the date of the text `{{ text }}` in UTC, `amount` for the number that
    it holds, rounded to `{{ places }}` decimals, NULL where there is none below 10¹²; `total` is the function that sums
    them.
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
        """Stream the query's rows as Arrow batches: counts as whole numbers, all else as text."""
        ...

    def written_rows(self, path: tuple[str, ...], id_column: str) -> WrittenRows | str:
        """Whether each row of the table tells what wrote it last; if not, why not."""
        ...

    def interrupt(self) -> None:
        """End what is waited for, from another thread; nothing can be read afterwards."""
        ...
