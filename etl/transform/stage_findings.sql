-- One row per value of a stage's result or snapshot count that did not read, and per unknown key.
create or replace table stage_findings as
select site_id, id, run_id, stage_number, finding.key, finding.value_text, finding.check_name
from (select site_id, id, run_id, stage_number, unnest(checks) as finding from read_stages)
