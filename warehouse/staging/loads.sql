-- One row per load that became a version: what was loaded when, with row counts.
select
    load_number,
    load_id,
    as_of,
    source_kind,
    accounts,
    sites,
    runs,
    run_stages,
    pipeline_items,
    value_findings,
    quarantine,
    total_credits_used,
    missing,
    not_read
from lake.loads
