-- One row per completed run with a valid duration, numbered within its site by completion.
select
    site_id,
    id,
    run_id,
    started_at,
    completed_at,
    duration_seconds,
    total_credits_used,
    row_number() over (partition by site_id order by completed_at, id) as completion_number
from runs
where status = 'completed' and duration_seconds is not null
