"""Errors of answers and reports; those of sources, loads and use are in `etl/errors.py`."""

from igny8_analysis.etl.errors import Igny8Error, LoadError, UsageError, WarehouseNotFound


class SiteNotFound(Igny8Error):  # noqa: N818 (a public name)
    """No site has this id or domain."""

    exit_code = 3


class AmbiguousSite(Igny8Error):  # noqa: N818 (a public name)
    """Several sites share this domain."""

    exit_code = 3


class RunNotFound(Igny8Error):  # noqa: N818 (a public name)
    """The site has no such run."""

    exit_code = 3


class AmbiguousRun(RunNotFound):
    """Several runs of the site have this number, or begin so."""


class AccountNotFound(Igny8Error):  # noqa: N818 (a public name)
    """No account has this id or name, or several have the name."""

    exit_code = 3


class SqlError(UsageError):
    """A query that DuckDB cannot run; where no person wrote it, the version of the data is of another program."""


def of_another_program(lacking: object) -> WarehouseNotFound:
    """The error of a version that lacks what this program reads."""
    return WarehouseNotFound(
        f"this version of the data is of another igny8-analysis ({lacking}); load again: igny8 etl"
    )


class QueryTooLarge(Igny8Error):  # noqa: N818 (a public name)
    """A query needs more time, memory or disk than it may take."""

    exit_code = 5


class PostError(LoadError):
    """A post was not taken; the address is not told."""


class ReportError(Igny8Error):
    """A report could not be made; names notebook, cell and cause. An earlier report stays as it was."""

    exit_code = 5
