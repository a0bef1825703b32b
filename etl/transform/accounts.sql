select
    account_id,
    name,
    slug,
    status,
    credits,
    bonus_credits,
    plan_name,
    plan_included_credits,
    is_deleted,
    created_at
from read_accounts
