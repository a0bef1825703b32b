select r.id, r.run_id, r.status, r.started_at, r.total_credits_used, s.content_created
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
where r.site_id = {{ site_id }}
order by r.started_at desc, r.id desc
