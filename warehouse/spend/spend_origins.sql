-- One row per site or account, horizon and instant: what was known of its spend then, and what came.
-- A step towards forecasts of spend.
-- Kept as a table: every method forecasts from it.
-- Renewed: account and weeks, by week.
with
    of_sites as (
        select
            t.site_id,
            t.week,
            h.horizon_days,
            t.first_started_us,
            t.ended_runs,
            t.completions,
            cast(t.recent_credits as double) as recent_credits,
            t.recent_runs,
            cast(
                case when h.horizon_days = 7 then t.credits_7_before else t.credits_30_before end as double
            ) as credits_before,
            cast(
                case when h.horizon_days = 7 then t.credits_7_after else t.credits_30_after end as double
            ) as actual_credits,
            case when h.horizon_days = 7 then t.left_us_7_after else t.left_us_30_after end as left_us,
            case when o.site_id is null then r.rhythm_credits else r.credits_by_hand end as rhythm_credits,
            case when o.site_id is null then r.month_credits else r.credits_by_hand end as month_credits,
            case when o.site_id is null then 0 else 1 end as is_off
        from spend_states as t
        cross join spend_horizons as h
        left join
            spend_rhythms as r
            on r.site_id = t.site_id
            and r.week = t.week
            and r.horizon_days = h.horizon_days
        left join
            spend_switches as o
            on o.site_id = t.site_id
            and o.from_us <= t.ends_us
            and (o.until_us is null or o.until_us > t.ends_us)
    ),
    of_accounts as (
        select
            i.account_id,
            s.week,
            s.horizon_days,
            min(s.first_started_us) as first_started_us,
            cast(sum(s.ended_runs) as bigint) as ended_runs,
            cast(sum(s.completions) as bigint) as completions,
            sum(s.recent_credits) as recent_credits,
            cast(sum(s.recent_runs) as bigint) as recent_runs,
            sum(s.credits_before) as credits_before,
            sum(s.actual_credits) as actual_credits,
            max(s.left_us) as left_us,
            sum(s.rhythm_credits) as rhythm_credits,
            sum(s.month_credits) as month_credits,
            min(s.is_off) as is_off
        from of_sites as s
        join spend_owners as i on i.scope = 'site' and i.owner_id = s.site_id
        where i.account_id is not null
        group by i.account_id, s.week, s.horizon_days
    ),
    ranked as (
        select
            i.account_id,
            cast(c.total_credits_used as double) as credits,
            row_number() over (partition by i.account_id order by c.completed_at, c.id) as completion_number
        from completions as c
        join spend_owners as i on i.scope = 'site' and i.owner_id = c.site_id
        where i.account_id is not null
    ),
    account_costs as (
        select
            account_id,
            completion_number,
            avg(credits) over (
                partition by account_id order by completion_number rows between 9 preceding and current row
            ) as mean_credits
        from ranked
    ),
    known as (
        select
            'site' as scope,
            s.site_id as owner_id,
            s.week,
            s.horizon_days,
            s.first_started_us,
            s.ended_runs,
            s.recent_credits,
            s.recent_runs,
            cast(c.total_credits_used as double) / nullif(c.total_runs_analyzed, 0) as mean_credits,
            s.credits_before,
            s.actual_credits,
            s.left_us,
            s.rhythm_credits,
            s.month_credits,
            s.is_off
        from of_sites as s
        left join run_state as c on c.site_id = s.site_id and c.completion_number = s.completions
        union all
        select
            'account',
            s.account_id,
            s.week,
            s.horizon_days,
            s.first_started_us,
            s.ended_runs,
            s.recent_credits,
            s.recent_runs,
            c.mean_credits,
            s.credits_before,
            s.actual_credits,
            s.left_us,
            s.rhythm_credits,
            s.month_credits,
            s.is_off
        from of_accounts as s
        left join account_costs as c on c.account_id = s.account_id and c.completion_number = s.completions
    ),
    -- in the running week all are forecast, known or not
    running as (
        select o.scope, o.owner_id, w.week, h.horizon_days
        from spend_owners as o
        cross join spend_horizons as h
        cross join spend_weeks as w
        where w.is_live
    ),
    told as (
        select k.*
        from known as k
        join spend_weeks as w on w.week = k.week
        where not w.is_live
        union all
        select
            r.scope,
            r.owner_id,
            r.week,
            r.horizon_days,
            k.first_started_us,
            k.ended_runs,
            k.recent_credits,
            k.recent_runs,
            k.mean_credits,
            k.credits_before,
            k.actual_credits,
            k.left_us,
            k.rhythm_credits,
            k.month_credits,
            k.is_off
        from running as r
        left join
            known as k
            on k.scope = r.scope
            and k.owner_id = r.owner_id
            and k.week = r.week
            and k.horizon_days = r.horizon_days
    ),
    grid as (
        select
            o.*,
            k.horizon_days,
            w.week,
            w.pool_week,
            w.is_live,
            w.ends_at,
            w.ends_us + cast(k.horizon_days as bigint) * 86400000000 as over_us,
            not w.is_live
            and w.ends_us - cast(p.spend_warm_up_days as bigint) * 86400000000 >= k.first_started_us
            and case when k.horizon_days = 7 then w.is_over_7 else w.is_over_30 end as is_past,
            coalesce(k.ended_runs, 0) as known_runs,
            coalesce(k.recent_credits, 0) as recent_credits,
            coalesce(k.recent_runs, 0) as recent_runs,
            k.mean_credits,
            coalesce(k.credits_before, 0) as credits_before,
            coalesce(k.rhythm_credits, 0) as rhythm_credits,
            coalesce(k.month_credits, 0) as month_credits,
            coalesce(k.is_off, 0) = 1 as is_off,
            case when not w.is_live then k.actual_credits end as actual_credits,
            coalesce(k.left_us, 0) as left_us
        from told as k
        join spend_owners as o on o.scope = k.scope and o.owner_id = k.owner_id
        join spend_weeks as w on w.week = k.week
        cross join spend_parameters as p
    ),
    timed as (
        select
            g.*,
            case
                when g.recent_runs = 0
                then -1
                when g.known_runs < limits.sufficient_runs
                then 0
                when g.known_runs < limits.analyzed_runs
                then limits.sufficient_runs
                else limits.analyzed_runs
            end as known_runs_from,
            -- the week whose end knew what had come: every run of those days had ended, or been given up
            case
                when g.is_past
                then
                    cast(
                        ceil(
                            cast(greatest(g.over_us, g.left_us) - 345600000000 as double) / 604800000000
                        ) as bigint
                    )
            end as known_week
        from grid as g
        cross join parameters as limits
    )
select
    scope,
    owner_id,
    site_id,
    account_id,
    account_key,
    horizon_days,
    week,
    pool_week,
    is_live,
    ends_at as origin_at,
    known_runs,
    known_runs_from,
    recent_credits,
    recent_runs,
    mean_credits,
    credits_before,
    rhythm_credits,
    month_credits,
    is_off,
    actual_credits,
    known_week
from timed
where is_live or is_past
order by scope, owner_id, horizon_days, week
