select
    site_id,
    null as account_id,
    id,
    run_id,
    null as stage_number,
    finding.key,
    finding.value_text,
    finding.check_name
from (select site_id, id, run_id, unnest(checks) as finding from read_runs where reason is null)
union all
select site_id, null, id, run_id, stage_number, key, value_text, check_name
from stage_findings
union all
select site_id, null, null, null, null, 'site_id', null, 'missing_site'
from sites
where not has_source_row
