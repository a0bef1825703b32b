-- One row per site and account: what it made in the last days, in whole numbers.
-- A step towards briefs.
-- Kept as a table: asked of one site or account at a time.
-- Renewed: whole.
with
    windows as (
        select
            p.credits_window_days,
            epoch_us(l.as_of) as until_us,
            epoch_us(l.as_of) - cast(p.credits_window_days as bigint) * 86400000000 as after_us
        from current_load as l
        cross join parameters as p
    )
select
    o.scope,
    o.site_id,
    o.account_id,
    cast(w.credits_window_days as integer) as days,
    count(r.id) as runs,
    round(coalesce(sum(s.content_created), 0), 0) as articles,
    round(coalesce(sum(s.images_generated), 0), 0) as images,
    round(coalesce(sum(r.total_credits_used), 0), 0) as credits
from brief_sites as o
cross join windows as w
left join
    runs as r
    on r.site_id = o.told_site_id
    and epoch_us(r.started_at) > w.after_us
    and epoch_us(r.started_at) <= w.until_us
left join run_summary as s on s.site_id = r.site_id and s.id = r.id
group by o.scope, o.site_id, o.account_id, w.credits_window_days
order by o.site_id, o.account_id
