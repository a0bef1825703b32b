-- One row per site: its overview as a text of values not yet rounded.
-- A step towards payloads.
-- Kept as a table: a look-up costs by the column, so what is asked by the second is one.
with
    predicted as (
        select
            site_id,
            list(
                json_array(
                    stage_number, stage_name, pending_items, estimated_credits, estimated_output, basis
                )
                order by stage_number
            ) as stages
        from prediction_stages
        group by site_id
    ),
    averaged as (
        select
            site_id,
            list(
                json_array(
                    stage_number,
                    stage_name,
                    runs_with_stage,
                    avg_credits,
                    avg_items_created,
                    avg_output_ratio
                )
                order by stage_number
            ) as stages
        from stage_history
        group by site_id
    ),
    unrecognised as (
        select site_id, list(json_array(entity, status, items) order by entity, status) as statuses
        from unrecognised_statuses
        group by site_id
    )
select
    s.site_id,
    cast(
        json_array(
            json_array(s.site_id, s.domain, s.name),
            json_array(
                r.total_runs,
                r.completed_runs,
                r.failed_runs,
                r.running_runs,
                r.paused_runs,
                r.cancelled_runs,
                r.other_runs,
                r.stale_runs,
                r.success_rate_pct,
                r.total_credits_used,
                r.total_credits_last_30_days,
                r.avg_credits_per_run,
                r.avg_duration_last_7_days_seconds
            ),
            p.stages,
            json_array(
                t.total_pending_items,
                t.total_estimated_credits,
                t.total_estimated_output,
                t.recommended_buffer_credits
            ),
            t.confidence,
            json_array(i.skipped_ideas, i.failed_content, i.failed_images),
            coalesce(u.statuses, []),
            json_array(
                h.avg_total_credits,
                h.avg_duration_seconds,
                h.avg_credits_per_item,
                h.total_runs_analyzed,
                h.has_sufficient_data
            ),
            a.stages
        ) as varchar
    ) as overview
from sites as s
join run_statistics as r on r.site_id = s.site_id
join predicted as p on p.site_id = s.site_id
join prediction_totals as t on t.site_id = s.site_id
join attention_items as i on i.site_id = s.site_id
left join unrecognised as u on u.site_id = s.site_id
join site_history as h on h.site_id = s.site_id
join averaged as a on a.site_id = s.site_id
order by s.site_id
