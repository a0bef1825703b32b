-- One row per account and calendar month (UTC), from its first to its last with anything: used, and added.
-- Kept as a table: asked of one account at a time.
with
    events as (
        select
            s.account_id,
            cast(date_trunc('month', r.started_at at time zone 'UTC') as date) as month_start,
            r.total_credits_used as run_credits,
            0 as ledger_credits,
            0 as added_credits
        from runs as r
        join sites as s on s.site_id = r.site_id
        union all
        select account_id, cast(date_trunc('month', used_on) as date), 0, credits, 0
        from credit_days
        union all
        select account_id, cast(date_trunc('month', made_on) as date), 0, 0, amount_added
        from lake.credit_transactions
    ),
    summed as (
        select
            account_id,
            month_start,
            sum(run_credits) as run_credits,
            sum(ledger_credits) as ledger_credits,
            sum(added_credits) as added_credits
        from events
        where account_id is not null
        group by account_id, month_start
    ),
    spans as (
        select account_id, min(month_start) as first_month, max(month_start) as last_month
        from summed
        group by account_id
    ),
    starts as (
        select account_id, unnest(generate_series(first_month, last_month, interval 1 month)) as month_at
        from spans
    ),
    months as (select account_id, cast(month_at as date) as month_start from starts)
select
    m.account_id,
    m.month_start,
    coalesce(s.run_credits, 0) as run_credits,
    case when h.has_ledger then coalesce(s.ledger_credits, 0) end as ledger_credits,
    case
        when h.has_ledger then coalesce(s.ledger_credits, 0) - coalesce(s.run_credits, 0)
    end as other_credits,
    case when h.has_transactions then coalesce(s.added_credits, 0) end as added_credits
from months as m
left join summed as s on s.account_id = m.account_id and s.month_start = m.month_start
cross join credit_sources as h
order by m.account_id, m.month_start
