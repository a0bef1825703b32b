-- One row per account: its sites together, and its balance beside what emptying their queues would cost.
with
    summed as (
        select
            account_id,
            count(*) as total_sites,
            count(case when needs_attention then 1 end) as attention_sites,
            count(case when has_cost_risen then 1 end) as dearer_sites,
            cast(sum(total_runs) as bigint) as total_runs,
            sum(total_credits_used) as total_credits_used,
            sum(total_credits_last_30_days) as total_credits_last_30_days,
            cast(sum(total_pending_items) as bigint) as total_pending_items,
            sum(total_estimated_credits) as total_estimated_credits,
            sum(balance_credits) as balance_credits
        from account_sites
        group by account_id
    )
select
    a.account_id,
    a.account_name,
    a.account_status,
    a.is_deleted,
    b.available_credits as account_credits,
    b.plan_credits,
    b.bonus_credits,
    coalesce(s.total_sites, 0) as total_sites,
    coalesce(s.attention_sites, 0) as attention_sites,
    coalesce(s.dearer_sites, 0) as dearer_sites,
    coalesce(s.total_runs, 0) as total_runs,
    coalesce(s.total_credits_used, 0) as total_credits_used,
    coalesce(s.total_credits_last_30_days, 0) as total_credits_last_30_days,
    coalesce(s.total_pending_items, 0) as total_pending_items,
    coalesce(s.total_estimated_credits, 0) as total_estimated_credits,
    coalesce(s.balance_credits, 0) as balance_credits,
    case
        when b.available_credits is not null
        then greatest(coalesce(s.balance_credits, 0) - b.available_credits, 0)
    end as missing_credits
from accounts as a
join account_balances as b on b.account_id = a.account_id
left join summed as s on s.account_id = a.account_id
