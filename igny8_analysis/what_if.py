"""What the next run would cost under other limits, switches, queues or balances: the live flow, with these in place."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from igny8_analysis.answers import as_dicts
from igny8_analysis.etl.errors import UsageError
from igny8_analysis.stages import stage_label
from igny8_analysis.warehouse.build import load_views

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

Payload = dict[str, Any]
Stage = int | str
ENDS = ("p80_low", "p80_high", "p90_low", "p90_high", "budget_80", "budget_90")
TOTALS = ("credits", "output", "duration_seconds", *ENDS, "credit_limit")
STAGE_THAT_WRITES = 4

# What `forecast_flow` reads, with what was asked in place of what is known.
ASKED = """
with asked(stage_number, asked_items, asked_limit, asked_switch) as (values {values}),
forecast_inputs as (
    select
        i.* replace (
            coalesce(a.asked_items, i.items_waiting) as items_waiting,
            case when a.asked_limit is null then i.item_limit when a.asked_limit > 0 then a.asked_limit end
                as item_limit,
            coalesce(a.asked_switch, i.is_on, case when {is_asked} then true end) as is_on,
            case when {credit_limit} is null then i.credit_limit when {credit_limit} > 0 then {credit_limit} end
                as credit_limit,
            case
                when not coalesce(a.asked_switch, i.is_on, true) then 0
                else least(
                    case
                        when a.asked_limit is null then i.item_limit
                        when a.asked_limit > 0 then a.asked_limit
                    end,
                    i.learned_limit
                )
            end as items_limit
        )
    from main.forecast_inputs as i
    join asked as a on a.stage_number = i.stage_number
    where i.is_live and i.site_id = $site_id
),
"""
STAGES = """
select
    f.stage_number, p.stage_name, f.expected_items, f.credits, f.output, f.items_limit, f.bound_by,
    f.duration_seconds, f.credit_limit, f.credits_at_most, f.credits_per_stage_credit
from flow as f
join stage_parameters as p using (stage_number)
where not f.is_told
order by stage_number
"""
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
    off: Iterable[Stage] = (),
    pending: Mapping[Stage, float] | None = None,
    credit_limit: float | None = None,
    balance: float | None = None,
    on: Iterable[Stage] = (),
) -> Payload:
    """Return the stages and totals of *flow* with these in place of the site's, and the totals without.

    Stages go by number or name. A limit of 0 lifts the site's (a learned one stays), so does a credit limit of 0.
    With nothing asked it is the live forecast. Raises SiteNotFound, AmbiguousSite, and UsageError for what is no
    stage or no number from 0 on.
    """
    site_id = warehouse.resolve_site(site)
    stages_named = warehouse.sql("select stage_number, stage_name from stage_parameters").fetchall()
    names = {
        called.casefold(): number for number, name in stages_named for called in (name, stage_label(name))
    }
    asked_limits = {_stage(names, key): _number(value) for key, value in (limits or {}).items()}
    switches = {_stage(names, key): False for key in off} | {_stage(names, key): True for key in on}
    waiting = {_stage(names, key): _number(value) for key, value in (pending or {}).items()}
    asked_credits = None if credit_limit is None else _number(credit_limit)
    (live,) = as_dicts(warehouse.sql(LIVE, {"site_id": site_id}))

    def told(limits: Mapping[int, float]) -> tuple[list[Payload], Payload]:
        stages = _flow(
            warehouse, site_id, sorted(set(names.values())), limits, switches, waiting, asked_credits
        )
        return stages, _totals(stages, live)

    without = {name: live[name] for name in TOTALS}
    if asked_limits or switches or waiting or asked_credits is not None:
        stages, totals = told(asked_limits)
    else:
        stages, totals = told({})[0], without
    return {
        "stages": [
            {
                name: stage[name]
                for name in (
                    "stage_number",
                    "stage_name",
                    "expected_items",
                    "credits",
                    "output",
                    "items_limit",
                    "bound_by",
                )
            }
            for stage in stages
        ],
        "totals": totals,
        "without": without,
        "balance": None
        if balance is None
        else _covered(
            _number(balance),
            totals,
            stages[STAGE_THAT_WRITES - 1]["expected_items"],
            lambda most: told(asked_limits | {STAGE_THAT_WRITES: most})[1],
        ),
    }


def _flow(
    warehouse: "Warehouse",
    site_id: int,
    stages: list[int],
    limits: Mapping[int, float],
    switches: Mapping[int, bool],
    waiting: Mapping[int, float],
    credit_limit: float | None,
) -> list[Payload]:
    """The rows of `forecast_flow` with its inputs replaced: by the view's own SQL, so that there is one formula."""

    def value(found: object, type_: str = "double") -> str:
        return f"cast({'null' if found is None else str(found).lower()} as {type_})"

    values = ", ".join(
        f"({n}, {value(waiting.get(n))}, {value(limits.get(n))}, {value(switches.get(n), 'boolean')})"
        for n in stages
    )
    is_asked = "true" if limits or switches or credit_limit is not None else "false"
    (view,) = (view for view in load_views() if view.name == "forecast_flow")
    body = "\n".join(line for line in view.sql.splitlines() if not line.startswith("--"))
    asked = ASKED.format(values=values, is_asked=is_asked, credit_limit=value(credit_limit))
    ctes, _, final = body.removeprefix("with").rpartition("\n    )\nselect")
    query = f"{asked}{ctes}\n    ),\nflow as (select{final}){STAGES}"
    return as_dicts(warehouse.sql(query, {"site_id": site_id}))


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


def _stage(names: Mapping[str, int], given: Stage) -> int:
    word = str(given).strip()
    number = int(word) if word.isascii() and word.isdigit() else names.get(word.casefold())
    if number is None or number not in names.values():
        raise UsageError(f"{word!r} is no stage; stages are 1 to {max(names.values())}, or go by name")
    return number


def _number(given: object) -> float:
    try:
        number = float(str(given))
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise UsageError(f"{str(given)!r} is no number from 0 on")
    return number
