-- One row per site or account, alert and severity: how many there are, the worst first.
-- A step towards briefs.
-- Renewed: whole.
with
    told as (
        select 'site' as scope, site_id, cast(null as bigint) as account_id, alert, severity, severity_rank
        from alerts
        where site_id is not null
        union all
        select 'account', cast(null as bigint), account_id, alert, severity, severity_rank
        from alerts
        where account_id is not null
    ),
    counted as (
        select scope, site_id, account_id, alert, severity, severity_rank, count(*) as alerts
        from told
        where severity <> 'info'
        group by scope, site_id, account_id, alert, severity, severity_rank
    )
select
    scope,
    site_id,
    account_id,
    row_number() over (
        partition by site_id, account_id order by severity_rank, alerts desc, alert
    ) as alert_number,
    alert,
    severity,
    alerts
from counted
