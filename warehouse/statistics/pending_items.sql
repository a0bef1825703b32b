-- One row per site and stage: items that wait for the stage at the load's instant.
with
    counted as (
        select
            i.site_id,
            case
                when i.entity = 'keywords'
                then 1
                when i.entity = 'clusters'
                then 2
                when i.entity = 'ideas'
                then 3
                when i.entity = 'tasks'
                then 4
                when i.entity = 'content' and i.status = 'draft'
                then 5
                when i.entity = 'images'
                then 6
                when i.entity = 'content'
                then 7
            end as stage_number,
            cast(sum(i.items) as bigint) as items
        from pipeline_items as i
        join current_load as l on l.load_number = i.load_number
        where i.is_pending
        group by 1, 2
    )
select s.site_id, p.stage_number, p.stage_name, coalesce(c.items, 0) as pending_items
from sites as s
cross join stage_parameters as p
left join counted as c on c.site_id = s.site_id and c.stage_number = p.stage_number
