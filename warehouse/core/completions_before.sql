-- One row per run: how many completions of its site were known before it started.
-- A step towards histories and comparisons.
-- Kept as a table: every comparison with a baseline looks its run up here.
with
    events as (
        select site_id, id, run_id, started_at as event_at, 0 as is_completion
        from runs
        union all
        select site_id, id, run_id, completed_at, 1
        from completions
    ),
    counted as (
        select
            site_id,
            id,
            run_id,
            is_completion,
            cast(
                sum(is_completion) over (
                    partition by site_id
                    order by event_at, is_completion, id
                    rows between unbounded preceding and current row
                ) as bigint
            ) as completions_before
        from events
    )
select site_id, id, run_id, completions_before
from counted
where is_completion = 0
order by site_id, id
