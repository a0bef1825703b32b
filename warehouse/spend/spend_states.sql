-- One row per site and week from thirty days before its first run on: what it had spent, and what came.
-- A step towards forecasts of spend.
-- Kept as a table: the forecasts of a site, and of its account, start from it.
-- Renewed: site and weeks, by site_week.
with
    steps as (select cast(step as bigint) as step from (values (0), (1), (2), (3), (4), (5)) as steps(step)),
    timed as (
        select
            site_id,
            id,
            epoch_us(started_at) as started_us,
            epoch_us(completed_at) as ended_us,
            least(
                epoch_us(coalesce(completed_at, cancelled_at)),
                epoch_us(started_at) + p.spend_abandoned_days * 86400000000
            ) as left_us,
            total_credits_used as credits,
            coalesce(trigger_type, '') <> 'scheduled' as is_by_hand,
            extract(day from started_at at time zone 'UTC') as started_on_day,
            cast(ceil(cast(epoch_us(started_at) - 345600000000 as double) / 604800000000) as bigint) as week
        from runs
        cross join spend_parameters as p
    ),
    firsts as (
        select site_id, min(started_us) as first_started_us, min(week) as first_week
        from timed
        group by site_id
    ),
    recent as (
        select
            t.site_id,
            w.week,
            sum(
                case when t.started_us > w.ends_us - d.spend_window_days * 86400000000 then t.credits end
            ) as credits,
            sum(
                case
                    when t.started_us > w.ends_us - d.spend_window_days * 86400000000 and t.is_by_hand
                    then t.credits
                end
            ) as credits_by_hand,
            count(case when t.started_us > w.ends_us - d.spend_window_days * 86400000000 then 1 end) as runs,
            sum(case when t.started_us > w.ends_us - 7 * 86400000000 then t.credits end) as credits_of_7,
            sum(case when t.started_us > w.ends_us - 30 * 86400000000 then t.credits end) as credits_of_30
        from timed as t
        cross join steps as s
        cross join spend_parameters as d
        join
            spend_weeks as w
            on w.week = t.week + s.step
            and t.started_us <= w.ends_us
            and t.ended_us <= w.ends_us
        group by t.site_id, w.week
    ),
    came as (
        select
            t.site_id,
            w.week,
            sum(case when t.started_us <= w.ends_us + 7 * 86400000000 then t.credits end) as credits_of_7,
            sum(case when t.started_us <= w.ends_us + 30 * 86400000000 then t.credits end) as credits_of_30,
            max(case when t.started_us <= w.ends_us + 7 * 86400000000 then t.left_us end) as left_us_of_7,
            max(case when t.started_us <= w.ends_us + 30 * 86400000000 then t.left_us end) as left_us_of_30
        from timed as t
        cross join steps as s
        join spend_weeks as w on w.week = t.week - s.step and w.ends_us < t.started_us and not w.is_live
        group by t.site_id, w.week
    ),
    ends as (
        select
            e.site_id,
            greatest(
                cast(ceil(cast(e.ended_us - 345600000000 as double) / 604800000000) as bigint), b.week
            ) as week,
            count(*) as runs,
            sum(case when e.is_completion then 1 else 0 end) as completions,
            sum(e.credits) as credits,
            sum(
                case when t.started_on_day <= p.spend_early_until_day then e.credits else 0 end
            ) as early_credits,
            sum(
                case when t.started_on_day > p.spend_middle_until_day then e.credits else 0 end
            ) as late_credits
        from spend_runs as e
        join timed as t on t.site_id = e.site_id and t.id = e.id
        cross join (select min(week) as week, max(ends_us) as as_of_us from spend_weeks) as b
        cross join spend_parameters as p
        where e.ended_us <= b.as_of_us
        group by 1, 2
    ),
    grid as (
        select
            f.site_id,
            w.week,
            w.is_live,
            w.ends_us,
            f.first_started_us,
            coalesce(e.runs, 0) as runs,
            coalesce(e.completions, 0) as completions,
            coalesce(e.credits, 0) as credits,
            coalesce(e.early_credits, 0) as early_credits,
            coalesce(e.late_credits, 0) as late_credits,
            case when w.week >= f.first_week then w.days else 0 end as days,
            case when w.week >= f.first_week then w.early_days else 0 end as early_days,
            case when w.week >= f.first_week then w.late_days else 0 end as late_days
        from firsts as f
        join spend_weeks as w on w.week >= f.first_week - 5
        left join ends as e on e.site_id = f.site_id and e.week = w.week
    )
select
    g.site_id,
    g.week,
    g.is_live,
    g.ends_us,
    g.first_started_us,
    cast(sum(g.runs) over so_far as bigint) as ended_runs,
    cast(sum(g.completions) over so_far as bigint) as completions,
    coalesce(r.credits, 0) as recent_credits,
    coalesce(r.credits_by_hand, 0) as recent_credits_by_hand,
    coalesce(r.runs, 0) as recent_runs,
    coalesce(r.credits_of_7, 0) as credits_7_before,
    coalesce(r.credits_of_30, 0) as credits_30_before,
    coalesce(c.credits_of_7, 0) as credits_7_after,
    coalesce(c.credits_of_30, 0) as credits_30_after,
    c.left_us_of_7 as left_us_7_after,
    c.left_us_of_30 as left_us_30_after,
    sum(g.credits) over months as month_credits,
    sum(g.early_credits) over months as month_early_credits,
    sum(g.late_credits) over months as month_late_credits,
    cast(sum(g.days) over months as bigint) as month_days,
    cast(sum(g.early_days) over months as bigint) as month_early_days,
    cast(sum(g.late_days) over months as bigint) as month_late_days
from grid as g
left join recent as r on r.site_id = g.site_id and r.week = g.week
left join came as c on c.site_id = g.site_id and c.week = g.week
window
    so_far as (partition by g.site_id order by g.week rows between unbounded preceding and current row),
    months as (partition by g.site_id order by g.week rows between 16 preceding and current row)
order by g.site_id, g.week
