-- One row: the day (UTC) of the load's instant.
-- A step towards forecasts.
select cast(as_of at time zone 'UTC' as date) as today from current_load
