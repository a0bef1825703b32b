-- One row per site and load that found its settings switched off: the span of time in which that was known.
-- A step towards forecasts of spend: it holds until a later load says something else, as of whatever instant.
with
    settings as (
        select
            s.site_id,
            s.load_number,
            epoch_us(least(s.as_of, l.as_of)) as from_us,
            s.is_present and not coalesce(s.is_enabled, true) as is_off
        from lake.automation_settings as s
        cross join current_load as l
    ),
    spans as (
        select
            site_id,
            load_number,
            from_us,
            min(from_us) over (
                partition by site_id order by load_number rows between 1 following and unbounded following
            ) as until_us,
            is_off
        from settings
    )
select site_id, load_number, from_us, until_us
from spans
where is_off
