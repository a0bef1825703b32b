-- One row per site, entity and status that is not among the known ones, at the load's instant.
-- Kept as a table: asked of one site at a time.
with
    found as (
        select i.site_id, i.entity, i.status, i.items
        from pipeline_items as i
        join current_load as l on l.load_number = i.load_number
        union all
        select i.site_id, 'content.site_status', i.site_status, i.items
        from pipeline_items as i
        join current_load as l on l.load_number = i.load_number
        where i.entity = 'content' and i.site_status is not null
    )
select f.site_id, f.entity, f.status, cast(sum(f.items) as bigint) as items
from found as f
left join known_statuses as k on k.entity = f.entity and k.status = f.status
where k.status is null
group by f.site_id, f.entity, f.status
order by f.site_id, f.entity, f.status
