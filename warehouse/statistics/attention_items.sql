-- One row per site: items that need a person, at the load's instant.
-- Kept as a table: asked of one site at a time.
with
    counted as (
        select
            i.site_id,
            cast(
                sum(case when i.entity = 'ideas' and i.status = 'skipped' then i.items else 0 end) as bigint
            ) as skipped_ideas,
            cast(
                sum(case when i.entity = 'content' and i.is_failed then i.items else 0 end) as bigint
            ) as failed_content,
            cast(
                sum(case when i.entity = 'images' and i.is_failed then i.items else 0 end) as bigint
            ) as failed_images
        from pipeline_items as i
        join current_load as l on l.load_number = i.load_number
        group by i.site_id
    )
select
    s.site_id,
    coalesce(c.skipped_ideas, 0) as skipped_ideas,
    coalesce(c.failed_content, 0) as failed_content,
    coalesce(c.failed_images, 0) as failed_images
from sites as s
left join counted as c on c.site_id = s.site_id
order by s.site_id
