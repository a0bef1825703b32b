-- One row per run and stage, and one more a run: credits against the baseline, by volume and rate.
with
    rates as (
        select
            g.site_id,
            g.id,
            g.run_id,
            g.stage_number,
            g.stage_name,
            b.has_sufficient_data,
            o.is_compared,
            cast(g.credits_used as double) as credits_used,
            cast(g.items_processed as double) as items_processed,
            coalesce(c.historical_avg_credits, 0) as baseline_avg_credits,
            coalesce(c.historical_avg_items_processed, 0) as baseline_avg_items_processed,
            cast(g.credits_used as double)
            / nullif(cast(g.items_processed as double), 0) as credits_per_processed_item,
            c.historical_credits_per_processed_item as baseline_credits_per_processed_item
        from run_stages as g
        join
            stage_comparison as c on c.site_id = g.site_id and c.id = g.id and c.stage_number = g.stage_number
        join run_baseline as b on b.site_id = g.site_id and b.id = g.id
        join stage_outcomes as o on o.site_id = g.site_id and o.id = g.id and o.stage_number = g.stage_number
    ),
    differences as (
        select
            site_id,
            id,
            run_id,
            stage_number,
            stage_name,
            is_compared,
            credits_used,
            items_processed,
            credits_per_processed_item,
            baseline_avg_credits,
            baseline_avg_items_processed,
            baseline_credits_per_processed_item,
            case when has_sufficient_data then credits_used - baseline_avg_credits end as difference_credits,
            coalesce(
                (credits_per_processed_item - baseline_credits_per_processed_item) * items_processed, 0
            ) as rate_credits
        from rates
    ),
    stages as (
        select
            site_id,
            id,
            sum(cast(credits_used as decimal(38, 12))) as credits_used,
            sum(cast(baseline_avg_credits as decimal(38, 12))) as baseline_avg_credits,
            sum(cast(difference_credits as decimal(38, 12))) as difference_credits
        from differences
        group by site_id, id
    ),
    whole as (  -- of decimals: where nothing is left it is 0, in whatever order stages were added up
        select
            r.site_id,
            r.id,
            r.run_id,
            r.status = 'completed' as is_compared,
            cast(r.total_credits_used as decimal(38, 12)) - s.credits_used as credits_used,
            cast(b.avg_credits as decimal(38, 12)) - s.baseline_avg_credits as baseline_avg_credits,
            cast(r.total_credits_used as decimal(38, 12))
            - cast(b.avg_credits as decimal(38, 12))
            - s.difference_credits as difference_credits
        from runs as r
        join stages as s on s.site_id = r.site_id and s.id = r.id
        join run_baseline as b on b.site_id = r.site_id and b.id = r.id
    )
select
    site_id,
    id,
    run_id,
    cast(stage_number as integer) as stage_number,
    stage_name,
    credits_used,
    items_processed,
    credits_per_processed_item,
    baseline_avg_credits,
    baseline_avg_items_processed,
    baseline_credits_per_processed_item,
    difference_credits,
    difference_credits - rate_credits as volume_credits,
    case when difference_credits is not null then rate_credits end as rate_credits,
    is_compared
from differences
union all
select
    site_id,
    id,
    run_id,
    null,
    'No stage',
    cast(round(credits_used, 9) as double),
    null,
    null,
    cast(round(baseline_avg_credits, 9) as double),
    null,
    null,
    cast(round(difference_credits, 9) as double),
    cast(round(difference_credits, 9) as double),
    case when difference_credits is not null then 0e0 end,
    is_compared
from whole
