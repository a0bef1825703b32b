-- One row per site or account, horizon, instant and method: spend forecast, its range, and the choice.
-- Kept as a table: ranges and choices rest on all sites.
with
    limits as (select spend_own_errors_needed, spend_champion_weight_origins from spend_parameters),
    numbers as (
        select scope, owner_id, horizon_days, method, known_week, max(error_number) as error_number
        from spend_record
        group by scope, owner_id, horizon_days, method, known_week
    ),
    known as (
        select
            p.scope,
            p.owner_id,
            p.site_id,
            p.account_id,
            p.account_key,
            p.horizon_days,
            p.week,
            p.pool_week,
            p.is_live,
            p.origin_at,
            p.known_runs_from,
            p.is_off,
            p.method,
            p.method_number,
            p.credits,
            p.usual_credits,
            p.actual_credits,
            max(n.error_number) over (
                partition by p.scope, p.owner_id, p.horizon_days, p.method
                order by p.week
                rows between unbounded preceding and current row
            ) as error_number
        from spend_points as p
        left join
            numbers as n
            on n.scope = p.scope
            and n.owner_id = p.owner_id
            and n.horizon_days = p.horizon_days
            and n.method = p.method
            and n.known_week = p.week
    ),
    looked_up as (
        select
            k.scope,
            k.owner_id,
            k.site_id,
            k.account_id,
            k.horizon_days,
            k.week,
            k.is_live,
            k.origin_at,
            k.is_off,
            k.method,
            k.method_number,
            k.credits,
            k.usual_credits,
            k.actual_credits,
            coalesce(r.errors, 0) as origins,
            r.absolute_error / nullif(r.size_credits, 0) as own_relative_error,
            coalesce(s.is_platform, false) as is_platform,
            case when s.is_platform then s.relative_error else a.relative_error end as shared_relative_error,
            case
                when r.errors >= limits.spend_own_errors_needed
                then 'own'
                when s.is_platform
                then 'all'
                when a.errors is not null
                then 'account'
            end as errors_from,
            case
                when r.errors >= limits.spend_own_errors_needed
                then r.size_80
                when s.is_platform
                then s.size_80
                else a.size_80
            end as size_80,
            case
                when r.errors >= limits.spend_own_errors_needed
                then r.size_90
                when s.is_platform
                then s.size_90
                else a.size_90
            end as size_90,
            case
                when r.errors >= limits.spend_own_errors_needed
                then r.log_80
                when s.is_platform
                then s.log_80
                else a.log_80
            end as log_80,
            case
                when r.errors >= limits.spend_own_errors_needed
                then r.log_90
                when s.is_platform
                then s.log_90
                else a.log_90
            end as log_90
        from known as k
        cross join limits
        left join
            spend_record as r
            on r.scope = k.scope
            and r.owner_id = k.owner_id
            and r.horizon_days = k.horizon_days
            and r.method = k.method
            and r.error_number = k.error_number
        left join
            spend_pools as s
            on s.scope = k.scope
            and s.horizon_days = k.horizon_days
            and s.method = k.method
            and s.known_runs_from = k.known_runs_from
            and s.week = k.pool_week
        left join
            spend_account_pools as a
            on a.scope = k.scope
            and a.account_key = k.account_key
            and a.horizon_days = k.horizon_days
            and a.method = k.method
            and a.week = k.pool_week
    ),
    weighed as (
        select
            u.scope,
            u.owner_id,
            u.site_id,
            u.account_id,
            u.horizon_days,
            u.week,
            u.is_live,
            u.origin_at,
            u.is_off,
            u.method,
            u.method_number,
            u.credits,
            u.usual_credits,
            u.actual_credits,
            u.origins,
            u.is_platform,
            u.errors_from,
            u.size_80,
            u.size_90,
            u.log_80,
            u.log_90,
            case
                when u.credits is null
                then null
                when u.is_off and u.method = 'rhythm'
                then -1
                when u.own_relative_error is null
                then u.shared_relative_error
                when u.shared_relative_error is null
                then u.own_relative_error
                else
                    (
                        u.origins * u.own_relative_error
                        + limits.spend_champion_weight_origins * u.shared_relative_error
                    )
                    / nullif(u.origins + limits.spend_champion_weight_origins, 0)
            end as weighed_error
        from looked_up as u
        cross join limits
    ),
    best as (
        select
            scope,
            owner_id,
            horizon_days,
            week,
            min(
                [
                    coalesce(round(weighed_error, 9), case when credits is null then 1e308 else 1e300 end),
                    method_number
                ]
            ) as lowest
        from weighed
        group by scope, owner_id, horizon_days, week
    )
select
    w.scope,
    w.owner_id,
    w.site_id,
    w.account_id,
    w.horizon_days,
    w.week,
    w.is_live,
    w.origin_at,
    w.is_off,
    w.method,
    w.credits,
    w.actual_credits,
    case
        when w.size_80 is not null
        then greatest((w.credits + w.usual_credits) * exp(- w.size_80) - w.usual_credits, 0)
    end as p80_low,
    (w.credits + w.usual_credits) * exp(w.size_80) - w.usual_credits as p80_high,
    case
        when w.size_90 is not null
        then greatest((w.credits + w.usual_credits) * exp(- w.size_90) - w.usual_credits, 0)
    end as p90_low,
    (w.credits + w.usual_credits) * exp(w.size_90) - w.usual_credits as p90_high,
    case
        when w.log_80 is not null
        then greatest((w.credits + w.usual_credits) * exp(w.log_80) - w.usual_credits, 0)
    end as budget_80,
    case
        when w.log_90 is not null
        then greatest((w.credits + w.usual_credits) * exp(w.log_90) - w.usual_credits, 0)
    end as budget_90,
    w.origins,
    w.is_platform,
    w.errors_from,
    w.weighed_error,
    w.method_number = list_extract(b.lowest, 2) as is_champion
from weighed as w
join
    best as b
    on b.scope = w.scope
    and b.owner_id = w.owner_id
    and b.horizon_days = w.horizon_days
    and b.week = w.week
order by w.scope, w.site_id, w.account_id, w.horizon_days, w.week, w.method
