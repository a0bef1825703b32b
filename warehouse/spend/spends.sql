-- One row per site or account, horizon, instant and method: spend forecast, its range, and the choice.
-- A step towards forecasts of spend.
-- Kept as a table: ranges and choices rest on all sites.
-- In parts, by owner_id: each week of a site stands in it ten times, in all that is known of it.
-- Renewed: week.
with
    limits as (select spend_own_errors_needed, spend_champion_weight_origins from spend_parameters),
    -- its own errors tell a range where the last thirty all came from quiet weeks, as now, or all from others
    owned as (
        select
            p.*,
            coalesce(r.errors, 0) as origins,
            r.absolute_error / nullif(r.size_credits, 0) as own_relative_error,
            case when p.known_runs_from < 0 then r.quiet_errors else r.errors - r.quiet_errors end
            >= l.spend_own_errors_needed as is_own,
            r.size_80 as own_size_80,
            r.size_90 as own_size_90,
            r.log_80 as own_log_80,
            r.log_90 as own_log_90
        from spend_points as p
        cross join limits as l
        left join
            spend_record as r
            on r.scope = p.scope
            and r.owner_id = p.owner_id
            and r.horizon_days = p.horizon_days
            and r.method = p.method
            and r.error_number = p.known_errors
    ),
    looked_up as (
        select
            o.*,
            s.week is not null as is_platform,
            coalesce(s.relative_error, a.relative_error) as shared_relative_error,
            case
                when o.is_own
                then 'own'
                when s.week is not null
                then 'all'
                when a.week is not null
                then 'account'
            end as errors_from,
            case when o.is_own then o.own_size_80 else coalesce(s.size_80, a.size_80) end as size_80,
            case when o.is_own then o.own_size_90 else coalesce(s.size_90, a.size_90) end as size_90,
            case when o.is_own then o.own_log_80 else coalesce(s.log_80, a.log_80) end as log_80,
            case when o.is_own then o.own_log_90 else coalesce(s.log_90, a.log_90) end as log_90
        from owned as o
        left join
            spend_pools as s
            on s.scope = o.scope
            and s.horizon_days = o.horizon_days
            and s.method = o.method
            and s.known_runs_from = o.known_runs_from
            and s.week = o.pool_week
            and s.is_platform
        left join
            spend_account_pools as a
            on a.scope = o.scope
            and a.account_key = o.account_key
            and a.horizon_days = o.horizon_days
            and a.method = o.method
            and a.is_quiet = (o.known_runs_from < 0)
            and a.week = o.pool_week
            and s.week is null
    ),
    weighed as (
        select
            u.*,
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
                        + l.spend_champion_weight_origins * u.shared_relative_error
                    )
                    / nullif(u.origins + l.spend_champion_weight_origins, 0)
            end as weighed_error
        from looked_up as u
        cross join limits as l
    ),
    best as (
        select
            scope,
            owner_id,
            horizon_days,
            week,
            min(
                [
                    coalesce(
                        round(weighed_error * champion_margin, 9),
                        case when credits is null then 1e308 else 1e300 end
                    ),
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
    w.recent_rate_credits,
    w.credits_before,
    case
        when w.size_80 is not null
        then greatest(round((w.credits + w.usual_credits) * exp(- w.size_80) - w.usual_credits, 9), 0)
    end as p80_low,
    round((w.credits + w.usual_credits) * exp(w.size_80) - w.usual_credits, 9) as p80_high,
    case
        when w.size_90 is not null
        then greatest(round((w.credits + w.usual_credits) * exp(- w.size_90) - w.usual_credits, 9), 0)
    end as p90_low,
    round((w.credits + w.usual_credits) * exp(w.size_90) - w.usual_credits, 9) as p90_high,
    case
        when w.log_80 is not null
        then greatest(round((w.credits + w.usual_credits) * exp(w.log_80) - w.usual_credits, 9), 0)
    end as budget_80,
    case
        when w.log_90 is not null
        then greatest(round((w.credits + w.usual_credits) * exp(w.log_90) - w.usual_credits, 9), 0)
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
