select
    cast(id as text) as id,
    cast(tenant_id as text) as account_id,
    cast(site_id as text) as site_id,
    cast(run_id as text) as run_id,
    cast(trigger_type as text) as trigger_type,
    cast(status as text) as status,
    cast(current_stage as text) as current_stage,
    cast(started_at as text) as started_at,
    cast(completed_at as text) as completed_at,
    cast(paused_at as text) as paused_at,
    cast(resumed_at as text) as resumed_at,
    cast(cancelled_at as text) as cancelled_at,
    cast(total_credits_used as text) as total_credits_used,
    cast(initial_snapshot as text) as initial_snapshot,
    {% for stage in stages %}
        cast(stage_{{ stage.number }}_result as text) as stage_{{ stage.number }}_result,
    {% endfor %}
    cast(error_message as text) as error_message,
    cast(updated_at as text) as updated_at
from {{ automation_runs }}
