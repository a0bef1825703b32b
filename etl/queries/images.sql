select
    cast(site_id as text) as site_id,
    cast(status as text) {{ exact }} as status,
    cast(null as text) as site_status,
    case when cast(status as text) {{ exact }} = 'pending' then 1 else 0 end as is_pending,
    count(*) as items,
    min({{ odd_is_deleted }}) as odd_is_deleted,
    count({{ odd_is_deleted }}) as odd_is_deleted_items
from {{ images }}
where not {{ is_deleted }}
group by 1, 2, 3, 4
