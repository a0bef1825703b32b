-- One row per site and account: the running month (UTC), spent so far and expected at its end.
-- Kept as a table: the brief of a site and of an account asks for it.
-- Renewed: whole.
with
    load as (
        select
            as_of,
            epoch_us(as_of) as as_of_us,
            cast(date_trunc('month', as_of at time zone 'UTC') as date) as month_start
        from current_load
    ),
    months as (
        select
            as_of,
            month_start,
            cast(as_of_us - epoch_us(cast(month_start as timestamptz)) as double) / 86400000000 as days_gone,
            cast(
                epoch_us(cast(cast(month_start + interval 1 month as date) as timestamptz))
                - as_of_us as double
            )
            / 86400000000 as days_left,
            cast(month_start as timestamptz) as starts_at,
            cast(cast(month_start - interval 1 month as date) as timestamptz) as before_at
        from load
    ),
    site_sums as (
        select
            r.site_id,
            sum(case when r.started_at >= m.starts_at then r.total_credits_used end) as credits_so_far,
            sum(case when r.started_at < m.starts_at then r.total_credits_used end) as credits_month_before
        from runs as r
        cross join months as m
        where r.started_at >= m.before_at and r.started_at <= m.as_of
        group by r.site_id
    ),
    sums as (
        select o.site_id, o.account_id, 'site' as scope, s.credits_so_far, s.credits_month_before
        from spend_owners as o
        left join site_sums as s on s.site_id = o.site_id
        where o.scope = 'site'
        union all
        select null, o.account_id, 'account', sum(s.credits_so_far), sum(s.credits_month_before)
        from spend_owners as o
        left join sites as i on i.account_id = o.account_id and i.is_live
        left join site_sums as s on s.site_id = i.site_id
        where o.scope = 'account'
        group by o.account_id
    ),
    live as (
        select
            scope,
            coalesce(site_id, account_id) as owner_id,
            site_id,
            horizon_days,
            credits,
            p80_low,
            p80_high
        from spend_forecasts
        where is_champion
    )
select
    s.scope,
    s.site_id,
    s.account_id,
    m.month_start,
    coalesce(s.credits_so_far, 0) as credits_so_far,
    m.days_gone,
    m.days_left,
    cast(coalesce(s.credits_so_far, 0) as double)
    + f.credits / nullif(f.horizon_days, 0) * m.days_left as credits_expected,
    cast(coalesce(s.credits_so_far, 0) as double)
    + f.p80_low / nullif(f.horizon_days, 0) * m.days_left as p80_low,
    cast(coalesce(s.credits_so_far, 0) as double)
    + f.p80_high / nullif(f.horizon_days, 0) * m.days_left as p80_high,
    coalesce(s.credits_month_before, 0) as credits_month_before
from sums as s
cross join months as m
cross join (select min(horizon_days) as short_days from spend_horizons) as h
join
    live as f
    on f.scope = s.scope
    and f.owner_id = coalesce(s.site_id, s.account_id)
    and (m.days_left <= h.short_days) = (f.horizon_days = h.short_days)
order by s.scope, s.site_id, s.account_id
