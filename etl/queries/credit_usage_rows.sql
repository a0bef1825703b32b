select
    cast(tenant_id as text) as account_id,
    cast(site_id as text) as site_id,
    {created_at} as used_on,
    cast(operation_type as text) as operation,
    cast(credits_used as text) as credits_text,
    {credits_used} as credits,
    {cost_usd} as cost_usd,
    {tokens_input} as tokens_input,
    {tokens_output} as tokens_output
from {credit_usage_log}
