select
    cast(p.credits_window_days as integer) as days,
    count(r.id) as runs,
    round(coalesce(sum(s.content_created), 0), 0) as articles,
    round(coalesce(sum(s.images_generated), 0), 0) as images,
    round(coalesce(sum(r.total_credits_used), 0), 0) as credits
from current_load as l
cross join parameters as p
left join
    runs as r
    on {{ of_sites_r }}
    and r.started_at > l.as_of - p.credits_window_days * interval 1 day
    and r.started_at <= l.as_of
left join run_summary as s on s.site_id = r.site_id and s.id = r.id
group by p.credits_window_days
