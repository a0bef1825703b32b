select
    id,
    run_id,
    started_at,
    method,
    forecast_credits,
    actual_credits,
    is_covered_80,
    is_covered_90,
    is_champion
from forecast_backtest
where site_id = {{ site_id }}
order by started_at desc, id desc, method
