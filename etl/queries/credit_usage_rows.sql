select
    {{ tenant_id }} as account_id,
    {{ site_id }} as site_id,
    {{ created_at }} as day,
    cast(operation_type as text) {{ exact }} as operation,
    cast(credits_used as text) as credits_text,
    {{ credits_used }} as credits,
    cast(cost_usd as text) as cost_usd_text,
    {{ cost_usd }} as cost_usd,
    cast(tokens_input as text) as tokens_input_text,
    {{ tokens_input }} as tokens_input,
    cast(tokens_output as text) as tokens_output_text,
    {{ tokens_output }} as tokens_output,
    written
from {{ credit_usage_log }}
