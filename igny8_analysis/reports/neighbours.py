"""Links from a run's page to the run before, the run after, and comparisons: to those whose pages exist.

Where a run was cut short, that a later one has begun is said in the same way.

What exists is known only when all is made. So pages are made without these links, and then they are written into
their place in the page's head; a page's stamp, which tells its data, stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from igny8_analysis.reports.panel import environment
from igny8_analysis.reports.publish import publish, stamp_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PLACE = re.compile('(<div class="other-runs">)(.*?)(</div>)', re.DOTALL)
_LATER = re.compile('(<span class="later-run">)(.*?)(</span>)', re.DOTALL)
_PAIR = re.compile(r"compare-(\d+)-(\d+)-(\d+)-")


@dataclass(frozen=True)
class RunPage:
    """A run of a site as its page names it: source id, number, title, and the file its page has, if made."""

    id: int
    number: int
    title: str
    file: str


def link_runs(folder: Path, site_id: int, runs: Sequence[RunPage]) -> None:
    """Write into each made page of a site's runs, given in their order, the links to its neighbours; others stay."""
    made = [run for run in runs if stamp_of(folder / run.file).startswith(f"run-{site_id}-{run.id}-")]
    if not made:
        return
    pairs = [
        (int(found[2]), int(found[3]), file.name)
        for file in sorted(folder.glob("compare-*.html"))
        if (found := _PAIR.match(stamp_of(file))) and int(found[1]) == site_id
    ]
    numbers = {run.id: run.number for run in runs}
    template, begun = map(environment().get_template, ("neighbours.html.j2", "later_run.html.j2"))
    following, is_made = dict(pairwise(runs)), set(made).__contains__
    for place, run in enumerate(made):
        compared = [
            (numbers[b if a == run.id else a], file)
            for a, b, file in pairs
            if run.id in (a, b) and a != b and {a, b} <= numbers.keys()
        ]
        links = template.render(
            before=made[place - 1] if place else None,
            after=made[place + 1] if place + 1 < len(made) else None,
            compared=compared,
        )
        page = (folder / run.file).read_bytes().decode()
        linked = _filled(page, _PLACE, links)
        if later := following.get(run):
            linked = _filled(linked, _LATER, begun.render(run=later, is_made=is_made(later)))
        if linked != page:
            publish(folder / run.file, linked)


def _filled(page: str, place: re.Pattern[str], content: str) -> str:
    """Return the page with the content in its place, if it has that place."""
    return place.sub(lambda found: f"{found[1]}{content}{found[3]}", page, count=1)
