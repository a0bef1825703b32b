-- One row per month (UTC) of the calendar that was over by the load's instant.
-- A step towards changes of cost.
with
    load as (
        select cast(date_trunc('month', as_of at time zone 'UTC') as date) as month_start from current_load
    ),
    months as (
        select cast(date_trunc('month', calendar_date) as date) as month_start from calendar group by 1
    )
select m.month_start
from months as m
cross join load
where m.month_start < load.month_start
