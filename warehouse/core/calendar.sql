-- One row per date (UTC) from the first run's start, or ten years back, to the load's instant.
-- Kept as a table: it is of all sites; a week or a month without a run is a row of what a site did, too.
with
    first_run as (select cast(min(started_at) at time zone 'UTC' as date) as started_on from runs),
    span as (
        select
            greatest(
                f.started_on, cast(l.as_of at time zone 'UTC' as date) - cast(p.calendar_days as integer)
            ) as starts_on,
            cast(l.as_of at time zone 'UTC' as date) as ends_on
        from first_run as f
        cross join current_load as l
        cross join parameters as p
    ),
    days as (
        select unnest(generate_series(starts_on, ends_on, interval 1 day)) as day_at
        from span
        where starts_on <= ends_on
    )
select cast(day_at as date) as calendar_date
from days
