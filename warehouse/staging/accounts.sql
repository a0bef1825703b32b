-- One row per account, with those that only sites, the ledger or transactions name.
-- Kept as a table: every payload of an account finds it here.
with
    known as (
        select account_id
        from lake.accounts
        union
        select account_id
        from lake.sites
        where account_id is not null
        union
        select account_id
        from lake.credit_usage
        where account_id is not null
        union
        select account_id
        from lake.credit_transactions
        where account_id is not null
    )
select
    k.account_id,
    a.name as account_name,
    a.status as account_status,
    a.plan_name,
    a.plan_included_credits as plan_credits_per_month,
    a.credits as plan_credits,
    a.bonus_credits,
    coalesce(a.is_deleted, false) as is_deleted
from known as k
left join lake.accounts as a on a.account_id = k.account_id
order by k.account_id
