-- One row per site and calendar month (UTC) in which it started runs: what they made and used.
with
    placed as (
        select
            site_id,
            id,
            cast(date_trunc('month', started_at at time zone 'UTC') as date) as month_start,
            total_credits_used
        from runs
    ),
    staged as (
        select
            g.site_id,
            g.id,
            sum(case when p.is_for_images then 0 else g.credits_used end) as article_credits,
            sum(case when p.is_for_images then g.credits_used else 0 end) as image_credits
        from run_stages as g
        join stage_parameters as p on p.stage_number = g.stage_number
        group by g.site_id, g.id
    )
select
    p.site_id,
    p.month_start,
    count(*) as total_runs,
    sum(s.content_created) as content_created,
    sum(s.images_generated) as images_generated,
    sum(g.article_credits) as article_credits,
    sum(g.image_credits) as image_credits,
    sum(p.total_credits_used) as total_credits_used
from placed as p
join run_summary as s on s.site_id = p.site_id and s.id = p.id
join staged as g on g.site_id = p.site_id and g.id = p.id
group by p.site_id, p.month_start
