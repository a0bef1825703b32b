-- One row per source row that cannot be read, and per kind of items or calls without a readable key.
-- `rows`: how many it stands for.
create table unreadable as
select '{{automation_runs}}' as source_table, id_text as row_key, reason, 1 as rows
from read_runs
where reason is not null
union all
select '{{accounts}}', id, 'id is not a whole number', 1
from raw_accounts
where as_bigint(id) is null
union all
select '{{plans}}', id, 'id is not a whole number', 1
from raw_plans
where as_bigint(id) is null
union all
select '{{sites}}', id, 'id is not a whole number', 1
from raw_sites
where as_bigint(id) is null
union all
select '{{automation_configs}}', id, 'site_id is not a whole number', 1
from raw_automation_configs
where as_bigint(site_id) is null
union all
select
    source_table,
    site_id,
    'site_id is not a whole number: ' || cast(sum(items) as varchar) || ' items',
    cast(sum(items) as bigint)
from raw_items
where as_bigint(site_id) is null
group by source_table, site_id
union all
select
    '{{credit_usage_log}}',
    row_key,
    reason || ': ' || cast(sum(items) as varchar) || ' rows',
    cast(sum(items) as bigint)
from read_usage
where reason is not null
group by row_key, reason
union all
select
    '{{credit_transactions}}',
    row_key,
    reason || ': ' || cast(sum(items) as varchar) || ' rows',
    cast(sum(items) as bigint)
from read_transactions
where reason is not null
group by row_key, reason
