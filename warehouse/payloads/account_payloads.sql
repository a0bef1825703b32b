-- One row per account: its page as a text of values not yet rounded.
-- Kept as a table: a look-up costs by the column, so what is asked by the second is one.
with
    figures as (
        select
            s.account_id,
            list(
                json_array(
                    f.site_id,
                    f.label,
                    f.name,
                    f.account_name,
                    f.is_active,
                    f.total_runs,
                    f.success_rate_pct,
                    f.total_credits_used,
                    f.total_credits_last_30_days,
                    strftime(f.last_run_started_at, '%Y-%m-%dT%H:%M:%SZ'),
                    f.total_pending_items,
                    f.total_estimated_credits,
                    f.balance_credits,
                    f.queue_runs,
                    f.pending_articles,
                    f.next_run_credits,
                    f.next_run_budget_90,
                    f.confidence,
                    f.attention_count,
                    f.total_runs_analyzed,
                    f.runs_needed
                )
                order by f.site_id
            ) as sites
        from site_figures as f
        join sites as s on s.site_id = f.site_id
        where s.is_live
        group by s.account_id
    ),
    months as (
        select
            account_id,
            list(
                json_array(
                    account_id,
                    strftime(month_start, '%Y-%m-%d'),
                    run_credits,
                    ledger_credits,
                    other_credits,
                    added_credits
                )
                order by month_start
            ) as months
        from credit_months
        group by account_id
    )
select
    a.account_id,
    cast(
        json_array(
            json_array(a.account_id, a.account_name, a.account_status),
            json_array(
                b.account_id,
                b.plan_name,
                b.plan_credits_per_month,
                b.plan_credits,
                b.bonus_credits,
                b.available_credits
            ),
            coalesce(f.sites, []),
            coalesce(m.months, [])
        ) as varchar
    ) as account
from accounts as a
join account_balances as b on b.account_id = a.account_id
left join figures as f on f.account_id = a.account_id
left join months as m on m.account_id = a.account_id
order by a.account_id
