select load_number, as_of, is_present, columns('^stage_{{ position }}_(is_on|limit|batch_size)$')
from lake.automation_settings
where site_id = {{ site_id }}
order by load_number desc
