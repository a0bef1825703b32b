-- One row per run: what it cost and took, beside the lowest, average and highest of its baseline's runs.
select
    r.site_id,
    r.id,
    r.run_id,
    r.run_number,
    r.status,
    r.started_at,
    r.total_credits_used,
    e.credits_per_item,
    cast(r.total_credits_used as double)
    / nullif(cast(s.content_created as double), 0) as credits_per_article,
    r.duration_seconds,
    a.avg_credits as baseline_avg_credits,
    b.min_total_credits_used as baseline_lowest_credits,
    b.max_total_credits_used as baseline_highest_credits
from runs as r
join run_efficiency as e on e.site_id = r.site_id and e.id = r.id
join run_summary as s on s.site_id = r.site_id and s.id = r.id
join run_baseline as a on a.site_id = r.site_id and a.id = r.id
join completions_before as k on k.site_id = r.site_id and k.id = r.id
left join run_state as b on b.site_id = k.site_id and b.completion_number = k.completions_before
