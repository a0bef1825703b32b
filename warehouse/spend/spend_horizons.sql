-- One row per horizon: how many days ahead spend is forecast.
-- A step towards forecasts of spend.
select cast(horizon_days as integer) as horizon_days from (values (7), (30)) as horizons(horizon_days)
