select c.id, c.run_id, c.completed_at, g.credits_used, g.items_processed, g.items_created, g.has_run
from completions as c
join completions_before as k on k.site_id = c.site_id and k.id = {{ id }}
join run_stages as g on g.site_id = c.site_id and g.id = c.id and g.stage_number = {{ position }}
cross join parameters as p
where
    c.site_id = {{ site_id }}
    and c.completion_number <= k.completions_before
    and c.completion_number > k.completions_before - p.analyzed_runs
union all
select id, run_id, null, credits_used, items_processed, items_created, has_run
from run_stages
where site_id = {{ site_id }} and id = {{ id }} and stage_number = {{ position }}
