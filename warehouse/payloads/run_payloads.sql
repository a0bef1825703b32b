-- One row per run: its row in the history and the rest of its page, as texts of values not yet rounded.
-- A step towards payloads.
-- Kept as a table: a look-up costs by the column, so what is asked by the second is one.
-- In parts, by site_id: the texts of all runs at once are more than a load's memory holds.
with
    staged as (
        select
            g.site_id,
            g.id,
            list(g.status order by g.stage_number) as statuses,
            string_agg(
                '[' || json_array(
                    g.stage_number,
                    g.stage_name,
                    g.status,
                    cast(g.credits_used as double),
                    cast(g.items_processed as double),
                    cast(g.items_created as double),
                    g.duration_seconds,
                    g.error
                )
                || ','
                || json_array(
                    c.historical_avg_credits,
                    c.historical_avg_items,
                    c.credit_variance_pct,
                    c.items_variance_pct
                )
                || ']',
                ','
                order by g.stage_number
            ) as stages
        from run_stages as g
        join
            stage_comparison as c on c.site_id = g.site_id and c.id = g.id and c.stage_number = g.stage_number
        group by g.site_id, g.id
    ),
    told as (
        select
            site_id,
            id,
            string_agg(json_array(type, severity, message), ',' order by insight_number) as insights
        from run_insights
        group by site_id, id
    )
select
    r.site_id,
    r.id,
    r.run_id,
    row_number() over (partition by r.site_id order by r.started_at desc, r.id desc) as place,
    count(*) over (partition by r.site_id) as total_runs,
    cast(
        json_array(
            json_array(
                r.run_id,
                r.run_number,
                r.run_title,
                r.status,
                r.trigger_type,
                strftime(r.started_at, '%Y-%m-%dT%H:%M:%SZ'),
                strftime(r.completed_at, '%Y-%m-%dT%H:%M:%SZ'),
                r.duration_seconds
            ),
            json_array(r.total_credits_used, r.current_stage, r.initial_snapshot),
            json_array(s.stages_completed, s.stages_failed),
            json_array(s.items_processed, s.items_created, s.content_created, s.images_generated),
            g.statuses
        ) as varchar
    ) as history_row,
    '['
    || json_array(r.active_seconds, r.error_message)
    || ',['
    || g.stages
    || '],'
    || json_array(e.credits_per_item, e.items_per_minute, e.credits_per_minute)
    || ',['
    || coalesce(t.insights, '')
    || '],'
    || json_array(
        b.avg_credits,
        b.avg_duration_seconds,
        b.avg_credits_per_item,
        b.total_runs_analyzed,
        b.has_sufficient_data
    )
    || ']' as detail
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
join staged as g on g.site_id = r.site_id and g.id = r.id
join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
join run_baseline as b on b.site_id = r.site_id and b.id = r.id
left join told as t on t.site_id = r.site_id and t.id = r.id
order by r.site_id, place
