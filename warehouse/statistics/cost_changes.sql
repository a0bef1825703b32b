-- One row per site, period and stage, and one more for no stage: its cost beside the period before.
-- Kept as a table: asked of one site at a time.
-- In parts, by site_id: months of all sites at once are more than a load's memory holds.
with
    -- each run lies in a month, and perhaps in one of the two windows
    placed as (
        select
            site_id, id, substring(cast(cast(started_at at time zone 'UTC' as date) as varchar), 1, 7) as span
        from runs
        union all
        select site_id, id, period
        from window_runs
    ),
    charges as (
        select
            site_id,
            id,
            cast(stage_number as integer) as stage_number,
            credits_used,
            items_processed,
            cast(0 as decimal(18, 6)) as total_credits_used,
            cast(0 as decimal(18, 6)) as content_created
        from run_stages
        union all
        select
            r.site_id,
            r.id,
            0,
            r.total_credits_used - s.stages_credits_used,
            0,
            r.total_credits_used,
            s.content_created
        from runs as r
        join run_summary as s on s.site_id = r.site_id and s.id = r.id
    ),
    sums as (
        select
            p.site_id,
            p.span,
            c.stage_number,
            sum(c.credits_used) as credits,
            sum(c.items_processed) as items,
            sum(c.total_credits_used) as total_credits_used,
            sum(c.content_created) as content_created
        from placed as p
        join charges as c on c.site_id = p.site_id and c.id = p.id
        group by p.site_id, p.span, c.stage_number
    ),
    first_months as (
        select site_id, cast(date_trunc('month', min(started_at) at time zone 'UTC') as date) as month_start
        from runs
        group by site_id
    ),
    periods as (
        select site_id, 'last_30_days' as period, '30_days_before' as period_before
        from sites
        union all
        select
            f.site_id,
            substring(cast(m.month_start as varchar), 1, 7),
            substring(cast(cast(m.month_start - interval 1 month as date) as varchar), 1, 7)
        from first_months as f
        join past_months as m on m.month_start > f.month_start
    ),
    stages as (
        select cast(stage_number as integer) as stage_number, stage_name
        from stage_parameters
        union all
        select 0, 'No stage'
    ),
    compared as (
        select
            p.site_id,
            p.period,
            g.stage_number,
            g.stage_name,
            cast(coalesce(b.credits, 0) as decimal(28, 9)) as credits_before,
            cast(coalesce(a.credits, 0) as decimal(28, 9)) as credits_after,
            coalesce(b.items, 0) as items_before,
            coalesce(a.items, 0) as items_after,
            cast(b.credits as double) / nullif(cast(b.items as double), 0) as rate_before,
            cast(a.credits as double) / nullif(cast(a.items as double), 0) as rate_after,
            g.stage_number > 0 and coalesce(b.credits, 0) = 0 and coalesce(a.credits, 0) > 0 as is_new_stage,
            cast(b.total_credits_used as double)
            / nullif(cast(b.content_created as double), 0) as credits_per_article_before,
            cast(a.total_credits_used as double)
            / nullif(cast(a.content_created as double), 0) as credits_per_article_after
        from periods as p
        cross join stages as g
        left join
            sums as b
            on b.site_id = p.site_id
            and b.span = p.period_before
            and b.stage_number = g.stage_number
        left join sums as a on a.site_id = p.site_id and a.span = p.period and a.stage_number = g.stage_number
    ),
    split as (
        select
            c.*,
            coalesce(
                case
                    when not c.is_new_stage and c.rate_after is not null
                    then
                        try_cast(
                            (cast(c.items_after as double) - cast(c.items_before as double))
                            * c.rate_before as decimal(24, 9)
                        )
                end,
                c.credits_after - c.credits_before
            ) as volume_credits
        from compared as c
    )
select
    site_id,
    period,
    nullif(stage_number, 0) as stage_number,
    stage_name,
    credits_before,
    credits_after,
    items_before,
    items_after,
    rate_before,
    rate_after,
    volume_credits,
    credits_after - credits_before - volume_credits as rate_credits,
    is_new_stage,
    credits_per_article_before,
    credits_per_article_after
from split
order by site_id, period, stage_number
