-- One row per site and alert that concerns it: its own, and its account's.
-- Kept as a table: asked of one site at a time.
-- Renewed: whole.
with
    told as (
        select site_id, alert, severity, severity_rank, message, since, alert_key, false as is_shared
        from alerts
        where site_id is not null
        union all
        select
            s.site_id,
            a.alert,
            a.severity,
            a.severity_rank,
            a.message,
            a.since,
            a.alert_key,
            b.site_id is null as is_shared
        from alerts as a
        join sites as s on s.account_id = a.account_id and s.is_live
        left join brief_balance as b on b.scope = 'site' and b.site_id = s.site_id
        where a.site_id is null
    )
select site_id, alert, severity, severity_rank, message, since, alert_key, is_shared
from told
order by site_id, severity_rank, alert, since, alert_key
