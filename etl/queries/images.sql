select
    cast(site_id as text) as site_id,
    cast(status as text) as status,
    cast(null as text) as site_status,
    case when cast(status as text) = 'pending' then 1 else 0 end as is_pending,
    count(*) as items
from {images}
where lower(coalesce(cast(is_deleted as text), '0')) not in ('1', '1.0', 'true', 't', 'yes', 'y', 'on')
group by 1, 2, 3, 4
