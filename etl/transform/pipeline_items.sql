select load_number, load_id, as_of, site_id, entity, status, site_status, is_pending, items
from read_items
cross join this_load
where site_id is not null
union all
from previous_pipeline_items
