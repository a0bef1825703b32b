-- One row: the id of the live forecasts, 0, or the number below the lowest id of a run.
-- A step towards forecasts.
select least(coalesce(min(id), 1), 1) - 1 as live_id from runs
