-- One row per site: averages over its analyzed runs, the latest ten completions known at the load's instant.
-- Kept as a table: asked of one site at a time.
with limits as (select sufficient_runs from parameters)
select
    s.site_id,
    coalesce(r.total_runs_analyzed, 0) as total_runs_analyzed,
    coalesce(r.total_runs_analyzed, 0) >= limits.sufficient_runs as has_sufficient_data,
    cast(r.total_credits_used as double)
    / nullif(cast(r.total_runs_analyzed as double), 0) as avg_total_credits,
    cast(r.duration_seconds as double)
    / nullif(cast(r.total_runs_analyzed as double), 0) as avg_duration_seconds,
    cast(r.total_credits_used as double) / nullif(cast(r.items_created as double), 0) as avg_credits_per_item
from sites as s
left join known_completions as k on k.site_id = s.site_id
left join run_state as r on r.site_id = s.site_id and r.completion_number = k.completions_known
cross join limits
order by s.site_id
