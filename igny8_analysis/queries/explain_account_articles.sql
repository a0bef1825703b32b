select r.site_id, r.id, r.run_id, r.status, r.started_at, r.total_credits_used, s.content_created
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
where r.site_id in (select site_id from sites where account_id = {{ account_id }} and is_live)
order by r.started_at desc, r.site_id, r.id desc
