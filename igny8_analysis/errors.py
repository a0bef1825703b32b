"""The errors of who asks: what was named does not exist, or is not named clearly enough."""

from igny8_analysis.etl.errors import Igny8Error


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
