-- One row per account and calendar month (UTC), from its first with anything to the load's: its statement.
with
    spans as (
        select
            m.account_id,
            min(m.month_start) as first_month,
            greatest(
                max(m.month_start), max(cast(date_trunc('month', l.as_of at time zone 'UTC') as date))
            ) as last_month
        from credit_months as m
        cross join current_load as l
        group by m.account_id
    ),
    starts as (
        select account_id, unnest(generate_series(first_month, last_month, interval 1 month)) as month_at
        from spans
    ),
    months as (select account_id, cast(month_at as date) as month_start from starts),
    worked as (
        select
            s.account_id,
            m.month_start,
            sum(m.total_runs) as total_runs,
            sum(m.content_created) as content_created,
            sum(m.images_generated) as images_generated,
            sum(m.article_credits) as article_credits,
            sum(m.image_credits) as image_credits
        from site_months as m
        join sites as s on s.site_id = m.site_id
        group by s.account_id, m.month_start
    ),
    moved as (
        select account_id, cast(date_trunc('month', made_on) as date) as month_start, sum(amount) as credits
        from lake.credit_transactions
        where account_id is not null
        group by account_id, cast(date_trunc('month', made_on) as date)
    ),
    -- a balance of the past is known where all transactions lead to the balance of today
    reconciled as (
        select b.account_id
        from account_balances as b
        join moved as t on t.account_id = b.account_id
        group by b.account_id, b.available_credits
        having sum(t.credits) = b.available_credits
    ),
    ended as (
        select m.account_id, m.month_start, sum(coalesce(t.credits, 0)) as month_end_credits
        from months as m
        join reconciled as r on r.account_id = m.account_id
        left join moved as t on t.account_id = m.account_id and t.month_start <= m.month_start
        group by m.account_id, m.month_start
    )
select
    m.account_id,
    m.month_start,
    cast(coalesce(w.total_runs, 0) as bigint) as total_runs,
    coalesce(w.content_created, 0) as content_created,
    coalesce(w.images_generated, 0) as images_generated,
    coalesce(w.article_credits, 0) as article_credits,
    coalesce(w.image_credits, 0) as image_credits,
    coalesce(c.run_credits, 0) as run_credits,
    coalesce(c.run_credits, 0)
    - coalesce(w.article_credits, 0)
    - coalesce(w.image_credits, 0) as unstaged_credits,
    case when h.has_ledger then coalesce(c.other_credits, 0) end as other_credits,
    case
        when h.has_ledger and round(coalesce(c.other_credits, 0), 0) >= 0
        then greatest(coalesce(c.other_credits, 0), 0)
    end as by_hand_credits,
    case when h.has_ledger then greatest(- coalesce(c.other_credits, 0), 0) end as unlisted_credits,
    coalesce(c.run_credits, 0) + greatest(coalesce(c.other_credits, 0), 0) as used_credits,
    case when h.has_transactions then coalesce(c.added_credits, 0) end as added_credits,
    e.month_end_credits
from months as m
left join credit_months as c on c.account_id = m.account_id and c.month_start = m.month_start
left join worked as w on w.account_id = m.account_id and w.month_start = m.month_start
left join ended as e on e.account_id = m.account_id and e.month_start = m.month_start
cross join credit_sources as h
