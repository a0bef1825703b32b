-- One row per completion in which the stage took anything in: its price, and the price known then.
-- Kept as a table: own prices, prices over all sites and price breaks are read off it.
with
    limits as (select break_share, break_spreads, break_credits, break_runs_needed from forecast_parameters),
    ran as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items_processed as items,
            credits_used as credits,
            credits_used / nullif(items_processed, 0) as price,
            credits_used * credits_used / nullif(items_processed, 0) as squares
        from stage_passages
        where items_processed > 0
    ),
    compared as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items,
            credits,
            price,
            squares,
            row_number() over numbered as price_number,
            count(*) over eight as runs_before,
            sum(items) over eight as items_before,
            sum(credits) over eight / nullif(sum(items) over eight, 0) as price_before,
            sum(squares) over eight / nullif(sum(items) over eight, 0) as squares_before,
            lead(price) over numbered as next_price,
            lead(items) over numbered as next_items
        from ran
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
            c.site_id,
            c.stage_number,
            c.completion_number,
            c.started_at,
            c.completed_at,
            c.items,
            c.credits,
            c.squares,
            c.price_number,
            c.price_before,
            least(c.price, c.next_price) as price_at_least,
            greatest(c.price, c.next_price) as price_at_most,
            greatest(
                c.price_before * limits.break_share,
                sqrt(greatest(c.squares_before - c.price_before * c.price_before, 0)) * limits.break_spreads
            ) as margin,
            c.next_price is not null
            and c.runs_before >= limits.break_runs_needed
            and abs((c.price - c.price_before) * c.items + (c.next_price - c.price_before) * c.next_items)
            >= limits.break_credits as is_material
        from compared as c
        cross join limits
    ),
    shifts as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items,
            credits,
            squares,
            price_number,
            price_before,
            is_material
            and (
                price_at_least > price_before + margin
                or price_at_most * (price_before + margin) < price_before * price_before
            ) as is_shift
        from margins
    ),
    breaks as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items,
            credits,
            squares,
            price_number,
            price_before,
            is_shift
            and not lag(is_shift, 1, false) over (
                partition by site_id, stage_number order by price_number
            ) as is_break
        from shifts
    ),
    spans as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items,
            credits,
            squares,
            price_number,
            price_before,
            is_break,
            sum(case when is_break then 1 else 0 end) over (
                partition by site_id, stage_number
                order by price_number
                rows between unbounded preceding and current row
            ) as breaks_so_far
        from breaks
    ),
    sums as (
        select
            site_id,
            stage_number,
            completion_number,
            started_at,
            completed_at,
            items,
            credits,
            squares,
            price_number,
            price_before,
            is_break,
            breaks_so_far,
            count(*) over ten as ten_runs,
            sum(items) over ten as ten_items,
            sum(credits) over ten as ten_credits,
            sum(squares) over ten as ten_squares,
            count(*) over nine as nine_runs,
            sum(items) over nine as nine_items,
            sum(credits) over nine as nine_credits,
            sum(squares) over nine as nine_squares,
            case when breaks_so_far > 0 then first_value(started_at) over span end as price_since
        from spans
        window
            span as (partition by site_id, stage_number, breaks_so_far order by price_number),
            ten as (
                partition by site_id, stage_number, breaks_so_far
                order by price_number
                rows between 9 preceding and current row
            ),
            nine as (
                partition by site_id, stage_number, breaks_so_far
                order by price_number
                rows between 8 preceding and current row
            )
    )
-- a break shows only with the run after it: at the break itself, what is known is the old price and this run
select
    site_id,
    stage_number,
    completion_number,
    price_number,
    started_at,
    completed_at,
    price_before,
    is_break,
    breaks_so_far,
    items,
    credits,
    case when is_break then 1 + lag(nine_runs) over numbered else ten_runs end as price_runs,
    case when is_break then items + lag(nine_items) over numbered else ten_items end as price_items,
    case when is_break then credits + lag(nine_credits) over numbered else ten_credits end as price_credits,
    case when is_break then squares + lag(nine_squares) over numbered else ten_squares end as price_squares,
    case when is_break then lag(price_since) over numbered else price_since end as price_since
from sums
window numbered as (partition by site_id, stage_number order by price_number)
