"""One adapter a kind of source, behind one small interface: everything is read from one snapshot, as text."""

from collections.abc import Iterator
from contextlib import contextmanager

from igny8_analysis.etl.errors import UsageError
from igny8_analysis.etl.sources.source import Source


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
