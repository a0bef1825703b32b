-- One row per load, site, entity, status and site_status whose items wait for a stage.
-- A step towards what waits.
select
    load_number,
    as_of,
    site_id,
    entity,
    status,
    site_status,
    case
        when entity = 'keywords'
        then 1
        when entity = 'clusters'
        then 2
        when entity = 'ideas'
        then 3
        when entity = 'tasks'
        then 4
        when entity = 'content' and status = 'draft'
        then 5
        when entity = 'images'
        then 6
        when entity = 'content'
        then 7
    end as stage_number,
    items
from pipeline_items
where is_pending
