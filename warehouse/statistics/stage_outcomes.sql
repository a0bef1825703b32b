-- One row per run and stage: how it ended or stands, where a run was cut short or is still going on.
with
    stages as (
        select
            site_id,
            id,
            run_id,
            stage_number,
            status,
            error,
            is_skipped,
            is_partial,
            reason,
            snapshot_items,
            items_processed,
            lag(items_created) over (partition by site_id, id order by stage_number) as items_fed
        from run_stages
    )
select
    g.site_id,
    g.id,
    g.run_id,
    g.stage_number,
    case
        when r.current_stage = g.stage_number and r.status = 'failed'
        then 'stopped here'
        when r.current_stage = g.stage_number and r.status = 'cancelled'
        then 'cancelled here'
        when r.current_stage = g.stage_number and r.status = 'running'
        then 'in progress'
        when r.current_stage = g.stage_number and r.status = 'paused'
        then 'paused here'
        when g.is_skipped and g.status <> 'completed'
        then 'switched off'
        when g.is_partial
        then 'stopped early'
        else g.status
    end as outcome,
    case
        when r.current_stage = g.stage_number and r.status = 'failed'
        then coalesce(case when trim(r.error_message) <> '' then r.error_message end, g.error)
        when g.is_skipped or g.is_partial
        then g.reason
    end as outcome_reason,
    case
        when r.status = 'completed'
        then true
        when r.is_open
        then g.stage_number < r.current_stage
        else g.stage_number <= r.current_stage
    end as is_compared,
    case
        when r.status in ('failed', 'cancelled') and g.stage_number <> 7
        then greatest(coalesce(g.snapshot_items, 0) + coalesce(g.items_fed, 0) - g.items_processed, 0)
    end as items_left
from stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
