"""`python -m benchmarks [ROW …]`: measure, print the table, keep it in results.json."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks import sources
from benchmarks.measure import Result, machine
from benchmarks.rows import ROWS

RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> int:
    """Measure the rows named, or all; the results of rows that were not measured stay."""
    if unknown := [name for name in names if name not in ROWS]:
        print(f"there is no row {unknown[0]}: {', '.join(ROWS)}", file=sys.stderr)
        return 2
    sources.CACHE.mkdir(exist_ok=True)
    for name in names or ROWS:
        print(f"{name}: {ROWS[name].__doc__}", flush=True)
        results = ROWS[name]()
        for result in results:
            print(line(result), flush=True)
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        kept[name] = {
            "machine": machine(),
            "results": [asdict(result) | {"is_reached": result.is_reached} for result in results],
        }
        RESULTS.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def line(result: Result) -> str:
    """The result as a line of the table."""
    bound = "≥" if result.is_at_least else "≤"
    mark = "ok   " if result.is_reached else "SHORT"
    return (
        f"  {mark} {result.ratio:8.2f} × ({bound} {result.limit:g}) {result.what}: {result.measured}"
        f" against {result.against}: {result.other}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
