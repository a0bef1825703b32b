-- One row per scope, account, horizon, band of known runs and week: of which errors are looked up.
-- A step towards forecasts of spend.
select scope, account_key, horizon_days, known_runs_from, pool_week as week
from spend_origins
group by scope, account_key, horizon_days, known_runs_from, pool_week
