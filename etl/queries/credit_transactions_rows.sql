select
    {{ tenant_id }} as account_id,
    {{ created_at }} as made_on,
    cast(transaction_type as text) as kind,
    cast(amount as text) as amount_text,
    {{ amount }} as amount
from {{ credit_transactions }}
