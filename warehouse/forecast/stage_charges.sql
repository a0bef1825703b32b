-- One row per completion in which the stage took anything in: its price beside those before and after.
-- A step towards forecasts.
-- Kept as a table: price breaks, own prices and prices over all sites are read off it.
with
    limits as (select break_share, break_spreads, break_credits, break_runs_needed from forecast_parameters),
    ran as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_on,
            items_processed as items,
            credits_used as credits,
            credits_used / nullif(items_processed, 0) as price,
            credits_used * credits_used / nullif(items_processed, 0) as squares
        from stage_passages
        where items_processed > 0
    ),
    compared as (
        select
            r.*,
            row_number() over numbered as price_number,
            sum(credits) over eight / nullif(sum(items) over eight, 0) as price_before,
            sum(squares) over eight / nullif(sum(items) over eight, 0) as squares_before,
            lead(price) over numbered as next_price,
            lead(items) over numbered as next_items
        from ran as r
        window
            numbered as (partition by site_id, stage_number order by completion_number),
            eight as (
                partition by site_id, stage_number
                order by completion_number
                rows between 8 preceding and 1 preceding
            )
    ),
    margins as (
        select
            c.*,
            least(c.price, c.next_price) as price_at_least,
            greatest(c.price, c.next_price) as price_at_most,
            greatest(
                c.price_before * limits.break_share,
                sqrt(greatest(c.squares_before - c.price_before * c.price_before, 0)) * limits.break_spreads
            ) as margin,
            c.next_price is not null
            and c.price_number > limits.break_runs_needed
            and abs((c.price - c.price_before) * c.items + (c.next_price - c.price_before) * c.next_items)
            >= limits.break_credits as is_material
        from compared as c
        cross join limits
    )
select
    site_id,
    stage_number,
    completion_number,
    price_number,
    started_at,
    completed_on,
    price_before,
    items,
    credits,
    case when credits > 0 then ln(credits / nullif(items, 0)) end as log_price,
    is_material
    and (
        price_at_least > price_before + margin
        or price_at_most * (price_before + margin) < price_before * price_before
    ) as is_shift
from margins
