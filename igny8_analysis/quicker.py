"""Leave out imports that take seconds and serve nothing here."""

import sys


def without_slow_formats() -> None:
    """Let jsonschema, and so Altair and Jupyter, do without its optional checks of IRIs and durations in this process.

    `rfc3987_syntax` compiles its grammar when imported: 3 s of a kernel's 5 s until its first report; `isoduration`
    imports another library of dates. Only for processes that are this package's own: the command line and the kernels
    that make reports.
    """
    for name in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None bars an import
