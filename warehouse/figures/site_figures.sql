-- One row per site: the figures that tell sites apart.
-- Kept as a table: asked of one site or account at a time.
with
    limits as (select sufficient_runs from parameters),
    articles as (
        select q.site_id, q.pending_items
        from prediction_stages as q
        join stage_parameters as p on p.stage_number = q.stage_number
        where p.makes = 'articles'
    ),
    latest as (select site_id, max(started_at) as last_run_started_at from runs group by site_id),
    unknown as (
        select site_id, cast(sum(items) as bigint) as items from unrecognised_statuses group by site_id
    )
select
    s.site_id,
    s.label,
    s.name,
    s.account_name,
    s.is_active,
    r.total_runs,
    r.success_rate_pct,
    r.total_credits_used,
    r.total_credits_last_30_days,
    l.last_run_started_at,
    t.total_pending_items,
    t.total_estimated_credits,
    t.total_estimated_credits + t.recommended_buffer_credits as balance_credits,
    -- a forecast that binary noise alone keeps from 0 is 0
    cast(
        ceil(
            try_cast(
                nullif(cast(t.total_estimated_credits as double), 0)
                / nullif(case when round(f.credits, 6) > 0 then f.credits end, 0) as decimal(38, 9)
            )
        ) as decimal(38, 0)
    ) as queue_runs,
    q.pending_items as pending_articles,
    f.credits as next_run_credits,
    f.budget_90 as next_run_budget_90,
    t.confidence,
    a.skipped_ideas + a.failed_content + a.failed_images + coalesce(u.items, 0) as attention_count,
    h.total_runs_analyzed,
    greatest(limits.sufficient_runs - h.total_runs_analyzed, 0) as runs_needed
from sites as s
join run_statistics as r on r.site_id = s.site_id
join prediction_totals as t on t.site_id = s.site_id
join attention_items as a on a.site_id = s.site_id
join site_history as h on h.site_id = s.site_id
join articles as q on q.site_id = s.site_id
left join forecast_totals as f on f.site_id = s.site_id and f.is_champion
left join latest as l on l.site_id = s.site_id
left join unknown as u on u.site_id = s.site_id
cross join limits
order by s.site_id
