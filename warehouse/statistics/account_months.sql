-- One row per site and calendar month (UTC) in which it started runs, with the account that owns it.
with
    placed as (
        select
            site_id,
            id,
            cast(date_trunc('month', started_at at time zone 'UTC') as date) as month_start,
            total_credits_used
        from runs
    ),
    summed as (
        select
            p.site_id,
            p.month_start,
            count(*) as total_runs,
            sum(p.total_credits_used) as total_credits_used,
            sum(s.content_created) as content_created
        from placed as p
        join run_summary as s on s.site_id = p.site_id and s.id = p.id
        group by p.site_id, p.month_start
    )
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
from summed as m
join sites as s on s.site_id = m.site_id
where s.is_live
