-- One row per site, stage and price break of the last ninety days: what it makes of a run's cost.
-- Kept as a table: asked of one site at a time.
with
    load as (select epoch_us(as_of) as as_of_us from current_load),
    limits as (select price_effect_days from parameters),
    amounts as (
        select site_id, stage_number, avg(cast(items_processed as double)) as items_per_run
        from analyzed_stages
        group by site_id, stage_number
    )
select
    b.site_id,
    b.stage_number,
    p.stage_name,
    b.since,
    b.rate_before,
    b.rate_after,
    a.items_per_run,
    (b.rate_after - b.rate_before) * a.items_per_run as effect_per_run
from price_breaks as b
join stage_parameters as p on p.stage_number = b.stage_number
left join amounts as a on a.site_id = b.site_id and a.stage_number = b.stage_number
cross join load
cross join limits
where
    epoch_us(b.since) > load.as_of_us - cast(limits.price_effect_days as bigint) * 86400000000
    and epoch_us(b.since) <= load.as_of_us
order by b.site_id, b.stage_number, b.since
