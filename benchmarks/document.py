"""`python -m benchmarks.document`: write results.json into docs/scale.md, between its two marks, and draw growth."""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from benchmarks.__main__ import RESULTS
from benchmarks.rows import ROWS

PAGE = RESULTS.parent.parent / "docs" / "scale.md"
PLOT = PAGE.parent / "images" / "growth.svg"
BEGIN, END = "<!-- results: python -m benchmarks.document -->", "<!-- end of results -->"


def document(page: Path = PAGE) -> None:
    """Put the table of what was measured last in the place of the one before."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


def table() -> str:
    """Every result that was kept, in the order of the rows, with the load of the machine meanwhile."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
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
    return "\n".join([*lines, "", *_machines(kept)])


def _machines(kept: dict[str, Any]) -> list[str]:
    """A line for each machine: what it is, and the rows measured there."""
    rows: dict[str, list[str]] = {}
    for row in ROWS:
        if row in kept:
            machine = kept[row]["machine"]
            rows.setdefault(f"{machine['processor']}, {machine['memory']} of memory", []).append(f"`{row}`")
    return [f"{machine}: {', '.join(names)}." for machine, names in rows.items()]


def draw_growth(file: Path = PLOT) -> None:
    """Draw processor time, file and peak memory of builds against their runs, as SVG with logarithmic scales."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["growth"]["results"]
    measures = {
        "cpu_seconds": "processor time, s",
        "file_megabytes": "file, MB",
        "megabytes": "peak memory, MB",
    }
    builds = [result["numbers"] for result in kept if result["numbers"]["step"].startswith("build")]
    points = [
        {"runs": build["runs"], "step": build["step"], "measure": title, "value": build[name]}
        for build in builds
        for name, title in measures.items()
    ]
    lines = (
        alt.Chart(alt.Data(values=points))
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "runs:Q", title="runs", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", tickCount=3)
            ),
            y=alt.Y(
                "value:Q", title=None, scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", tickCount=4)
            ),
            color=alt.Color("step:N", title=None, legend=alt.Legend(orient="bottom")),
            strokeDash=alt.StrokeDash("step:N", title=None),
        )
        .properties(width=190, height=170)
    )
    chart = lines.facet(column=alt.Column("measure:N", title=None, sort=list(measures.values())))
    svg = vl_convert.vegalite_to_svg(
        chart.resolve_scale(y="independent").properties(background="white").to_json()
    )
    file.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    document()
    draw_growth()
