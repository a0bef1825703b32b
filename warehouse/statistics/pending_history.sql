-- One row per load, site and stage: items that waited for the stage at that load's instant.
with
    counted as (
        select load_number, site_id, stage_number, cast(sum(items) as bigint) as items
        from pending_counts
        group by load_number, site_id, stage_number
    )
select l.load_number, l.as_of, s.site_id, p.stage_number, p.stage_name, coalesce(c.items, 0) as pending_items
from sites as s
cross join loads as l
cross join stage_parameters as p
left join
    counted as c
    on c.site_id = s.site_id
    and c.load_number = l.load_number
    and c.stage_number = p.stage_number
