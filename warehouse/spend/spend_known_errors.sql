-- One row per past forecast of spend whose days are over and known: the week that knew, and its band.
-- A step towards forecasts of spend.
-- Renewed: week.
select scope, owner_id, account_key, horizon_days, known_runs_from, week, known_week
from spend_origins
where known_week is not null
