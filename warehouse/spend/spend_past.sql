-- One row per site or account, horizon, past instant and method: the spend forecast then.
-- A step towards forecasts of spend.
-- Renewed: week.
select
    scope,
    owner_id,
    site_id,
    account_id,
    horizon_days,
    week,
    origin_at,
    method,
    credits,
    actual_credits,
    recent_rate_credits,
    credits_before,
    p80_low,
    p80_high,
    p90_low,
    p90_high,
    budget_80,
    budget_90,
    is_champion
from spends
where not is_live
