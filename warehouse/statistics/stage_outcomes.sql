-- One row per run and stage: how it ended or stands, where a run was cut short or is still going on.
select
    g.site_id,
    g.id,
    g.run_id,
    g.stage_number,
    case
        when r.current_stage = g.stage_number and t.current_stage_outcome is not null
        then t.current_stage_outcome
        when g.is_skipped and g.status <> 'completed'
        then 'switched off'
        when g.is_partial
        then 'stopped early'
        else g.status
    end as outcome,
    case
        when r.current_stage = g.stage_number and r.status = 'failed'
        then
            coalesce(
                case
                    when trim(r.error_message, ' ' || chr(9) || chr(10) || chr(13)) <> '' then r.error_message
                end,
                g.error
            )
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
        when r.is_cut_short and p.makes is not null
        then greatest(coalesce(g.snapshot_items, 0) + coalesce(f.items_created, 0) - g.items_processed, 0)
    end as items_left
from run_stages as g
join runs as r on r.site_id = g.site_id and r.id = g.id
join stage_parameters as p on p.stage_number = g.stage_number
left join run_statuses as t on t.status = r.status
left join run_stages as f on f.site_id = g.site_id and f.id = g.id and f.stage_number = p.fed_by
