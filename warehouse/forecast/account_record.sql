-- One row per account, day and method while all sites are too few: how its forecasts had done by then.
-- A step towards forecasts.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    limits as (select champion_weight_origins from forecast_parameters),
    lookups as (
        select p.account_id, p.method, p.known_on
        from forecast_points as p
        join platform_record as r using (method, known_runs_from, known_on)
        where not r.is_platform
        group by p.account_id, p.method, p.known_on
    ),
    ends as (select method, max(known_on) as known_on from lookups group by method),
    events as (
        select
            p.account_id,
            p.method,
            p.completed_on as event_on,
            1 as is_after,
            abs(p.credits - p.actual_credits) as absolute_error,
            p.actual_credits,
            1 as origins
        from forecast_points as p
        join ends as e on e.method = p.method and p.completed_on < e.known_on
        where not p.is_live and not p.is_limit_forgotten and p.credits is not null
        union all
        select account_id, method, known_on, 0, 0, 0, 0
        from lookups
    ),
    known as (
        select
            account_id,
            method,
            event_on,
            is_after,
            sum(absolute_error) over w as absolute_error,
            sum(actual_credits) over w as actual_credits,
            sum(origins) over w as origins
        from events
        window
            w as (
                partition by account_id, method
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    )
select
    k.account_id,
    k.method,
    k.event_on as known_on,
    case
        when k.actual_credits > 0
        then
            (
                k.origins * k.absolute_error / nullif(k.actual_credits, 0)
                + limits.champion_weight_origins * m.usual_error
            )
            / nullif(k.origins + limits.champion_weight_origins, 0)
    end as shared_wape
from known as k
join forecast_methods as m on m.method = case k.method when 'flow_told' then 'flow' else k.method end
cross join limits
where k.is_after = 0
