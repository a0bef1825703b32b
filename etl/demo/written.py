"""The tools to write a run by hand: an ordinary run, and what is different in it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from igny8_analysis.etl.demo.cast import CANARIES, DemoSite
from igny8_analysis.etl.demo.values import (
    RESULT_KEYS,
    STAGES,
    Row,
    Schema,
    Value,
    as_json,
    run_row,
    utc,
    with_columns,
)

STANDARD: Mapping[int, str] = {
    stage: as_json(
        {key: count for key, count in zip(RESULT_KEYS[stage], counts, strict=True) if key} | others
    )
    for stage, counts, others in (
        (1, (50, 4), {"credits_used": 20, "time_elapsed": "00:00:40", "batches": 1}),
        (2, (4, 32), {"credits_used": 60, "time_elapsed": "00:01:10"}),
        (3, (32, 32), {"credits_used": 0, "time_elapsed": "00:00:09"}),
        (4, (10, 10), {"credits_used": 150, "time_elapsed": "00:09:30", "total_words": 12400}),
        (5, (10, 30), {"credits_used": 20, "time_elapsed": "00:01:02"}),
        (6, (30, 30), {"credits_used": 150, "time_elapsed": "00:07:11"}),
        (7, (10, None), {"credits_used": 0, "time_elapsed": "00:00:03"}),
    )
}
"""Results of an ordinary run: 400 credits, 138 items created."""
STANDARD_CREDITS: Mapping[int, int] = {1: 20, 2: 60, 3: 0, 4: 150, 5: 20, 6: 150, 7: 0}
"""Stage → its credits in an ordinary run."""
STANDARD_SNAPSHOT = as_json(
    {f"stage_{stage}_initial": count for stage, count in enumerate((50, 4, 32, 10, 10, 30, 10), start=1)}
    | {"total_initial_items": 146}
)


class Cases:
    """Collects the hand-written runs of one site, with a name and the needed schema for each."""

    def __init__(self, tenant_id: int, site: DemoSite, first: str) -> None:
        """Start an empty collection; runs without a start of their own follow `first` day by day."""
        self.tenant_id = tenant_id
        self.site = site
        self.canary = CANARIES[site]
        self.next = utc(first)
        self.runs: list[tuple[str, Schema, Row]] = []

    def add(
        self,
        name: str,
        changed: Mapping[int, str | None] | None = None,
        *,
        at: str | datetime | None = None,
        ends: str | datetime | timedelta | None = timedelta(minutes=30),
        status: str = "completed",
        trigger: str = "manual",
        stage: int = 7,
        credits: float | None = None,
        results: Mapping[int, str | None] | None = None,
        snapshot: str | None = STANDARD_SNAPSHOT,
        schema: Schema = "documented",
        **columns: Value,
    ) -> None:
        """Add a run that is ordinary but for what is told; `changed` replaces results of single stages.

        Without `results` it has those of an ordinary run up to `stage`, and without `credits` what these cost.
        """
        if at is None:
            at, self.next = self.next, self.next + timedelta(days=1)
        start = utc(at) if isinstance(at, str) else at
        end = utc(ends) if isinstance(ends, str) else start + ends if isinstance(ends, timedelta) else ends
        reached = [number for number in STAGES if number <= stage] or STAGES
        ordinary = {number: STANDARD[number] for number in reached}
        row = run_row(
            tenant_id=self.tenant_id,
            site_id=self.site.value,
            started_at=start,
            completed_at=end,
            status=status,
            trigger_type=trigger,
            current_stage=stage,
            total_credits_used=sum(STANDARD_CREDITS[k] for k in reached) if credits is None else credits,
            results={**(ordinary if results is None else results), **(changed or {})},
            initial_snapshot=snapshot,
        )
        self.runs.append((name, schema, with_columns(row, columns)))


def result(
    stage: int, processed: str, created: str, credits: str, more: str = "", *, time: str = '"00:05:00"'
) -> str:
    """Write a result whose values are given as JSON text, so that any spelling can be had."""
    input_key, output_key = RESULT_KEYS[stage]
    output = f'"{output_key}": {created}, ' if output_key else ""
    return f'{{"{input_key}": {processed}, {output}"credits_used": {credits}, "time_elapsed": {time}{more}}}'


def with_time(time: str) -> str:
    """Write a result of stage 2 whose `time_elapsed` is given as JSON text."""
    return result(2, "4", "32", "60", time=time)


def with_error(stage: int, error: str) -> str:
    """Write a result that made nothing and holds `error`, given as JSON text."""
    return result(stage, "0", "0", "0", f', "error": {error}')
