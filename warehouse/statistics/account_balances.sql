-- One row per account: its plan, and its two pools of credits at the load's instant.
-- Kept as a table: asked of one account at a time.
select
    account_id,
    plan_name,
    plan_credits_per_month,
    plan_credits,
    bonus_credits,
    case
        when coalesce(plan_credits, bonus_credits) is not null
        then coalesce(plan_credits, 0) + coalesce(bonus_credits, 0)
    end as available_credits
from accounts
order by account_id
