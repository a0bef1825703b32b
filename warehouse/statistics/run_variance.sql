-- One row per run that is compared in any stage: its credits against the baseline, over these stages.
with
    -- decimals, so that sums are the same in whatever order; at a tie engines cast otherwise, and round alike
    compared as (
        select
            site_id,
            id,
            run_id,
            stage_number,
            cast(credits_used as decimal(38, 6)) as credits_used,
            cast(baseline_avg_credits as decimal(38, 6)) as baseline_avg_credits,
            cast(difference_credits as decimal(38, 6)) as difference_credits,
            cast(round(volume_credits * 1e6, 0) as decimal(38, 0)) as volume_millionths,
            cast(round(rate_credits * 1e6, 0) as decimal(38, 0)) as rate_millionths
        from credit_variance
        where is_compared
    )
select
    site_id,
    id,
    run_id,
    cast(sum(credits_used) as double) as compared_credits,
    cast(sum(baseline_avg_credits) as double) as compared_baseline_credits,
    cast(sum(difference_credits) as double) as difference_credits,
    cast(sum(difference_credits) as double)
    / nullif(cast(sum(baseline_avg_credits) as double), 0)
    * 100 as difference_pct,
    cast(sum(volume_millionths) as double) / 1e6 as volume_credits,
    cast(sum(case when stage_number is not null then volume_millionths end) as double)
    / 1e6 as stage_volume_credits,
    cast(sum(rate_millionths) as double) / 1e6 as rate_credits
from compared
group by site_id, id, run_id
