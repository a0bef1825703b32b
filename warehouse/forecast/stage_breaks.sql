-- One row per site, stage and break of prices: two runs in a row, the first after none, beyond those before.
-- A step towards forecasts.
with
    shifts as (
        select
            site_id,
            stage_number,
            price_number,
            started_at,
            price_before,
            lag(price_number) over (partition by site_id, stage_number order by price_number) as shift_before
        from stage_charges
        where is_shift
    )
select
    site_id,
    stage_number,
    price_number as since_number,
    lead(price_number) over (partition by site_id, stage_number order by price_number) as next_number,
    started_at as since,
    price_before
from shifts
where shift_before is null or shift_before < price_number - 1
