select
    s.label,
    r.run_number,
    r.run_id,
    r.status,
    r.trigger_type,
    r.current_stage,
    r.started_at,
    r.completed_at,
    r.paused_at,
    r.resumed_at,
    r.cancelled_at,
    r.total_credits_used,
    r.error_message
from runs as r
join sites as s on s.site_id = r.site_id
where r.site_id = {{ site_id }} and r.id = {{ id }}
