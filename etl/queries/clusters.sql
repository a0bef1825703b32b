select
    cast(site_id as text) as site_id,
    cast(status as text) {{ exact }} as status,
    cast(null as text) as site_status,
    case when cast(status as text) {{ exact }} = 'new' then 1 else 0 end as is_pending,
    count(*) as items,
    min({{ odd_is_deleted }}) as odd_is_deleted,
    count({{ odd_is_deleted }}) as odd_is_deleted_items,
    min({{ odd_disabled }}) as odd_disabled,
    count({{ odd_disabled }}) as odd_disabled_items
from {{ clusters }}
where not {{ is_deleted }} and not {{ disabled }}
group by 1, 2, 3, 4
