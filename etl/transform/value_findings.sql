select site_id, id, run_id, stage_number, finding.key, finding.value_text, finding.check_name
from
    (
        select site_id, id, run_id, null as stage_number, unnest(checks) as finding
        from read_runs
        where reason is null
        union all
        select site_id, id, run_id, stage_number, unnest(checks)
        from read_stages
    )
union all
select site_id, null, null, null, 'site_id', null, 'missing_site'
from (select * from sites)
where not has_source_row
