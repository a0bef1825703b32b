-- One row per site and stage: items that wait for the stage at the load's instant.
with
    counted as (
        select i.site_id, i.stage_number, cast(sum(i.items) as bigint) as items
        from pending_counts as i
        join current_load as l on l.load_number = i.load_number
        group by i.site_id, i.stage_number
    )
select s.site_id, p.stage_number, p.stage_name, coalesce(c.items, 0) as pending_items
from sites as s
cross join stage_parameters as p
left join counted as c on c.site_id = s.site_id and c.stage_number = p.stage_number
