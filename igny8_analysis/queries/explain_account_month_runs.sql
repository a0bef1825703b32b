select r.site_id, r.id, r.run_id, r.status, r.started_at, r.total_credits_used
from runs as r
cross join current_load as l
where
    r.site_id in (select site_id from sites where account_id = {{ account_id }} and is_live)
    and r.started_at >= date_trunc('month', l.as_of at time zone 'UTC' - interval 1 month) at time zone 'UTC'
    and r.started_at <= l.as_of
order by r.started_at desc, r.site_id, r.id desc
