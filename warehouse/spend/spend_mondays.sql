-- One row per week that is over: those in which pools learn.
-- A step towards forecasts of spend.
select week from spend_weeks where week = pool_week
