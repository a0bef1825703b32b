select
    p.stage_number, p.pending_items, p.estimated_credits, p.estimated_output, p.basis, h.total_runs_analyzed
from prediction_stages as p
join site_history as h on h.site_id = p.site_id
where p.site_id = {{ site_id }}
order by p.stage_number
