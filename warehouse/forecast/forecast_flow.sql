-- One row per origin: the items that each stage will take in, and what they will cost, make and take.
-- Kept as a table: intervals, accuracy and champions are made of it.
with
    inputs as (
        select
            site_id,
            id,
            stage_number,
            items_waiting,
            coalesce(items_limit, 1e18) as items_limit,
            flow_share,
            output_ratio,
            price,
            seconds_per_item,
            round(
                cast(cast(items_waiting * original_price as decimal(38, 9)) as double), 0
            ) as original_credits,
            round(
                cast(cast(items_waiting * original_output_ratio as decimal(38, 9)) as double), 0
            ) as original_output
        from forecast_inputs
    ),
    originals as (
        select site_id, id, sum(original_credits) as credits, sum(original_output) as output
        from inputs
        group by site_id, id
    ),
    s1 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 1
    ),
    s2 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 2
    ),
    s3 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 3
    ),
    s4 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 4
    ),
    s5 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 5
    ),
    s6 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 6
    ),
    s7 as (
        select site_id, id, items_waiting, items_limit, flow_share, output_ratio, price, seconds_per_item
        from inputs
        where stage_number = 7
    )
select
    s1.site_id,
    s1.id,
    o.run_id,
    least(s1.items_limit, s1.items_waiting) as items_1,
    least(s2.items_limit, s2.items_waiting + s2.flow_share * s1.output_ratio * items_1) as items_2,
    least(s3.items_limit, s3.items_waiting + s3.flow_share * s2.output_ratio * items_2) as items_3,
    least(s4.items_limit, s4.items_waiting + s4.flow_share * s3.output_ratio * items_3) as items_4,
    least(s5.items_limit, s5.items_waiting + s5.flow_share * s4.output_ratio * items_4) as items_5,
    least(s6.items_limit, s6.items_waiting + s6.flow_share * s5.output_ratio * items_5) as items_6,
    least(s7.items_limit, s7.items_waiting + s7.flow_share * s4.output_ratio * items_4) as items_7,
    items_1 * s1.price
    + items_2 * s2.price
    + items_3 * s3.price
    + items_4 * s4.price
    + items_5 * s5.price
    + items_6 * s6.price
    + items_7 * s7.price as stages_credits,
    items_1 * s1.output_ratio
    + items_2 * s2.output_ratio
    + items_3 * s3.output_ratio
    + items_4 * s4.output_ratio
    + items_5 * s5.output_ratio
    + items_6 * s6.output_ratio
    + items_7 * s7.output_ratio as output,
    case
        when
            coalesce(
                s1.seconds_per_item,
                s2.seconds_per_item,
                s3.seconds_per_item,
                s4.seconds_per_item,
                s5.seconds_per_item,
                s6.seconds_per_item,
                s7.seconds_per_item
            )
            is not null
        then
            items_1 * coalesce(s1.seconds_per_item, 0)
            + items_2 * coalesce(s2.seconds_per_item, 0)
            + items_3 * coalesce(s3.seconds_per_item, 0)
            + items_4 * coalesce(s4.seconds_per_item, 0)
            + items_5 * coalesce(s5.seconds_per_item, 0)
            + items_6 * coalesce(s6.seconds_per_item, 0)
            + items_7 * coalesce(s7.seconds_per_item, 0)
    end as stages_seconds,
    original.credits as original_credits,
    original.output as original_output
from s1
join s2 on s2.site_id = s1.site_id and s2.id = s1.id
join s3 on s3.site_id = s1.site_id and s3.id = s1.id
join s4 on s4.site_id = s1.site_id and s4.id = s1.id
join s5 on s5.site_id = s1.site_id and s5.id = s1.id
join s6 on s6.site_id = s1.site_id and s6.id = s1.id
join s7 on s7.site_id = s1.site_id and s7.id = s1.id
join originals as original on original.site_id = s1.site_id and original.id = s1.id
join forecast_origins as o on o.site_id = s1.site_id and o.id = s1.id
order by s1.site_id, s1.id
