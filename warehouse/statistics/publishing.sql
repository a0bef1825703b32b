-- One row per site: its articles at the load's instant by how far they are, each counted once.
with
    placed as (
        select
            i.site_id,
            case
                when i.is_failed
                then 'failed'
                when i.status = 'published' or i.site_status = 'published'
                then 'published'
                when i.site_status in ('publishing', 'scheduled')
                then i.site_status
                when i.status in ('approved', 'review', 'draft')
                then i.status
                else 'other'
            end as state,
            i.items
        from pipeline_items as i
        join current_load as l on l.load_number = i.load_number
        where i.entity = 'content'
    ),
    counted as (
        select
            site_id,
            cast(sum(items) as bigint) as articles,
            cast(sum(case when state = 'draft' then items else 0 end) as bigint) as drafts,
            cast(sum(case when state = 'review' then items else 0 end) as bigint) as in_review,
            cast(sum(case when state = 'approved' then items else 0 end) as bigint) as approved,
            cast(sum(case when state = 'scheduled' then items else 0 end) as bigint) as scheduled,
            cast(sum(case when state = 'publishing' then items else 0 end) as bigint) as publishing,
            cast(sum(case when state = 'published' then items else 0 end) as bigint) as published,
            cast(sum(case when state = 'failed' then items else 0 end) as bigint) as failed,
            cast(sum(case when state = 'other' then items else 0 end) as bigint) as other
        from placed
        group by site_id
    )
select
    s.site_id,
    coalesce(c.articles, 0) as articles,
    coalesce(c.drafts, 0) as drafts,
    coalesce(c.in_review, 0) as in_review,
    coalesce(c.approved, 0) as approved,
    coalesce(c.scheduled, 0) as scheduled,
    coalesce(c.publishing, 0) as publishing,
    coalesce(c.published, 0) as published,
    coalesce(c.failed, 0) as failed,
    coalesce(c.other, 0) as other
from sites as s
left join counted as c on c.site_id = s.site_id
