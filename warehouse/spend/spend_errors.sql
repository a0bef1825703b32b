-- One row per past forecast of spend whose days are over: how far off it was, numbered as that became known.
-- A step towards forecasts of spend.
-- Renewed: week.
select
    scope,
    owner_id,
    account_key,
    horizon_days,
    method,
    known_runs_from,
    week,
    known_week,
    error_number,
    pool_lot,
    account_lot,
    abs(credits - actual_credits) as absolute_error,
    size_credits,
    log_error
from spend_points
where known_week is not null and credits is not null
