-- One row per stage and span of days in which the same common changes of prices were known.
-- A step towards forecasts.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    midnights as (
        select stage_number, date '0001-01-01' as known_on
        from stage_parameters
        union
        select stage_number, known_from
        from common_changes
        union
        select stage_number, known_until
        from common_changes
        cross join load_day
        where known_until <= load_day.today
    )
select
    stage_number,
    known_on as version_from,
    lead(known_on, 1, date '9999-12-31') over (partition by stage_number order by known_on) as version_until
from midnights
