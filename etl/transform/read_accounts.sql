-- One row per account as read, with its plan.
create table read_accounts as
with
    plans as (
        select as_bigint(id) as plan_id, any_value(name order by id) as name, any_value(included_credits order by id) as included_credits
        from raw_plans
        where as_bigint(id) is not null
        group by as_bigint(id)
    ),
    typed as (
        select
            as_bigint(a.id) as account_id,
            a.name,
            a.slug,
            a.status,
            as_number(a.credits) as credits,
            as_number(a.bonus_credits) as bonus_credits,
            p.name as plan_name,
            as_number(p.included_credits) as plan_included_credits,
            as_boolean(a.is_deleted) as is_deleted,
            as_time(a.created_at) as created_at,
            a.credits as credits_text,
            a.bonus_credits as bonus_credits_text,
            p.included_credits as included_credits_text,
            a.plan_id as plan_id_text,
            a.is_deleted as is_deleted_text,
            a.created_at as created_at_text
        from raw_accounts as a
        left join plans as p on p.plan_id = as_bigint(a.plan_id)
        where as_bigint(a.id) is not null
    )
select
    * exclude (credits_text, bonus_credits_text, included_credits_text, plan_id_text, is_deleted_text, created_at_text),
    list_filter(
        [
            finding('accounts.credits', credits_text, unparsable(credits_text, credits)),
            finding('accounts.bonus_credits', bonus_credits_text, unparsable(bonus_credits_text, bonus_credits)),
            finding('accounts.plan_id', plan_id_text, unparsable(plan_id_text, as_bigint(plan_id_text))),
            finding('accounts.is_deleted', is_deleted_text, unparsable(is_deleted_text, is_deleted)),
            finding('accounts.created_at', created_at_text, unparsable(created_at_text, created_at)),
            finding('plans.included_credits', included_credits_text, unparsable(included_credits_text, plan_included_credits))
        ],
        lambda c: c.check_name is not null
    ) as checks
from typed
