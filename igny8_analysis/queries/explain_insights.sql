select
    g.stage_number,
    g.stage_name,
    g.status,
    g.error,
    g.credits_used,
    c.historical_avg_credits,
    c.credit_variance_pct,
    c.items_variance_pct,
    e.credits_per_item,
    b.avg_credits_per_item,
    b.total_runs_analyzed
from run_stages as g
join stage_comparison as c on c.site_id = g.site_id and c.id = g.id and c.stage_number = g.stage_number
join run_efficiency as e on e.site_id = g.site_id and e.id = g.id
join run_baseline as b on b.site_id = g.site_id and b.id = g.id
where g.site_id = {{ site_id }} and g.id = {{ id }}
order by g.stage_number
