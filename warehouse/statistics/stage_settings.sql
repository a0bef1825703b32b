-- One row per site with automation settings and stage: whether it is on, and what a run takes in at most.
-- Kept as a table: asked of one site at a time.
select site_id, stage_number, is_on, item_limit, batch_size
from stage_settings_seen
where is_latest and is_present
order by site_id, stage_number
