-- One row per site and stage: pending items times the stage's past cost and yield, or its defaults.
-- Kept as a table: asked of one site at a time.
with
    based as (
        select
            i.site_id,
            i.stage_number,
            i.stage_name,
            i.pending_items,
            case
                when s.has_sufficient_data and h.credits_per_processed_item is not null
                then 'history'
                else 'default'
            end as basis,
            h.credits_per_processed_item,
            h.avg_output_ratio,
            p.default_credits_per_processed_item,
            p.default_output_ratio
        from pending_items as i
        join site_history as s on s.site_id = i.site_id
        join stage_history as h on h.site_id = i.site_id and h.stage_number = i.stage_number
        join stage_parameters as p on p.stage_number = i.stage_number
    )
select
    site_id,
    stage_number,
    stage_name,
    pending_items,
    pending_items * case
        when basis = 'history' then credits_per_processed_item else default_credits_per_processed_item
    end as estimated_credits,
    pending_items
    * case when basis = 'history' then avg_output_ratio else default_output_ratio end as estimated_output,
    basis
from based
order by site_id, stage_number
