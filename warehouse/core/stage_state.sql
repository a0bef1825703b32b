-- One row per completion and stage: sums over the runs in which the stage ran, of ten.
-- A step towards histories and comparisons.
-- Kept as a table: every comparison of a stage with its baseline joins it.
select
    g.site_id,
    g.stage_number,
    c.completion_number,
    count(case when g.has_run then 1 end) over w as runs_with_stage,
    sum(case when g.has_run then g.credits_used end) over w as credits_used,
    sum(case when g.has_run then g.items_processed end) over w as items_processed,
    sum(case when g.has_run then g.items_created end) over w as items_created,
    cast(sum(case when g.has_run then g.duration_seconds end) over w as bigint) as duration_seconds,
    count(case when g.has_run then g.duration_seconds end) over w as runs_with_duration
from run_stages as g
join completions as c on c.site_id = g.site_id and c.id = g.id
window
    w as (
        partition by g.site_id, g.stage_number
        order by c.completion_number
        rows between 9 preceding and current row
    )
order by g.site_id, g.stage_number, c.completion_number
