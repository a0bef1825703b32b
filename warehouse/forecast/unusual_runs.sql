-- One row per completed run whose credits stand out from the five to ten completions known before it.
-- Kept as a table: the alerts of each load ask it of all sites.
with
    limits as (
        select unusual_runs_needed, unusual_z_score, unusual_share, unusual_credits from forecast_parameters
    ),
    asked as (
        select
            c.site_id,
            c.id,
            c.run_id,
            cast(c.total_credits_used as double) as credits,
            k.completions_before,
            unnest(generate_series(0, h.analyzed_runs - 1)) as steps_back
        from completions as c
        join completions_before as k on k.site_id = c.site_id and k.id = c.id
        cross join parameters as h
    ),
    pasts as (
        select a.site_id, a.id, a.run_id, a.credits, cast(p.total_credits_used as double) as past_credits
        from asked as a
        join
            completions as p
            on p.site_id = a.site_id
            and p.completion_number = a.completions_before - a.steps_back
    ),
    placed as (
        select
            p.*,
            row_number() over (partition by p.site_id, p.id order by p.past_credits) as place,
            count(*) over (partition by p.site_id, p.id) as runs_before
        from pasts as p
    ),
    centred as (
        select
            p.*,
            avg(
                case when p.place * 2 between p.runs_before and p.runs_before + 2 then p.past_credits end
            ) over (partition by p.site_id, p.id) as median_credits
        from placed as p
    ),
    deviations as (
        select
            c.*,
            abs(c.past_credits - c.median_credits) as deviation,
            row_number() over (
                partition by c.site_id, c.id order by abs(c.past_credits - c.median_credits)
            ) as deviation_place
        from centred as c
    ),
    spreads as (
        select
            site_id,
            id,
            run_id,
            credits,
            runs_before,
            median_credits,
            credits - median_credits as credits_difference,
            avg(
                case when deviation_place * 2 between runs_before and runs_before + 2 then deviation end
            ) as median_deviation,
            avg(deviation) as mean_deviation
        from deviations
        group by site_id, id, run_id, credits, runs_before, median_credits
    ),
    scored as (
        select
            s.*,
            case
                when s.median_deviation > 0
                then s.median_deviation / 0.6745e0
                else s.mean_deviation * 1.2533e0
            end as spread
        from spreads as s
    )
select
    s.site_id,
    s.id,
    s.run_id,
    s.credits,
    s.runs_before,
    s.median_credits,
    s.median_deviation,
    s.credits_difference,
    s.credits_difference / nullif(s.spread, 0) as modified_z_score,
    s.credits_difference > 0 as is_higher
from scored as s
cross join limits
where
    s.runs_before >= limits.unusual_runs_needed
    and abs(s.credits_difference) > limits.unusual_z_score * s.spread
    and abs(s.credits_difference) > limits.unusual_share * s.median_credits
    and abs(s.credits_difference) > limits.unusual_credits
order by s.site_id, s.id
