-- One row per run and stage: the stage beside its baseline.
-- Kept as a table: asked of one run at a time.
with
    limits as (select sufficient_runs from parameters),
    compared as (
        select
            g.site_id,
            g.id,
            g.run_id,
            g.stage_number,
            g.stage_name,
            g.has_run and k.completions_before >= limits.sufficient_runs as is_comparable,
            cast(g.credits_used as double) as credits_used,
            cast(g.items_created as double) as items_created,
            coalesce(h.runs_with_stage, 0) as runs_with_stage,
            cast(h.credits_used as double)
            / nullif(cast(h.runs_with_stage as double), 0) as historical_avg_credits,
            cast(h.items_created as double)
            / nullif(cast(h.runs_with_stage as double), 0) as historical_avg_items,
            cast(h.items_processed as double)
            / nullif(cast(h.runs_with_stage as double), 0) as historical_avg_items_processed,
            cast(h.credits_used as double)
            / nullif(cast(h.items_processed as double), 0) as historical_credits_per_processed_item
        from run_stages as g
        join completions_before as k on k.site_id = g.site_id and k.id = g.id
        left join
            stage_state as h
            on h.site_id = g.site_id
            and h.stage_number = g.stage_number
            and h.completion_number = k.completions_before
        cross join limits
    )
select
    site_id,
    id,
    run_id,
    stage_number,
    stage_name,
    runs_with_stage,
    historical_avg_credits,
    historical_avg_items,
    historical_avg_items_processed,
    historical_credits_per_processed_item,
    case
        when is_comparable
        then (credits_used - historical_avg_credits) / nullif(historical_avg_credits, 0) * 100
    end as credit_variance_pct,
    case
        when is_comparable then (items_created - historical_avg_items) / nullif(historical_avg_items, 0) * 100
    end as items_variance_pct
from compared
order by site_id, id, stage_number
