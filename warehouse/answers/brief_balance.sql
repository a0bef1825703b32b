-- One row per account, and live site that is its account's only one: the balance and how long it lasts.
-- A step towards briefs.
-- Kept as a table: asked of one site or account at a time.
-- Renewed: whole.
with
    owners as (
        select
            'site' as scope, s.site_id, cast(null as bigint) as account_id, s.account_id as balance_account_id
        from sites as s
        left join sites as o on o.account_id = s.account_id and o.site_id <> s.site_id and o.is_live
        where s.is_live
        group by s.site_id, s.account_id
        having count(o.site_id) = 0
        union all
        select 'account', cast(null as bigint), account_id, account_id
        from accounts
    )
select
    o.scope,
    o.site_id,
    o.account_id,
    round(w.available_credits, 0) as balance,
    case
        when w.runway_days < 1
        then 0
        when w.runway_days <= p.runway_days_told
        then cast(round(w.runway_days) as bigint)
    end as days,
    w.ends_on,
    w.runway_days > p.runway_days_told as is_over_a_year
from owners as o
join runways as w on w.account_id = o.balance_account_id
cross join spend_parameters as p
order by o.site_id, o.account_id
