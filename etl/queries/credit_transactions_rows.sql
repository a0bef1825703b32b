select
    {{ tenant_id }} as account_id,
    {{ created_at }} as day,
    cast(transaction_type as text) {{ exact }} as kind,
    cast(amount as text) as amount_text,
    {{ amount }} as amount,
    written
from {{ credit_transactions }}
