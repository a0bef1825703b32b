-- One row per site, stage and direction of a price that changed within the days compared: its latest change.
-- A step towards what changed a cost.
-- Only what changed within these days can be why they differ.
select e.site_id, e.stage_number, e.rate_after > e.rate_before as is_dearer, max(e.since) as since
from price_effects as e
cross join current_load as l
cross join parameters as p
where epoch_us(e.since) > epoch_us(l.as_of) - 2 * cast(p.credits_window_days as bigint) * 86400000000
group by e.site_id, e.stage_number, e.rate_after > e.rate_before
