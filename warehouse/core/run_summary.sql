-- One row per run: its stages added up.
-- Kept as a table: the history and every run's answers look their runs up here.
select
    site_id,
    id,
    run_id,
    sum(items_processed) as items_processed,
    sum(items_created) as items_created,
    sum(case when stage_number = 4 then items_created else 0 end) as content_created,
    sum(case when stage_number = 6 then items_created else 0 end) as images_generated,
    cast(sum(case when status = 'completed' then 1 else 0 end) as bigint) as stages_completed,
    cast(sum(case when status = 'failed' then 1 else 0 end) as bigint) as stages_failed,
    sum(credits_used) as stages_credits_used
from run_stages
group by site_id, id, run_id
order by site_id, id
