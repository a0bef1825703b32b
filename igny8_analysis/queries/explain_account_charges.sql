select
    r.site_id,
    r.id,
    r.run_id,
    r.started_at,
    g.stage_number,
    g.credits_used,
    g.items_processed,
    r.total_credits_used
from run_stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
where g.site_id in (select site_id from sites where account_id = {{ account_id }} and is_live)
order by r.started_at desc, r.site_id, r.id desc, g.stage_number
