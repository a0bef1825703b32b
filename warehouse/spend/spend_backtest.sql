-- One row per site and account, horizon, past instant and method: the forecast of spend beside what came.
-- Renewed: whole.
select
    scope,
    site_id,
    account_id,
    horizon_days,
    origin_at,
    method,
    credits as forecast_credits,
    actual_credits,
    p80_low,
    p80_high,
    p90_low,
    p90_high,
    budget_80,
    budget_90,
    actual_credits between p80_low and p80_high as is_covered_80,
    actual_credits between p90_low and p90_high as is_covered_90,
    is_champion
from spend_past
where credits is not null
