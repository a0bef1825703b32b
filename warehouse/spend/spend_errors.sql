-- One row per past forecast of spend whose days are over: how far off it was, numbered as that became known.
-- Kept as a table: what each site and account, and all together, have learned by a week is summed from it.
select
    scope,
    owner_id,
    account_key,
    horizon_days,
    method,
    known_runs_from,
    week,
    known_week,
    row_number() over (
        partition by scope, owner_id, horizon_days, method order by known_week, week
    ) as error_number,
    abs(credits - actual_credits) as absolute_error,
    size_credits,
    log_error
from spend_points
where known_week is not null and credits is not null
