-- One row per run: its credits beside the sum of its stages'.
select
    r.site_id,
    r.id,
    r.run_id,
    r.total_credits_used,
    s.stages_credits_used,
    r.total_credits_used - s.stages_credits_used as unattributed_credits
from runs as r
join run_summary as s on s.site_id = r.site_id and s.id = r.id
