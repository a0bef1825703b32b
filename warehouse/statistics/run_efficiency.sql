-- One row per run: credits and items per item and minute.
-- Kept as a table: asked of one run at a time.
select
    r.site_id,
    r.id,
    r.run_id,
    cast(r.total_credits_used as double) / nullif(cast(s.items_created as double), 0) as credits_per_item,
    cast(s.items_created as double) / nullif(r.duration_seconds / 60, 0) as items_per_minute,
    cast(r.total_credits_used as double) / nullif(r.duration_seconds / 60, 0) as credits_per_minute
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
order by r.site_id, r.id
