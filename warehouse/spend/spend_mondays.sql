-- One row per week that is over: those in which pools learn.
select week from spend_weeks where week = pool_week
