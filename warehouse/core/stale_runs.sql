-- One row per run that has not ended, though it started long before the load's instant.
-- A step towards runs.
with load as (select as_of from current_load), limits as (select stale_after_hours from parameters)
select r.site_id, r.id, r.run_id
from lake.runs as r
join run_statuses as t on t.status = r.status
cross join load
cross join limits
where
    t.is_open
    and epoch_us(r.started_at) < epoch_us(load.as_of) - cast(limits.stale_after_hours as bigint) * 3600000000
