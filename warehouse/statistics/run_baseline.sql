-- One row per run: averages over its baseline, the latest ten completions known when it started.
-- Kept as a table: asked of one run at a time.
with limits as (select sufficient_runs from parameters)
select
    k.site_id,
    k.id,
    k.run_id,
    coalesce(b.total_runs_analyzed, 0) as total_runs_analyzed,
    coalesce(b.total_runs_analyzed, 0) >= limits.sufficient_runs as has_sufficient_data,
    cast(b.total_credits_used as double) / nullif(cast(b.total_runs_analyzed as double), 0) as avg_credits,
    cast(b.duration_seconds as double)
    / nullif(cast(b.total_runs_analyzed as double), 0) as avg_duration_seconds,
    cast(b.total_credits_used as double) / nullif(cast(b.items_created as double), 0) as avg_credits_per_item
from completions_before as k
left join run_state as b on b.site_id = k.site_id and b.completion_number = k.completions_before
cross join limits
order by k.site_id, k.id
