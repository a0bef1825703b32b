-- A draft waits for its images until it has one that is not deleted.
select
    cast(content.site_id as text) as site_id,
    cast(content.status as text) {{ exact }} as status,
    cast(content.site_status as text) {{ exact }} as site_status,
    case
        when cast(content.status as text) {{ exact }} = 'review'
        then 1
        when cast(content.status as text) {{ exact }} = 'draft' and illustrated.content_key is null
        then 1
        else 0
    end as is_pending,
    count(*) as items,
    min({{ odd_is_deleted }}) as odd_is_deleted,
    count({{ odd_is_deleted }}) as odd_is_deleted_items
from {{ content }}
left join
    (
        select distinct {{ content_id }} as content_key from {{ images }} where not {{ is_deleted }}
    ) as illustrated
    on illustrated.content_key = {{ id }}
where not {{ is_deleted }}
group by 1, 2, 3, 4
