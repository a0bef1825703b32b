-- One row per completion: sums over it and the completions before it, ten in all (parameters.analyzed_runs).
-- A step towards histories and comparisons.
-- Kept as a table: every run's baseline looks its completions up here.
select
    c.site_id,
    c.completion_number,
    c.completed_at,
    count(*) over w as total_runs_analyzed,
    sum(c.total_credits_used) over w as total_credits_used,
    cast(sum(cast(c.duration_seconds as decimal(38, 6))) over w as double) as duration_seconds,
    sum(s.items_created) over w as items_created,
    min(c.total_credits_used) over w as min_total_credits_used,
    max(c.total_credits_used) over w as max_total_credits_used
from completions as c
join run_summary as s on s.site_id = c.site_id and s.id = c.id
window w as (partition by c.site_id order by c.completion_number rows between 9 preceding and current row)
order by c.site_id, c.completion_number
