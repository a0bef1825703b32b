"""What the next run would cost under other limits, switches, queues or balances: the live flow, with these in place."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from igny8_analysis.etl.errors import UsageError
from igny8_analysis.queries import read_query
from igny8_analysis.stages import stage_label
from igny8_analysis.warehouse.build import load_views

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

Payload = dict[str, Any]
Stage = int | str
T = TypeVar("T")
LARGEST = 10**12
"""Of items and credits: sums of more are no longer exact."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""As in the source: Python reads `1_0` too, and digits of any script."""
ENDS = ("p80_low", "p80_high", "p90_low", "p90_high", "budget_80", "budget_90")
TOTALS = ("credits", "output", "duration_seconds", *ENDS, "credit_limit")
SHOWN = (
    "stage_number",
    "stage_name",
    "expected_items",
    "credits",
    "output",
    "items_limit",
    "bound_by",
)
LIVE = """
select f.*, s.seconds_per_stage_second, s.mean_seconds
from forecasts as f
join forecast_origins as o on o.site_id = f.site_id and o.id = f.id
left join site_lessons as s on s.site_id = f.site_id and s.completion_number = o.known_runs
where f.is_live and f.method = 'flow' and f.site_id = $site_id
"""


def what_if(
    warehouse: "Warehouse",
    site: int | str,
    limits: Mapping[Stage, float] | None = None,
    off: Stage | Iterable[Stage] = (),
    pending: Mapping[Stage, float] | None = None,
    credit_limit: float | None = None,
    balance: float | None = None,
    on: Stage | Iterable[Stage] = (),
) -> Payload:
    """Return the stages and totals of *flow* with these in place of the site's, and the totals without.

    Stages go by number or name. A limit of 0 lifts the site's (a learned one stays), so does a credit limit of 0.
    With nothing asked it is the live forecast. Raises SiteNotFound, AmbiguousSite, and UsageError for what is no
    stage, no number from 0 to `LARGEST`, or said of a stage in two ways.
    """
    site_id = warehouse.resolve_site(site)
    stages_named = warehouse.sql("select stage_number, stage_name from stage_parameters").fetchall()
    names = {
        called.casefold(): number for number, name in stages_named for called in (name, stage_label(name))
    }
    asked_limits = _by_stage(names, ((key, _number(value)) for key, value in (limits or {}).items()))
    switched = [(off, False), (on, True)]
    switches = _by_stage(names, ((key, is_on) for keys, is_on in switched for key in _each(keys)))
    waiting = _by_stage(names, ((key, _number(value)) for key, value in (pending or {}).items()))
    asked_credits = None if credit_limit is None else _number(credit_limit)
    (live,) = warehouse.rows(LIVE, {"site_id": site_id})

    def told(limits: Mapping[int, float]) -> tuple[list[Payload], Payload]:
        asked = [
            {
                "stage_number": number,
                "waiting": waiting.get(number),
                "limit": limits.get(number),
                "is_on": switches.get(number),
            }
            for number in sorted(set(names.values()))
        ]
        is_known = bool(limits or switches or asked_credits is not None)
        values = {
            "site_id": site_id,
            "asked": asked,
            "is_known": is_known,
            "credit_limit": asked_credits,
        }
        stages = warehouse.rows(read_query("what_if", forecast_flow=_flow()), values)
        return stages, _totals(stages, live)

    without = {name: live[name] for name in TOTALS}
    stages, totals = told(asked_limits)
    if not (asked_limits or switches or waiting or asked_credits is not None):
        totals = without
    writing = next(stage for stage in stages if stage["is_of_articles"])
    return {
        "stages": [{name: stage[name] for name in SHOWN} for stage in stages],
        "totals": totals,
        "without": without,
        "balance": None
        if balance is None
        else _covered(
            _number(balance),
            totals,
            writing["expected_items"],
            lambda most: told(asked_limits | {writing["stage_number"]: most})[1],
        ),
    }


def _flow() -> str:
    """The SQL of `forecast_flow`, so that there is one formula."""
    return next(view.sql for view in load_views() if view.name == "forecast_flow")


def _totals(stages: list[Payload], live: Payload) -> Payload:
    """Sums of the stages, and the live errors around them."""
    credits = sum(stage["credits"] for stage in stages) * stages[0]["credits_per_stage_credit"]
    seconds = [stage["duration_seconds"] for stage in stages if stage["duration_seconds"] is not None]
    share = live["seconds_per_stage_second"]
    most = stages[0]["credits_at_most"]
    ends = {}
    for name in ENDS:
        size = live[
            f"{'log' if name.startswith('budget') else 'size'}_{name[1:3] if name[0] == 'p' else name[-2:]}"
        ]
        end = None if size is None else credits * math.exp(-size if name.endswith("low") else size)
        ends[name] = end if end is None or most is None else min(end, most)
    return {
        "credits": credits,
        "output": sum(stage["output"] for stage in stages),
        "duration_seconds": sum(seconds) * (1 if share is None else share)
        if seconds
        else live["mean_seconds"],
        **ends,
        "credit_limit": stages[0]["credit_limit"],
    }


def _covered(balance: float, totals: Payload, items: float, told: Any) -> Payload:
    """Whether the balance covers the run's budgets, and the most articles whose budget it covers."""

    def covers(totals: Payload) -> bool:
        return bool(totals["budget_80"] <= balance)

    most: int | None = None
    if totals["budget_80"] is not None and not covers(totals):
        covered, beyond = 0, max(math.ceil(items), 1)
        if covers(told(beyond)):
            covered = beyond
        while beyond - covered > 1:
            middle = (covered + beyond) // 2
            covered, beyond = (middle, beyond) if covers(told(middle)) else (covered, middle)
        most = covered
    budgets = {level: totals[f"budget_{level}"] for level in (80, 90)}
    return {
        "credits": balance,
        **{f"covers_{level}": None if b is None else b <= balance for level, b in budgets.items()},
        "most_articles": most,
    }


def _each(stages: Stage | Iterable[Stage]) -> Iterable[Stage]:
    return (stages,) if isinstance(stages, int | str) else stages


def _by_stage(names: Mapping[str, int], given: Iterable[tuple[Stage, T]]) -> dict[int, T]:
    """What is given of stages, by their numbers; the same may be said twice."""
    found: dict[int, T] = {}
    for key, value in given:
        number = _stage(names, key)
        if found.setdefault(number, value) != value:
            raise UsageError(f"stage {number} is given twice, as {found[number]} and {value}")
    return found


def _stage(names: Mapping[str, int], given: Stage) -> int:
    word = str(given).strip()
    is_number = word.isascii() and word.isdigit() and len(word) < 10
    number = int(word) if is_number else names.get(word.casefold())
    if number is None or number not in names.values():
        raise UsageError(f"{word!r} is no stage; stages are 1 to {max(names.values())}, or go by name")
    return number


def _number(given: object) -> float:
    word = str(given).strip()
    number = float(word) if NUMBER.fullmatch(word) else math.nan
    if not 0 <= number <= LARGEST:
        raise UsageError(f"{str(given)!r} is no number from 0 to {LARGEST:,}")
    return number
