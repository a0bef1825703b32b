-- One row per account: how long its balance lasts at the spend that is forecast; no renewal is assumed.
-- Kept as a table: asked of one account at a time.
with
    load as (
        select
            cast(as_of at time zone 'UTC' as date) as as_of_on,
            cast(epoch_us(as_of) as double) / 86400000000 as as_of_day
        from current_load
    ),
    limits as (select spend_window_days, runway_days_told from spend_parameters),
    -- what the ledger has and no run: work by hand
    ledgers as (
        select account_id, sum(credits) as credits
        from credit_days
        cross join load
        cross join limits
        where used_on < load.as_of_on and used_on >= load.as_of_on - limits.spend_window_days
        group by account_id
    ),
    run_days as (
        select i.account_id, sum(r.total_credits_used) as credits
        from runs as r
        join sites as i on i.site_id = r.site_id
        cross join load
        cross join limits
        where
            cast(r.started_at at time zone 'UTC' as date) < load.as_of_on
            and cast(r.started_at at time zone 'UTC' as date) >= load.as_of_on - limits.spend_window_days
        group by i.account_id
    ),
    rates as (
        select
            f.account_id,
            b.available_credits,
            case
                when h.has_ledger
                then
                    greatest(
                        cast(coalesce(l.credits, 0) as double) - cast(coalesce(r.credits, 0) as double), 0
                    )
                    / nullif(cast(limits.spend_window_days as double), 0)
                else 0
            end as by_hand_per_day,
            round(f.credits, 9) / nullif(f.horizon_days, 0) as runs_per_day,
            round(f.p80_low, 9) / nullif(f.horizon_days, 0) as runs_per_day_low,
            round(f.p80_high, 9) / nullif(f.horizon_days, 0) as runs_per_day_high
        from spend_forecasts as f
        join account_balances as b on b.account_id = f.account_id
        cross join credit_sources as h
        cross join limits
        left join ledgers as l on l.account_id = f.account_id
        left join run_days as r on r.account_id = f.account_id
        where
            f.scope = 'account'
            and f.is_champion
            and f.horizon_days = (select max(horizon_days) from spend_horizons)
    ),
    lasting as (
        select
            account_id,
            available_credits,
            runs_per_day + by_hand_per_day as credits_per_day,
            case when available_credits is not null then greatest(cast(available_credits as double), 0) end
            / nullif(runs_per_day + by_hand_per_day, 0) as runway_days,
            case when available_credits is not null then greatest(cast(available_credits as double), 0) end
            / nullif(runs_per_day_high + by_hand_per_day, 0) as runway_days_low,
            case when available_credits is not null then greatest(cast(available_credits as double), 0) end
            / nullif(runs_per_day_low + by_hand_per_day, 0) as runway_days_high
        from rates
    )
select
    l.account_id,
    l.available_credits,
    l.credits_per_day,
    l.runway_days,
    l.runway_days_low,
    l.runway_days_high,
    case
        when l.runway_days <= limits.runway_days_told
        then date '1970-01-01' + cast(floor(load.as_of_day + l.runway_days) as integer)
    end as ends_on,
    case
        when l.runway_days_low <= limits.runway_days_told
        then date '1970-01-01' + cast(floor(load.as_of_day + l.runway_days_low) as integer)
    end as ends_on_low,
    case
        when l.runway_days_high <= limits.runway_days_told
        then date '1970-01-01' + cast(floor(load.as_of_day + l.runway_days_high) as integer)
    end as ends_on_high
from lasting as l
cross join load
cross join limits
order by l.account_id
