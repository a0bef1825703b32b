-- One row per site and method: what the next full run will cost, make and take, and which to use.
-- Kept as a table: asked of one site at a time.
select
    f.site_id,
    f.method,
    f.credits,
    f.output,
    f.duration_seconds,
    f.p80_low,
    f.p80_high,
    f.p90_low,
    f.p90_high,
    f.budget_80,
    f.budget_90,
    f.credit_limit,
    f.is_limited,
    f.is_champion,
    case
        when not f.is_champion
        then null
        when f.is_limited_anew
        then 'the site''s limits bind, and only flow knows them'
        when f.weighed_wape is null
        then 'no forecast could be measured yet'
        when f.origins = 0 and f.is_platform
        then 'lowest error over all sites; this site has no measured forecast yet'
        when f.origins = 0
        then 'lowest error over the account''s sites; this site has no measured forecast yet'
        when f.is_platform
        then 'lowest error, over ' || cast(f.origins as varchar) || ' of its own past runs and all sites'
        else 'lowest error, over ' || cast(f.origins as varchar) || ' of its own past runs and the account''s'
    end as reason,
    case
        when a.intervals_80 > 0
        then
            'In '
            || cast(a.intervals_80 as varchar)
            || case when a.intervals_80 = 1 then ' past run, ' else ' past runs, ' end
            || cast(a.covered_80 as varchar)
            || ' stayed within this range'
    end as track_record
from forecasts as f
left join forecast_accuracy as a on a.site_id = f.site_id and a.method = f.method and a."window" = 'all'
where f.is_live
order by f.site_id, f.method
