-- One row per account and day on which a forecast of its sites looks up what was known.
-- A step towards forecasts.
-- Kept as a table: where its rows are as they were, the lessons that they ask for are.
select account_id, known_on from forecast_origins group by account_id, known_on order by account_id, known_on
