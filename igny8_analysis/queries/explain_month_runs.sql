select r.id, r.run_id, r.status, r.started_at, r.total_credits_used
from runs as r
cross join current_load as l
where
    r.site_id = {{ site_id }}
    and r.started_at >= date_trunc('month', l.as_of at time zone 'UTC' - interval 1 month) at time zone 'UTC'
    and r.started_at <= l.as_of
order by r.started_at desc, r.id desc
