select
    i.stage_number,
    i.pending_items,
    s.has_sufficient_data,
    h.credits_per_processed_item,
    h.avg_output_ratio,
    p.default_credits_per_processed_item,
    p.default_output_ratio
from pending_items as i
join site_history as s on s.site_id = i.site_id
join stage_history as h on h.site_id = i.site_id and h.stage_number = i.stage_number
join stage_parameters as p on p.stage_number = i.stage_number
where i.site_id = {{ site_id }} and i.stage_number = {{ position }}
