-- One row per past run with a snapshot and method: the forecast at its start beside what came.
-- Renewed: origin.
select
    site_id,
    id,
    run_id,
    origin_at as started_at,
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
from forecasts
where not is_live and credits is not null
