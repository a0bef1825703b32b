with
    unreadable as (
        select '{{runs}}' as source_table, id_text as row_key, reason
        from read_runs
        where reason is not null
        union all
        select '{{accounts}}', id, 'id is not a whole number'
        from raw_accounts
        where as_bigint(id) is null
        union all
        select '{{sites}}', id, 'id is not a whole number'
        from raw_sites
        where as_bigint(id) is null
    )
select
    source_table,
    row_number() over (partition by source_table order by row_key nulls first, reason) as row_number,
    row_key,
    reason
from unreadable
