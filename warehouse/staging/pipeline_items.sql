-- One row per load, site, entity, status, site_status and is_pending.
select
    load_number,
    load_id,
    as_of,
    site_id,
    entity,
    status,
    site_status,
    is_pending,
    items,
    coalesce(status = 'failed' or site_status = 'failed', false) as is_failed
from lake.pipeline_items
