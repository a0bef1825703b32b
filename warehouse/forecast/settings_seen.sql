-- One row: how many settings of sites were seen, 1 standing for any number.
-- A step towards forecasts.
select least(count(*), 1) as settings from lake.automation_settings
