-- One row: how many settings of sites were seen, 1 standing for any number.
select least(count(*), 1) as settings from lake.automation_settings
