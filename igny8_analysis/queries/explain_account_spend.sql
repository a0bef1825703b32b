select
    scope,
    site_id,
    horizon_days,
    origin_at,
    known_runs,
    recent_credits,
    recent_runs,
    mean_credits,
    credits_before,
    rhythm_credits,
    month_credits,
    is_off
from spend_origins
where account_id = {{ account_id }} and is_live
order by horizon_days, scope, site_id
