-- One row per site, by account: its cost, what is pending and what that would cost, what needs a look.
with
    joined as (
        select
            s.account_id,
            s.account_name,
            s.site_id,
            s.label,
            s.is_active,
            f.last_run_started_at,
            f.total_runs,
            f.total_credits_used,
            f.total_credits_last_30_days,
            f.total_pending_items,
            f.total_estimated_credits,
            f.balance_credits,
            f.queue_runs,
            f.next_run_credits,
            f.next_run_budget_90,
            f.confidence,
            c.recent_credits_per_article,
            c.cost_change_pct,
            c.has_cost_risen,
            f.attention_count,
            r.stale_runs,
            case
                when f.attention_count > 0
                then 'items that need a person: ' || cast(f.attention_count as varchar)
            end as items_reason,
            case
                when r.stale_runs > 0 then 'stale runs: ' || cast(r.stale_runs as varchar)
            end as stale_reason,
            case
                when c.has_cost_risen
                then
                    'an article costs ' || cast(
                        cast(
                            round(cast(least(c.cost_change_pct, 1e15) as decimal(38, 9)), 0) as decimal(38, 0)
                        ) as varchar
                    )
                    || '% more than before'
            end as cost_reason
        from sites as s
        join site_figures as f on f.site_id = s.site_id
        join run_statistics as r on r.site_id = s.site_id
        join account_article_costs as c on c.site_id = s.site_id
        where s.is_live
    )
select
    account_id,
    account_name,
    site_id,
    label,
    is_active,
    last_run_started_at,
    total_runs,
    total_credits_used,
    total_credits_last_30_days,
    total_pending_items,
    total_estimated_credits,
    balance_credits,
    queue_runs,
    next_run_credits,
    next_run_budget_90,
    confidence,
    recent_credits_per_article,
    cost_change_pct,
    has_cost_risen,
    attention_count,
    stale_runs,
    coalesce(items_reason, stale_reason, cost_reason) is not null as needs_attention,
    nullif(concat_ws('; ', items_reason, stale_reason, cost_reason), '') as attention_reason
from joined
