-- One row per run, as the history lists it: its stages' statuses in order, and its first insight.
with
    outcomes as (
        select
            o.site_id,
            o.id,
            o.stage_number,
            case
                when o.outcome = t.current_stage_outcome
                then case when t.is_open then 'running' else 'stopped' end
                when o.outcome = 'stopped early'
                then 'stopped'
                when o.outcome = 'switched off'
                then 'skipped'
                else o.outcome
            end as mark
        from stage_outcomes as o
        join runs as r on r.site_id = o.site_id and r.id = o.id
        left join run_statuses as t on t.status = r.status
    ),
    statuses as (
        select site_id, id, string_agg(mark, ' ' order by stage_number) as stage_statuses
        from outcomes
        group by site_id, id
    ),
    counted as (select site_id, id, count(*) over (partition by site_id) as total_runs from runs)
select
    r.site_id,
    r.id,
    r.run_id,
    r.run_number,
    r.run_title,
    r.status,
    r.trigger_type,
    r.started_at,
    r.duration_seconds,
    r.total_credits_used,
    case
        when c.is_comparable then cast(r.total_credits_used as double) - c.baseline_avg_credits
    end as difference_credits,
    c.credits_change_pct,
    s.items_created,
    s.content_created,
    g.stage_statuses,
    i.message as first_insight,
    n.total_runs,
    r.shares_number
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
join statuses as g on g.site_id = r.site_id and g.id = r.id
join counted as n on n.site_id = r.site_id and n.id = r.id
join run_comparison as c on c.site_id = r.site_id and c.id = r.id
left join run_insights as i on i.site_id = r.site_id and i.id = r.id and i.insight_number = 1
