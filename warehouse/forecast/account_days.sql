-- One row per account and day forecast from: the latest day before on which a run of the account completed.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    events as (
        select
            coalesce(s.account_id, - s.site_id) as account_id,
            cast(c.completed_at at time zone 'UTC' as date) as event_on,
            1 as is_after,
            cast(c.completed_at at time zone 'UTC' as date) as completed_on
        from completions as c
        join sites as s on s.site_id = c.site_id
        group by 1, 2, 3, 4
        union all
        select account_id, known_on, 0, null
        from forecast_origins
        group by account_id, known_on
    ),
    latest as (
        select
            account_id,
            event_on,
            is_after,
            max(completed_on) over (
                partition by account_id
                order by event_on, is_after
                rows between unbounded preceding and current row
            ) as completed_on
        from events
    )
select account_id, event_on as known_on, completed_on
from latest
where is_after = 0
