-- One row per origin: the items that each stage will take in, by what waits, what flows on, and limits.
with
    wide as (
        select
            site_id,
            id,
            run_id,
            max(case when stage_number = 1 then items_waiting end) as waiting_1,
            max(case when stage_number = 2 then items_waiting end) as waiting_2,
            max(case when stage_number = 3 then items_waiting end) as waiting_3,
            max(case when stage_number = 4 then items_waiting end) as waiting_4,
            max(case when stage_number = 5 then items_waiting end) as waiting_5,
            max(case when stage_number = 6 then items_waiting end) as waiting_6,
            max(case when stage_number = 7 then items_waiting end) as waiting_7,
            max(case when stage_number = 1 then output_ratio end) as output_1,
            max(case when stage_number = 2 then output_ratio end) as output_2,
            max(case when stage_number = 3 then output_ratio end) as output_3,
            max(case when stage_number = 4 then output_ratio end) as output_4,
            max(case when stage_number = 5 then output_ratio end) as output_5,
            max(case when stage_number = 2 then flow_share end) as share_2,
            max(case when stage_number = 3 then flow_share end) as share_3,
            max(case when stage_number = 4 then flow_share end) as share_4,
            max(case when stage_number = 5 then flow_share end) as share_5,
            max(case when stage_number = 6 then flow_share end) as share_6,
            max(case when stage_number = 7 then flow_share end) as share_7,
            max(case when stage_number = 1 then coalesce(items_limit, 1e18) end) as limit_1,
            max(case when stage_number = 2 then coalesce(items_limit, 1e18) end) as limit_2,
            max(case when stage_number = 3 then coalesce(items_limit, 1e18) end) as limit_3,
            max(case when stage_number = 4 then coalesce(items_limit, 1e18) end) as limit_4,
            max(case when stage_number = 5 then coalesce(items_limit, 1e18) end) as limit_5,
            max(case when stage_number = 6 then coalesce(items_limit, 1e18) end) as limit_6,
            max(case when stage_number = 7 then coalesce(items_limit, 1e18) end) as limit_7
        from forecast_inputs
        group by site_id, id, run_id
    )
select
    site_id,
    id,
    run_id,
    least(limit_1, waiting_1) as items_1,
    least(limit_2, waiting_2 + share_2 * output_1 * items_1) as items_2,
    least(limit_3, waiting_3 + share_3 * output_2 * items_2) as items_3,
    least(limit_4, waiting_4 + share_4 * output_3 * items_3) as items_4,
    least(limit_5, waiting_5 + share_5 * output_4 * items_4) as items_5,
    least(limit_6, waiting_6 + share_6 * output_5 * items_5) as items_6,
    least(limit_7, waiting_7 + share_7 * output_4 * items_4) as items_7
from wide
