"""`python -m benchmarks.document`: write results.json into docs/scale.md, between its two marks."""

import json
from pathlib import Path

from benchmarks.__main__ import RESULTS
from benchmarks.rows import ROWS

PAGE = RESULTS.parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- results: python -m benchmarks.document -->", "<!-- end of results -->"


def document(page: Path = PAGE) -> None:
    """Put the table of what was measured last in the place of the one before."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")


def table() -> str:
    """Every result that was kept, in the order of the rows, with the load of the machine meanwhile."""
    kept = json.loads(RESULTS.read_text())
    lines = [
        "| row | what | against | measured | reach | on |",
        "|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        if row not in kept:
            lines.append(f"| `{row}` | no result kept yet | | | | |")
            continue
        machine = kept[row]["machine"]
        on = f"{machine['date']}, load {machine['load']}"
        for result in kept[row]["results"]:
            bound = "≥" if result["is_at_least"] else "≤"
            short = "" if result["is_reached"] else ", **short**"
            lines.append(
                f"| `{row}` | {result['what']}: {result['measured']} | {result['against']}: {result['other']} "
                f"| {result['ratio']:.2f} ×{short} | {bound} {result['limit']:g} × | {on} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    document()
