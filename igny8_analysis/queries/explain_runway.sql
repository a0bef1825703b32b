select
    b.plan_credits,
    b.bonus_credits,
    b.available_credits,
    f.horizon_days,
    f.credits,
    f.p80_low,
    f.p80_high,
    h.has_ledger,
    (
        select sum(d.credits)
        from credit_days as d
        where
            d.account_id = {{ account_id }}
            and d.used_on < cast(l.as_of at time zone 'UTC' as date)
            and d.used_on >= cast(l.as_of at time zone 'UTC' as date) - p.spend_window_days
    ) as ledger_credits,
    (
        select sum(r.total_credits_used)
        from runs as r
        join sites as s on s.site_id = r.site_id
        where
            s.account_id = {{ account_id }}
            and cast(r.started_at at time zone 'UTC' as date) < cast(l.as_of at time zone 'UTC' as date)
            and cast(r.started_at at time zone 'UTC' as date)
            >= cast(l.as_of at time zone 'UTC' as date) - p.spend_window_days
    ) as run_credits
from account_balances as b
join spend_forecasts as f on f.account_id = b.account_id and f.scope = 'account' and f.is_champion
cross join credit_sources as h
cross join current_load as l
cross join spend_parameters as p
where b.account_id = {{ account_id }} and f.horizon_days = (select max(horizon_days) from spend_horizons)
