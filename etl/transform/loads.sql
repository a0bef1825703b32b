select
    load_number,
    load_id,
    as_of,
    source_kind,
    (select count(*) from accounts) as accounts,
    (select count(*) from sites) as sites,
    (select count(*) from runs) as runs,
    (select count(*) from run_stages) as run_stages,
    (
        select count(*) from pipeline_items where pipeline_items.load_number = this_load.load_number
    ) as pipeline_items,
    (select count(*) from value_findings) as value_findings,
    (select count(*) from quarantine) as quarantine,
    (select coalesce(sum(total_credits_used), 0) from runs) as total_credits_used,
    missing,
    not_read
from this_load
union all
from previous_loads
