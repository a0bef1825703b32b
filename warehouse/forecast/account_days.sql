-- One row per account and day on which a forecast of its sites looks up what was known at that midnight.
-- A step towards forecasts.
-- Kept as a table: where its rows are as they were, the lessons that they ask for are.
with
    days as (
        select account_id, known_on, true as is_asked, cast(null as date) as taught_on
        from forecast_origins
        group by account_id, known_on
        union all
        select account_id, known_on, false, known_on
        from account_lessons
        group by account_id, known_on
    ),
    known as (
        select
            account_id,
            known_on,
            is_asked,
            max(taught_on) over (
                partition by account_id
                order by known_on, is_asked desc
                rows between unbounded preceding and current row
            ) as taught_on
        from days
    )
select account_id, known_on, taught_on
from known
where is_asked
order by account_id, known_on
