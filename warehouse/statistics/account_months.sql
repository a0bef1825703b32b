-- One row per site and calendar month (UTC) in which it started runs, with the account that owns it.
select
    s.account_id,
    s.account_name,
    m.site_id,
    s.label,
    m.month_start,
    m.total_runs,
    m.total_credits_used,
    m.content_created,
    cast(m.total_credits_used as double) / nullif(cast(m.content_created as double), 0) as credits_per_article
from site_months as m
join sites as s on s.site_id = m.site_id
where s.is_live
