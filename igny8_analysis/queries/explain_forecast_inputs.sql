select
    stage_number,
    items_waiting,
    is_on,
    item_limit,
    learned_limit,
    credit_limit,
    flow_share,
    output_ratio,
    price,
    price_since,
    seconds_per_item,
    original_price,
    original_output_ratio
from forecast_inputs
where site_id = {{ site_id }} and is_live
order by stage_number
