-- One row per run: its stages added up.
-- Kept as a table: the history and every run's answers look their runs up here.
select
    g.site_id,
    g.id,
    g.run_id,
    sum(g.items_processed) as items_processed,
    sum(g.items_created) as items_created,
    sum(case when p.makes = 'articles' then g.items_created else 0 end) as content_created,
    sum(case when p.makes = 'images' then g.items_created else 0 end) as images_generated,
    count(*) as stages,
    cast(sum(case when g.status = 'completed' then 1 else 0 end) as bigint) as stages_completed,
    cast(sum(case when g.status = 'failed' then 1 else 0 end) as bigint) as stages_failed,
    sum(g.credits_used) as stages_credits_used
from run_stages as g
join stage_parameters as p on p.stage_number = g.stage_number
group by g.site_id, g.id, g.run_id
order by g.site_id, g.id
