-- One row per site and stage: averages over the analyzed runs in which the stage ran.
-- Kept as a table: asked of one site at a time.
select
    s.site_id,
    p.stage_number,
    p.stage_name,
    coalesce(h.runs_with_stage, 0) as runs_with_stage,
    cast(h.credits_used as double) / nullif(cast(h.runs_with_stage as double), 0) as avg_credits,
    cast(h.items_created as double) / nullif(cast(h.runs_with_stage as double), 0) as avg_items_created,
    cast(h.items_processed as double) / nullif(cast(h.runs_with_stage as double), 0) as avg_items_processed,
    cast(h.duration_seconds as double)
    / nullif(cast(h.runs_with_duration as double), 0) as avg_duration_seconds,
    cast(h.items_created as double) / nullif(cast(h.items_processed as double), 0) as avg_output_ratio,
    cast(h.credits_used as double)
    / nullif(cast(h.items_processed as double), 0) as credits_per_processed_item
from sites as s
cross join stage_parameters as p
left join known_completions as k on k.site_id = s.site_id
left join
    stage_state as h
    on h.site_id = s.site_id
    and h.stage_number = p.stage_number
    and h.completion_number = k.completions_known
order by s.site_id, p.stage_number
