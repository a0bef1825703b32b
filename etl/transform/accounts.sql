select
    as_bigint(id) as account_id,
    name,
    slug,
    status,
    as_number(credits) as credits,
    null as bonus_credits,
    null as plan_name,
    null as plan_included_credits,
    null as is_deleted,
    as_time(created_at) as created_at
from raw_accounts
where as_bigint(id) is not null
