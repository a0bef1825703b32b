select r.total_credits_used, r.duration_seconds, s.items_created
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
where r.site_id = {{ site_id }} and r.id = {{ id }}
