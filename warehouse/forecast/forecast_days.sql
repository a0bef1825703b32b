-- One row per method, band of known runs and day on which a forecast looks up how all sites' had done.
-- A step towards forecasts.
-- Kept as a table: where its rows are as they were, the records that they ask for are.
select method, known_runs_from, known_on
from forecast_points
group by method, known_runs_from, known_on
order by known_on, method, known_runs_from
