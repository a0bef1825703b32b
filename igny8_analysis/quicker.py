"""Leave out an import that takes seconds and serves nothing here."""

import sys


def without_iri_syntax() -> None:
    """Let jsonschema, and so Altair and Jupyter, do without its optional check of IRIs in this process.

    `rfc3987_syntax` compiles its grammar when imported: 3 s of a kernel's 5 s until its first report. Only for
    processes that are this package's own: the command line and the kernels that make reports.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None bars an import
