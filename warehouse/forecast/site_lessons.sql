-- One row per completion: what the site's last ten runs and its last one cost, made and took, as of it.
-- A step towards forecasts.
-- Kept as a table: every forecast looks it up.
with
    stages as (
        select
            site_id,
            completion_number,
            sum(items_created) as items_created,
            sum(recent_credits) as credits,
            sum(recent_seconds) as duration_seconds,
            sum(recent_items_taken) as items_taken,
            sum(recent_items_arrived) as items_arrived
        from stage_lessons
        group by site_id, completion_number
    ),
    recent as (
        select
            site_id,
            completion_number,
            cast(total_runs_analyzed as double) as runs,
            cast(total_credits_used as double) as credits,
            cast(items_created as double) as output,
            duration_seconds
        from run_state
    )
select
    r.site_id,
    r.completion_number,
    r.credits / nullif(r.runs, 0) as mean_credits,
    r.output / nullif(r.runs, 0) as mean_output,
    r.duration_seconds / nullif(r.runs, 0) as mean_seconds,
    cast(c.total_credits_used as double) as last_credits,
    g.items_created as last_output,
    c.duration_seconds as last_seconds,
    r.credits / nullif(g.credits, 0) as credits_per_stage_credit,
    r.duration_seconds / nullif(g.duration_seconds, 0) as seconds_per_stage_second,
    g.items_taken,
    g.items_arrived
from recent as r
join completions as c on c.site_id = r.site_id and c.completion_number = r.completion_number
join stages as g on g.site_id = r.site_id and g.completion_number = r.completion_number
order by r.site_id, r.completion_number
