-- One row per site and method: what the next full run will cost, make and take, and which to use.
select
    site_id,
    method,
    credits,
    output,
    duration_seconds,
    p80_low,
    p80_high,
    p90_low,
    p90_high,
    budget_80,
    budget_90,
    is_champion,
    case
        when not is_champion
        then null
        when weighed_wape is null
        then 'no forecast could be measured yet'
        when origins = 0 and is_platform
        then 'lowest error over all sites; this site has no measured forecast yet'
        when origins = 0
        then 'lowest error over the account''s sites; this site has no measured forecast yet'
        when is_platform
        then 'lowest error, over ' || cast(origins as varchar) || ' of its own past runs and all sites'
        else 'lowest error, over ' || cast(origins as varchar) || ' of its own past runs and the account''s'
    end as reason
from forecasts
where is_live
