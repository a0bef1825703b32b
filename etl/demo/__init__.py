"""A sample source: seven accounts, twenty sites, about a thousand runs, every odd thing a source can hold.

`demo_rows()` gives the rows as plain values, `write_sqlite(path)` the same rows as a SQLite copy. Both are
seeded and change only when this package does. `DemoSite` names the sites by what they stand for, `CASES`
the hand-written runs, `CANARIES` the word that each site alone may show, and `PRIVATE_WORD` one that stands
in titles only and may never leave the source.
"""

from igny8_analysis.etl.demo.cases import CASES
from igny8_analysis.etl.demo.cast import AS_OF, CANARIES, PRIVATE_WORD, DemoSite
from igny8_analysis.etl.demo.hostile import HOSTILE_TEXTS
from igny8_analysis.etl.demo.rows import demo_rows
from igny8_analysis.etl.demo.sqlite import copy_sqlite, is_sample, write_sqlite
from igny8_analysis.etl.demo.values import Row, Schema, Value

__all__ = [
    "AS_OF",
    "CANARIES",
    "CASES",
    "HOSTILE_TEXTS",
    "PRIVATE_WORD",
    "DemoSite",
    "Row",
    "Schema",
    "Value",
    "copy_sqlite",
    "demo_rows",
    "is_sample",
    "write_sqlite",
]
