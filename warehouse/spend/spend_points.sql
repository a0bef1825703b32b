-- One row per site or account, horizon, instant and method: the forecast before any interval.
-- Kept as a table: intervals, accuracy and champions are made of it.
with
    points as (
        select
            o.scope,
            o.owner_id,
            o.site_id,
            o.account_id,
            o.account_key,
            o.horizon_days,
            o.week,
            o.pool_week,
            o.is_live,
            o.origin_at,
            o.known_week,
            o.known_runs_from,
            o.is_off,
            m.method,
            m.method_number,
            case
                m.method
                when 'rhythm'
                then o.rhythm_credits
                when 'rhythm_of_month'
                then o.month_credits
                when 'recent_rate'
                then o.recent_credits / nullif(p.spend_window_days, 0) * o.horizon_days
                when 'runs_times_cost'
                then
                    cast(o.recent_runs as double)
                    / nullif(p.spend_window_days, 0)
                    * o.horizon_days
                    * o.mean_credits
                when 'same_as_before'
                then o.credits_before
            end as credits,
            o.recent_credits / nullif(p.spend_window_days, 0) * o.horizon_days as recent_rate_credits,
            coalesce(nullif(o.mean_credits, 0), 1) as usual_credits,
            o.actual_credits
        from spend_origins as o
        cross join spend_methods as m
        cross join spend_parameters as p
    )
select
    scope,
    owner_id,
    site_id,
    account_id,
    account_key,
    horizon_days,
    week,
    pool_week,
    is_live,
    origin_at,
    known_week,
    known_runs_from,
    is_off,
    method,
    method_number,
    credits,
    usual_credits,
    actual_credits,
    actual_credits + recent_rate_credits as size_credits,
    ln((actual_credits + usual_credits) / nullif(credits + usual_credits, 0)) as log_error
from points
