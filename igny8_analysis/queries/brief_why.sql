with
    stages as (
        select
            c.stage_number,
            c.stage_name,
            sum(c.credits_before) as credits_before,
            sum(c.credits_after) as credits_after,
            sum(case when c.is_new_stage then c.volume_credits else 0 end) as new_credits,
            sum(case when c.is_new_stage then 0 else c.volume_credits end) as volume_credits,
            sum(c.rate_credits) as rate_credits
        from cost_changes as c
        where {{ of_sites_c }} and c.period = 'last_30_days'
        group by c.stage_number, c.stage_name
    ),
    totals as (select sum(credits_before) as credits_before, sum(credits_after) as credits_after from stages),
    causes as (
        select stage_number, stage_name, 'new' as cause, new_credits as credits
        from stages
        union all
        select
            stage_number,
            stage_name,
            case when stage_number is null then 'none' else 'volume' end,
            volume_credits
        from stages
        union all
        select stage_number, stage_name, 'rate', rate_credits
        from stages
    ),
    dated as (
        select e.stage_number, e.rate_after > e.rate_before as is_dearer, max(e.since) as since
        from price_effects as e
        where {{ of_sites_e }}
        group by all
        having count(distinct e.site_id) = 1 or min(e.since) = max(e.since)
    ),
    told as (
        select
            cast(p.credits_window_days as integer) as days,
            round(t.credits_before, 0) as credits_before,
            round(abs(t.credits_after - t.credits_before), 0) as difference,
            t.credits_after > t.credits_before as is_more,
            round(
                cast(
                    abs(cast(t.credits_after - t.credits_before as double))
                    / nullif(cast(t.credits_before as double), 0)
                    * 100 as decimal(38, 9)
                ),
                0
            ) as percent,
            c.cause,
            c.stage_name,
            round(abs(c.credits), 0) as credits,
            c.credits > 0 as is_cause_of_more,
            cast(case when c.cause = 'rate' then d.since end as date) as since
        from totals as t
        cross join parameters as p
        left join causes as c on round(abs(c.credits), 0) > 0
        left join dated as d on d.stage_number = c.stage_number and d.is_dearer = (c.credits > 0)
        order by abs(c.credits) desc, c.stage_number
        limit 3
    ),
    rests as (
        select
            *,
            case when is_more then difference else - difference end
            - sum(case when is_cause_of_more then credits else - credits end) over () as rest
        from told
    )
select * exclude (rest), abs(rest) as rest, rest > 0 as is_rest_more
from rests
