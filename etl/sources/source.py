"""What every adapter gives: the relations of a source, and their rows as text, all from one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

SEE_ALL_ROWS = "let the reading role see every row (alter role … bypassrls), or read as the table's owner"


def trimmed(column: str) -> str:
    """SQL for a column as a text without blanks around it."""
    return f"trim(cast({column} as text), ' \t\r\n')"


@dataclass(frozen=True)
class Relation:
    """A table or view of a source: its name as people write it, its path, and whether each column is readable.

    `types` names the columns' types where the source holds a column to one.
    Where a policy of row-level security `hides_rows` from the reading role, none is: a part would pass for the whole.
    """

    name: str
    path: tuple[str, ...]
    columns: dict[str, bool]
    hides_rows: bool = False
    types: dict[str, str] = field(default_factory=dict)

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

    `total` is the SQL function that sums amounts, `exact` what follows a text in SQL so that texts are alike only where
    all their characters are, whatever the column's collation says.
    """

    kind: str
    as_of: datetime
    total: str
    exact: str

    def relations(self, also: Sequence[str]) -> list[Relation]:
        """Every table and view named `igny8_…` that may be seen, and those named in `also`."""
        ...

    def key(self, column: str, type_: str | None) -> str:
        """SQL for what rows of the same text in a column of this type (None: any) are alike in, to group them by."""
        ...

    def utc_date(self, column: str, type_: str | None) -> str:
        """SQL for the date in UTC of a column, or for that as text; NULL where it holds none."""
        ...

    def amount(self, column: str, type_: str | None, places: int) -> str:
        """SQL for the number that a column holds, rounded to so many decimals; NULL where it holds none below 10¹²."""
        ...

    def read(self, query: str) -> pa.RecordBatchReader:
        """Stream the query's rows as Arrow batches: counts as whole numbers, all else as text."""
        ...

    def written_rows(self, path: tuple[str, ...], id_column: str | None) -> WrittenRows | str:
        """Whether each row of the table, told by its id where one is named, tells what wrote it; if not, why not."""
        ...

    def replaced(self) -> list[str]:
        """Which of the tables read so far were not read as the snapshot has them, by name."""
        ...

    def interrupt(self) -> None:
        """End what is waited for, from another thread; nothing can be read afterwards."""
        ...
