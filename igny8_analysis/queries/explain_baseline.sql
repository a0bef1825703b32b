select c.id, c.run_id, c.started_at, c.completed_at, c.duration_seconds, c.total_credits_used, s.items_created
from completions as c
join completions_before as k on k.site_id = c.site_id and k.id = {{ id }}
join run_summary as s on s.site_id = c.site_id and s.id = c.id
cross join parameters as p
where
    c.site_id = {{ site_id }}
    and c.completion_number <= k.completions_before
    and c.completion_number > k.completions_before - p.analyzed_runs
order by c.completion_number desc
