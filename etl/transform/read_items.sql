-- One row per site, entity, status, site_status and is_pending: counts as the source gave them.
create table read_items as
select
    as_bigint(site_id) as site_id,
    entity,
    coalesce(status, '') as status,
    site_status,
    is_pending = 1 as is_pending,
    cast(sum(items) as bigint) as items
from raw_items
group by all
