-- One row per account, site (or NULL), date (UTC) and operation of the credit ledger.
-- Renewed: whole.
select account_id, site_id, used_on, operation, calls, credits, cost_usd, tokens_input, tokens_output
from lake.credit_usage
