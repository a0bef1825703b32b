-- One row per day and method: how its forecasts had done over all sites by that UTC midnight.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    limits as (select pool_sites_needed, pool_accounts_needed from forecast_parameters),
    sums as (
        select
            method,
            completed_on,
            sum(abs(credits - actual_credits)) as absolute_error,
            sum(actual_credits) as actual_credits
        from forecast_points
        where not is_live and credits is not null
        group by method, completed_on
    ),
    sites_from as (
        select site_id, account_id, method, min(completed_on) as event_on
        from forecast_points
        where not is_live and credits is not null
        group by site_id, account_id, method
    ),
    accounts_from as (
        select account_id, method, min(event_on) as event_on from sites_from group by account_id, method
    ),
    events as (
        select
            method,
            completed_on as event_on,
            1 as is_after,
            absolute_error,
            actual_credits,
            0 as sites,
            0 as accounts
        from sums
        union all
        select method, event_on, 1, 0, 0, count(*), 0
        from sites_from
        group by method, event_on
        union all
        select method, event_on, 1, 0, 0, 0, count(*)
        from accounts_from
        group by method, event_on
        union all
        select method, known_on, 0, 0, 0, 0, 0
        from forecast_points
        group by method, known_on
    ),
    known as (
        select
            method,
            event_on,
            is_after,
            sum(absolute_error) over w as absolute_error,
            sum(actual_credits) over w as actual_credits,
            sum(sites) over w as sites,
            sum(accounts) over w as accounts
        from events
        window
            w as (
                partition by method
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    )
select
    k.method,
    k.event_on as known_on,
    k.sites >= limits.pool_sites_needed and k.accounts >= limits.pool_accounts_needed as is_platform,
    k.absolute_error / nullif(k.actual_credits, 0) as shared_wape
from known as k
cross join limits
where k.is_after = 0
