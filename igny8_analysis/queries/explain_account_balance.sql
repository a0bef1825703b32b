select account_id, name, status, credits, bonus_credits, plan_name, plan_included_credits
from lake.accounts
where account_id = {{ account_id }}
