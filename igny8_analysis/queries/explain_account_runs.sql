select r.site_id, r.id, r.run_id, r.status, r.started_at, r.completed_at, r.total_credits_used, r.is_stale
from runs as r
where r.site_id in (select site_id from sites where account_id = {{ account_id }} and is_live)
order by r.started_at desc, r.site_id, r.id desc
