-- One row per run and stage, always seven a run.
-- Kept as a table: the status rules are read by nearly every view.
with
    named as (
        select
            g.site_id,
            g.id,
            g.run_id,
            g.stage_number,
            p.stage_name,
            case
                when g.credits_used > 0 or g.items_created > 0
                then 'completed'
                when p.makes is null and g.items_processed > 0
                then 'completed'
                when g.error is not null
                then 'failed'
                when r.status = 'completed' and g.stage_number <= r.current_stage
                then 'skipped'
                else 'pending'
            end as status,
            g.items_processed,
            g.items_created,
            g.credits_used,
            g.duration_seconds,
            g.error,
            g.has_result,
            g.batches,
            g.total_words,
            g.snapshot_items,
            g.is_skipped,
            g.is_partial,
            g.reason
        from lake.run_stages as g
        join lake.runs as r on r.site_id = g.site_id and r.id = g.id
        join stage_parameters as p on p.stage_number = g.stage_number
    )
select
    site_id,
    id,
    run_id,
    stage_number,
    stage_name,
    status,
    status in ('completed', 'failed') or items_processed > 0 as has_run,
    items_processed,
    items_created,
    credits_used,
    duration_seconds,
    error,
    has_result,
    batches,
    total_words,
    snapshot_items,
    is_skipped,
    is_partial,
    reason
from named
