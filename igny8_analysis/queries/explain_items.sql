select i.entity, i.status, i.site_status, i.is_pending, i.items
from pipeline_items as i
join current_load as l on l.load_number = i.load_number
where i.site_id = {{ site_id }}
order by i.entity, i.status, i.site_status
