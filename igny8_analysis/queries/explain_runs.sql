select id, run_id, status, started_at, completed_at, duration_seconds, total_credits_used, is_stale
from runs
where site_id = {{ site_id }}
order by started_at desc, id desc
