select
    origin_at,
    horizon_days,
    method,
    forecast_credits,
    actual_credits,
    p80_low,
    p80_high,
    p90_low,
    p90_high,
    is_champion
from spend_backtest
where {{ condition }}
order by origin_at desc, horizon_days, method
