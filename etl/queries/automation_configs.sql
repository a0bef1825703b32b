select
    cast(id as text) as id,
    cast(site_id as text) as site_id,
    cast(is_enabled as text) as is_enabled,
    cast(frequency as text) as frequency,
    cast(scheduled_time as text) as scheduled_time,
    cast(last_run_at as text) as last_run_at,
    cast(next_run_at as text) as next_run_at,
    {% for stage in stages %}
        cast(stage_{{ stage.number }}_enabled as text) as stage_{{ stage.number }}_enabled,
        {% if stage.has_batch_size %}
            cast(stage_{{ stage.number }}_batch_size as text) as stage_{{ stage.number }}_batch_size,
        {% endif %}
        cast({{ stage.limit }} as text) as {{ stage.limit }},
    {% endfor %}
    cast(max_credits_per_run as text) as max_credits_per_run
from {{ automation_configs }}
