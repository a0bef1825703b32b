-- One row per stage of two runs of a site ($id_a, $id_b), and one for credits that no stage accounts for.
-- The difference of a stage, b less a, is split into volume (more or fewer items, at a's credits per item)
-- and rate (dearer or cheaper items). The two add up to it; where a run has no rate, all of it is volume.
-- In the totals they add up to the difference but for what no stage accounts for.
with
    stages as (
        select
            g.id,
            g.stage_number,
            g.stage_name,
            g.status,
            o.outcome,
            g.items_processed,
            g.items_created,
            g.credits_used,
            g.duration_seconds,
            cast(g.credits_used as double)
            / nullif(cast(g.items_processed as double), 0) as credits_per_processed_item
        from run_stages as g
        join stage_outcomes as o on o.site_id = g.site_id and o.id = g.id and o.stage_number = g.stage_number
        where g.site_id = $site_id and g.id in ($id_a, $id_b)
    ),
    unattributed as (
        select r.id, r.total_credits_used - s.stages_credits_used as credits_used
        from runs as r
        join run_summary as s on s.site_id = r.site_id and s.id = r.id
        where r.site_id = $site_id
    ),
    pairs as (
        select
            a.stage_number,
            a.stage_name,
            a.status as status_a,
            b.status as status_b,
            a.outcome as outcome_a,
            b.outcome as outcome_b,
            a.items_processed as items_processed_a,
            b.items_processed as items_processed_b,
            a.items_created as items_created_a,
            b.items_created as items_created_b,
            a.credits_used as credits_used_a,
            b.credits_used as credits_used_b,
            a.credits_per_processed_item as credits_per_processed_item_a,
            b.credits_per_processed_item as credits_per_processed_item_b,
            a.duration_seconds as duration_seconds_a,
            b.duration_seconds as duration_seconds_b,
            cast(b.credits_used - a.credits_used as double) as credits_difference,
            coalesce(
                (b.credits_per_processed_item - a.credits_per_processed_item)
                * cast(b.items_processed as double),
                0
            ) as rate_credits,
            b.duration_seconds - a.duration_seconds as duration_difference_seconds
        from stages as a
        join stages as b on b.stage_number = a.stage_number
        where a.id = $id_a and b.id = $id_b
        union all by name
        select
            'No stage' as stage_name,
            a.credits_used as credits_used_a,
            b.credits_used as credits_used_b,
            cast(b.credits_used - a.credits_used as double) as credits_difference
        from unattributed as a
        cross join unattributed as b
        where a.id = $id_a and b.id = $id_b
    ),
    split as (
        select
            *, case when stage_number is not null then credits_difference - rate_credits end as volume_credits
        from pairs
    )
select
    stage_number,
    stage_name,
    status_a,
    status_b,
    outcome_a,
    outcome_b,
    items_processed_a,
    items_processed_b,
    items_created_a,
    items_created_b,
    credits_used_a,
    credits_used_b,
    credits_difference,
    volume_credits,
    rate_credits,
    credits_per_processed_item_a,
    credits_per_processed_item_b,
    duration_seconds_a,
    duration_seconds_b,
    duration_difference_seconds,
    sum(credits_used_a) over () as total_credits_a,
    sum(credits_used_b) over () as total_credits_b,
    sum(credits_difference) over () as total_credits_difference,
    sum(volume_credits) over () as total_volume_credits,
    sum(rate_credits) over () as total_rate_credits,
    sum(duration_difference_seconds) over () as total_duration_difference_seconds
from split
order by stage_number nulls last
