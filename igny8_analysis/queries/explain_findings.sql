select q.check_name, q.id, q.run_id, r.started_at, q.stage_number, q.detail
from data_quality as q
join runs as r on r.site_id = q.site_id and r.id = q.id
cross join current_load as l
cross join parameters as p
where
    q.site_id = {{ site_id }}
    and q.severity = 'error'
    and epoch_us(r.started_at) > epoch_us(l.as_of) - cast(p.credits_window_days as bigint) * 86400000000
    and r.started_at <= l.as_of
order by r.started_at desc, q.id desc, q.check_name, q.stage_number, q.detail
