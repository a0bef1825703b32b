select
    g.stage_number,
    r.status as run_status,
    r.current_stage,
    g.has_result,
    g.credits_used,
    g.items_processed,
    g.items_created,
    g.duration_seconds,
    g.error
from run_stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
where g.site_id = {{ site_id }} and g.id = {{ id }} and g.stage_number = {{ position }}
