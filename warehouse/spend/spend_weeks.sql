-- One row per week (UTC, by number), ended by its Monday midnight, the last by the load's instant.
-- A step towards forecasts of spend.
-- Kept as a table: it is of all sites; days count by the third of the month in which they lie.
with
    load as (
        select
            as_of,
            epoch_us(as_of) as as_of_us,
            cast(as_of at time zone 'UTC' as date) as as_of_on,
            cast(ceil(cast(epoch_us(as_of) - 345600000000 as double) / 604800000000) as bigint) as week,
            cast(floor(cast(epoch_us(as_of) - 345600000000 as double) / 604800000000) as bigint) as pool_week
        from current_load
    ),
    dated as (
        select
            calendar_date,
            cast(floor(cast(datediff('day', date '1970-01-05', calendar_date) as double) / 7) as bigint)
            + 1 as week,
            cast(floor(cast(datediff('day', date '1970-01-05', calendar_date) as double) / 7) as bigint) * 7
            = datediff('day', date '1970-01-05', calendar_date) as is_monday
        from calendar
    ),
    ends as (
        select
            d.week - 1 as week,
            d.week - 1 as pool_week,
            d.calendar_date as ends_on,
            cast(d.calendar_date as timestamptz) as ends_at,
            false as is_live,
            (d.week - 1) * 604800000000 + 345600000000 as ends_us
        from dated as d
        cross join load
        where d.is_monday and d.week <= load.week
        union all
        select week, pool_week, as_of_on, as_of, true, as_of_us
        from load
    ),
    thirds as (
        select
            d.calendar_date,
            d.week,
            case when extract(day from d.calendar_date) <= p.spend_early_until_day then 1 else 0 end as early,
            case when extract(day from d.calendar_date) > p.spend_middle_until_day then 1 else 0 end as late
        from dated as d
        cross join spend_parameters as p
    ),
    passed as (
        select week, count(*) as days, sum(early) as early_days, sum(late) as late_days
        from thirds
        group by week
    ),
    series as (select unnest(generate_series(-28, 29)) as days_ahead),
    offsets as (select cast(days_ahead as integer) as days_ahead from series),
    around as (
        select
            e.week,
            o.days_ahead,
            case
                when extract(day from e.ends_on + o.days_ahead) <= p.spend_early_until_day then 1 else 0
            end as early,
            case
                when extract(day from e.ends_on + o.days_ahead) > p.spend_middle_until_day then 1 else 0
            end as late
        from ends as e
        cross join offsets as o
        cross join spend_parameters as p
    ),
    counted as (
        select
            a.week,
            sum(case when a.days_ahead < 0 then a.early else 0 end) as early_days_behind,
            sum(case when a.days_ahead < 0 then a.late else 0 end) as late_days_behind,
            sum(case when a.days_ahead between 0 and 6 then a.early else 0 end) as early_days_of_7,
            sum(case when a.days_ahead between 0 and 6 then a.late else 0 end) as late_days_of_7,
            sum(case when a.days_ahead >= 0 then a.early else 0 end) as early_days_of_30,
            sum(case when a.days_ahead >= 0 then a.late else 0 end) as late_days_of_30
        from around as a
        group by a.week
    )
select
    e.week,
    e.is_live,
    e.pool_week,
    e.ends_at,
    e.ends_us,
    e.ends_us + 7 * 86400000000 <= load.as_of_us as is_over_7,
    e.ends_us + 30 * 86400000000 <= load.as_of_us as is_over_30,
    cast(coalesce(p.days, 0) as bigint) as days,
    cast(coalesce(p.early_days, 0) as bigint) as early_days,
    cast(coalesce(p.late_days, 0) as bigint) as late_days,
    cast(c.early_days_behind as bigint) as early_days_behind,
    cast(c.late_days_behind as bigint) as late_days_behind,
    cast(c.early_days_of_7 as bigint) as early_days_of_7,
    cast(c.late_days_of_7 as bigint) as late_days_of_7,
    cast(c.early_days_of_30 as bigint) as early_days_of_30,
    cast(c.late_days_of_30 as bigint) as late_days_of_30
from ends as e
join counted as c on c.week = e.week
left join passed as p on p.week = e.week
cross join load
