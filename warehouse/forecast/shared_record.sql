-- One row per account, day and method: how its forecasts, or all sites', had done by that midnight.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    measured as (
        select
            site_id,
            account_id,
            method,
            completed_on,
            abs(credits - actual_credits) as absolute_error,
            actual_credits,
            case
                when row_number() over (partition by site_id, method order by completion_number) = 1
                then 1
                else 0
            end as sites
        from forecast_points
        where not is_live and credits is not null
    ),
    days as (
        select
            account_id,
            method,
            completed_on,
            sum(absolute_error) as absolute_error,
            sum(actual_credits) as actual_credits,
            sum(sites) as sites,
            case
                when row_number() over (partition by account_id, method order by completed_on) = 1
                then 1
                else 0
            end as accounts
        from measured
        group by account_id, method, completed_on
    ),
    lookups as (
        select account_id, known_on, method from forecast_points group by account_id, known_on, method
    ),
    account_events as (
        select account_id, method, completed_on as event_on, 1 as is_after, absolute_error, actual_credits
        from days
        union all
        select account_id, method, known_on, 0, 0, 0
        from lookups
    ),
    account_sums as (
        select
            account_id,
            method,
            event_on,
            is_after,
            sum(absolute_error) over w as absolute_error,
            sum(actual_credits) over w as actual_credits
        from account_events
        window
            w as (
                partition by account_id, method
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    platform_events as (
        select
            method,
            completed_on as event_on,
            1 as is_after,
            sum(absolute_error) as absolute_error,
            sum(actual_credits) as actual_credits,
            sum(sites) as sites,
            sum(accounts) as accounts
        from days
        group by method, completed_on
        union all
        select method, known_on, 0, 0, 0, 0, 0
        from lookups
        group by method, known_on
    ),
    platform_sums as (
        select
            method,
            event_on,
            is_after,
            sum(absolute_error) over w as absolute_error,
            sum(actual_credits) over w as actual_credits,
            sum(sites) over w as sites,
            sum(accounts) over w as accounts
        from platform_events
        window
            w as (
                partition by method
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    paired as (
        select
            a.account_id,
            a.event_on as known_on,
            a.method,
            p.sites >= limits.pool_sites_needed and p.accounts >= limits.pool_accounts_needed as is_platform,
            p.absolute_error as platform_error,
            p.actual_credits as platform_credits,
            a.absolute_error as account_error,
            a.actual_credits as account_credits
        from account_sums as a
        join platform_sums as p on p.method = a.method and p.event_on = a.event_on and p.is_after = 0
        cross join forecast_parameters as limits
        where a.is_after = 0
    )
select
    account_id,
    known_on,
    method,
    is_platform,
    case
        when is_platform
        then platform_error / nullif(platform_credits, 0)
        else account_error / nullif(account_credits, 0)
    end as shared_wape
from paired
