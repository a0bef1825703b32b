-- One row per site or account, horizon, instant and method: the forecast before any interval.
-- A step towards forecasts of spend.
-- Renewed: week.
with
    rates as (
        select
            o.*,
            coalesce(n.known_errors, 0) as known_errors,
            n.error_number,
            n.pool_lot,
            n.account_lot,
            o.recent_credits / nullif(p.spend_window_days, 0) * o.horizon_days as recent_rate_credits,
            cast(o.recent_runs as double)
            / nullif(p.spend_window_days, 0)
            * o.horizon_days
            * o.mean_credits as run_credits,
            coalesce(nullif(o.mean_credits, 0), 1) as usual_credits
        from spend_origins as o
        cross join spend_parameters as p
        left join
            spend_ranks as n
            on n.scope = o.scope
            and n.owner_id = o.owner_id
            and n.horizon_days = o.horizon_days
            and n.week = o.week
    ),
    points as (
        select
            r.*,
            m.method,
            m.method_number,
            m.champion_margin,
            case
                m.method
                when 'rhythm'
                then r.rhythm_credits
                when 'rhythm_of_month'
                then r.month_credits
                when 'recent_rate'
                then r.recent_rate_credits
                when 'runs_times_cost'
                then r.run_credits
                when 'same_as_before'
                then r.credits_before
            end as credits
        from rates as r
        cross join spend_methods as m
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
    known_errors,
    error_number,
    pool_lot,
    account_lot,
    is_off,
    method,
    method_number,
    champion_margin,
    credits,
    usual_credits,
    actual_credits,
    recent_rate_credits,
    credits_before,
    actual_credits + recent_rate_credits as size_credits,
    ln((actual_credits + usual_credits) / nullif(credits + usual_credits, 0)) as log_error
from points
