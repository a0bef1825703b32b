select g.id, g.run_id, g.stage_number, g.credits_used, g.items_processed, g.items_created, g.duration_seconds
from analyzed_stages as a
join run_stages as g on g.site_id = a.site_id and g.id = a.id and g.stage_number = a.stage_number
where a.site_id = {{ site_id }} and a.stage_number = {{ position }}
order by a.completion_number desc
