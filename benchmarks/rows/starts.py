"""What a user waits for: the package's import, the command's help, and reports."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import ROUNDS, Result, Timing, compare, interleave


def imports() -> list[Result]:
    """Starting Python with the package, and the command's help."""

    # As installed: compiled once, whatever the environment says.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(*command: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)

    package, libraries, shown, nothing = interleave(
        3 * ROUNDS,
        run(sys.executable, "-c", "import igny8_analysis"),
        run(sys.executable, "-c", "import duckdb, polars"),
        run(Path(sys.executable).with_name("igny8"), "--help"),
        run(sys.executable, "-c", "pass"),
    )
    return [
        compare("import igny8_analysis", "import duckdb, polars", 1.3, (package, libraries)),
        compare("igny8 --help", "python -c pass", 6, (shown, nothing)),
    ]


def reports() -> list[Result]:
    """Run reports by the warm engine against papermill and nbconvert on the command line; a report's size."""
    binaries = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"IGNY8_WAREHOUSE": folder}
        igny8 = [sys.executable, "-m", "igny8_analysis"]
        subprocess.run([*igny8, "demo"], check=True, env=environment, stdout=subprocess.DEVNULL)
        listed = (
            "select r.site_id, r.run_id from runs as r where site_id = 1 order by started_at desc limit 50"
        )
        out = subprocess.run(
            [*igny8, "sql", listed, "--format", "json"], env=environment, capture_output=True, check=True
        )
        runs = json.loads(out.stdout)
        ours = [*igny8, "report", "site", str(runs[0]["site_id"]), "--jobs", "2", "--quiet"]

        def by_hand() -> None:
            notebook, made = "notebooks/run_detail.ipynb", f"{folder}/by_hand.ipynb"
            parameters = [*("-p", "site", str(runs[0]["site_id"])), *("-p", "run_id", runs[0]["run_id"])]
            command = [binaries / "papermill", notebook, made, *parameters, "--log-level", "ERROR"]
            subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
            subprocess.run(
                [binaries / "jupyter", "nbconvert", "--to", "html", made],
                check=True,
                env=environment,
                stderr=subprocess.DEVNULL,
            )

        work, other = interleave(ROUNDS, lambda: subprocess.run(ours, check=True, env=environment), by_hand)
        pages = sorted(Path(folder).glob("reports/**/*.html"), key=lambda page: page.stat().st_size)
        sizes = [page.stat().st_size for page in pages if "run_" in page.name]
    per_report = Timing([w / len(sizes) for w in work.wall], [c / len(sizes) for c in work.cpu])
    size = max(sizes)
    return [
        compare(
            f"a run report of {len(sizes)}, --jobs 2",
            "papermill + nbconvert",
            20,
            (per_report, other),
            faster=True,
        ),
        Result(
            "the largest run report", "130,000 bytes", size / 130_000, 1, f"{size:,} bytes", "130,000 bytes"
        ),
    ]
