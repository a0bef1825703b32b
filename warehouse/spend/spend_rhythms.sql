-- One row per site and week from its first run on: what its rhythm makes of the days ahead.
-- A step towards forecasts of spend.
-- Kept as a table: the forecasts of a site, and of its account, start from it.
-- Renewed: site and weeks, by site_week.
-- In parts, by site_id: each week of a site stands in it ten times, once a step ahead.
with
    known as (
        select
            t.site_id,
            t.week,
            t.ends_us,
            t.is_live,
            t.recent_credits,
            t.recent_credits_by_hand,
            t.month_credits,
            t.month_early_credits,
            t.month_late_credits,
            t.month_days,
            t.month_early_days,
            t.month_late_days,
            cast(t.ends_us - t.first_started_us as double) / 86400000000 as age_days,
            cast(t.ends_us - r.last_started_us as double) / 86400000000 as silent_days,
            r.longest_gap_days,
            r.gaps,
            r.since_number,
            cast(t.ends_us - b.started_us as double) / 86400000000 as since_days,
            r.credits_so_far - b.credits_so_far + b.credits as credits_since,
            coalesce(b.longest_gap_days, r.longest_gap_days) as gap_before_days,
            r.ended_number - e.ended_number as last_gaps,
            r.credits_so_far - e.credits_so_far as last_credits,
            r.gaps_so_far - e.gaps_so_far as last_gap_days,
            r.gap_squares_so_far - e.gap_squares_so_far as last_gap_squares
        from spend_states as t
        cross join spend_parameters as p
        join spend_runs as r on r.site_id = t.site_id and r.ended_number = t.ended_runs
        join spend_runs as b on b.site_id = r.site_id and b.ended_number = r.since_number
        join
            spend_runs as e
            on e.site_id = r.site_id
            and e.ended_number = greatest(r.ended_number - p.spend_gaps, r.since_number)
    ),
    paced as (
        select
            k.site_id,
            k.week,
            k.is_live,
            k.recent_credits,
            k.recent_credits_by_hand,
            k.silent_days,
            k.last_gaps,
            k.last_credits,
            k.last_gap_days,
            k.last_gap_days / nullif(k.last_gaps, 0) as mean_gap_days,
            sqrt(
                greatest(k.last_gap_squares - k.last_gap_days * k.last_gap_days / nullif(k.last_gaps, 0), 0)
                / nullif(k.last_gaps - 1, 0)
            ) as gap_spread_days,
            k.gaps >= p.spend_gaps_needed
            and k.silent_days > p.spend_timed_gap_days
            and k.silent_days > p.spend_silence_gaps * k.longest_gap_days as is_silent,
            case
                when k.since_number > 1 and k.since_days < p.spend_window_days
                then k.credits_since
                else cast(k.recent_credits as double)
            end / nullif(
                greatest(
                    case
                        when k.since_number > 1 and k.since_days < p.spend_window_days
                        then
                            least(
                                k.since_days
                                + coalesce(k.last_gap_days / nullif(k.last_gaps, 0), k.gap_before_days, 0),
                                p.spend_window_days
                            )
                        else
                            least(
                                k.age_days + coalesce(k.last_gap_days / nullif(k.last_gaps, 0), 0),
                                p.spend_window_days
                            )
                    end,
                    7
                ),
                0
            ) as rate,
            k.month_days >= p.spend_month_days_needed and k.month_credits > 0 as has_month,
            -- credits of a day early, midway and late in a month against a day's on average
            (
                k.month_early_credits + p.spend_month_weight_days * k.month_credits / nullif(k.month_days, 0)
            ) / nullif(
                (k.month_early_days + p.spend_month_weight_days) * k.month_credits / nullif(k.month_days, 0),
                0
            ) as early_factor,
            (
                k.month_credits
                - k.month_early_credits
                - k.month_late_credits
                + p.spend_month_weight_days * k.month_credits / nullif(k.month_days, 0)
            ) / nullif(
                (k.month_days - k.month_early_days - k.month_late_days + p.spend_month_weight_days)
                * k.month_credits
                / nullif(k.month_days, 0),
                0
            ) as middle_factor,
            (
                k.month_late_credits + p.spend_month_weight_days * k.month_credits / nullif(k.month_days, 0)
            ) / nullif(
                (k.month_late_days + p.spend_month_weight_days) * k.month_credits / nullif(k.month_days, 0), 0
            ) as late_factor
        from known as k
        cross join spend_parameters as p
    ),
    timed as (
        select
            a.site_id,
            a.week,
            a.is_live,
            a.recent_credits_by_hand,
            a.is_silent,
            a.silent_days,
            a.mean_gap_days,
            a.last_credits / nullif(a.last_gaps, 0) as mean_credits,
            greatest(a.gap_spread_days, p.spend_least_spread * a.mean_gap_days) as spread_days,
            a.last_gaps >= p.spend_gaps_needed and a.mean_gap_days >= p.spend_timed_gap_days as is_timed,
            a.rate,
            -- where eight runs reach further back than the window, their pace counts half
            case
                when a.last_gaps >= 1 and a.last_gap_days + a.silent_days > p.spend_window_days
                then
                    (
                        a.rate
                        + a.last_credits
                        / nullif(
                            a.last_gap_days
                            + greatest(a.silent_days - a.mean_gap_days, 0)
                            -- of irregular gaps the mean is short by chance as often as long, and its rate
                            -- more so
                            + coalesce(a.gap_spread_days * a.gap_spread_days / nullif(a.mean_gap_days, 0), 0),
                            0
                        )
                    )
                    / 2
                else a.rate
            end as pace,
            1 / nullif(
                1 + power(a.gap_spread_days / nullif(a.mean_gap_days * p.spend_regular_spread, 0), 4), 0
            ) as regularity,
            case
                when a.has_month
                then
                    (
                        w.early_days_behind * a.early_factor
                        + (28 - w.early_days_behind - w.late_days_behind) * a.middle_factor
                        + w.late_days_behind * a.late_factor
                    )
                    / 28
            end as shape_behind,
            (
                w.early_days_of_7 * a.early_factor
                + (7 - w.early_days_of_7 - w.late_days_of_7) * a.middle_factor
                + w.late_days_of_7 * a.late_factor
            )
            / 7 as shape_of_7,
            (
                w.early_days_of_30 * a.early_factor
                + (30 - w.early_days_of_30 - w.late_days_of_30) * a.middle_factor
                + w.late_days_of_30 * a.late_factor
            )
            / 30 as shape_of_30
        from paced as a
        join spend_weeks as w on w.week = a.week
        cross join spend_parameters as p
    ),
    steps as (
        select cast(step as bigint) as step
        from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as steps(step)
    ),
    -- the runs that are due, each later one less surely, and none where the first is long overdue;
    -- a logistic curve of scale 1.7 is within 0.01 of the normal one
    due as (
        select
            t.site_id,
            t.week,
            h.horizon_days,
            sum(
                1 / nullif(
                    1 + exp(
                        least(
                            -1.7e0 * (
                                h.horizon_days
                                - greatest(t.mean_gap_days - t.silent_days, 0)
                                - s.step * t.mean_gap_days
                            )
                            / nullif(t.spread_days * sqrt(s.step + 1), 0),
                            50
                        )
                    ),
                    0
                )
            ) as runs,
            1 / nullif(
                1 + exp(least(1.7e0 * (t.silent_days - t.mean_gap_days) / nullif(t.spread_days, 0), 50)), 0
            ) as patience
        from timed as t
        cross join spend_horizons as h
        cross join steps as s
        where t.is_timed
        group by t.site_id, t.week, h.horizon_days, t.silent_days, t.mean_gap_days, t.spread_days
    )
select
    t.site_id,
    t.week,
    h.horizon_days,
    t.is_live,
    cast(t.recent_credits_by_hand as double)
    / nullif(p.spend_window_days, 0)
    * h.horizon_days as credits_by_hand,
    case when t.is_silent then p.spend_silence_share else 1 end * (
        (1 - coalesce(case when t.is_timed then t.regularity end, 0)) * t.pace * h.horizon_days
        + coalesce(case when t.is_timed then t.regularity end, 0)
        * coalesce(
            d.runs
            * d.patience
            * (1 - p.spend_stopped_share)
            / nullif(d.patience * (1 - p.spend_stopped_share) + p.spend_stopped_share, 0)
            * t.mean_credits,
            0
        )
    ) as rhythm_credits,
    case when t.is_silent then p.spend_silence_share else 1 end * (
        (1 - coalesce(case when t.is_timed then t.regularity end, 0))
        * t.pace
        * h.horizon_days
        * coalesce(
            case when h.horizon_days = 7 then t.shape_of_7 else t.shape_of_30 end / nullif(t.shape_behind, 0),
            1
        )
        + coalesce(case when t.is_timed then t.regularity end, 0)
        * coalesce(
            d.runs
            * d.patience
            * (1 - p.spend_stopped_share)
            / nullif(d.patience * (1 - p.spend_stopped_share) + p.spend_stopped_share, 0)
            * t.mean_credits,
            0
        )
    ) as month_credits
from timed as t
cross join spend_horizons as h
cross join spend_parameters as p
left join due as d on d.site_id = t.site_id and d.week = t.week and d.horizon_days = h.horizon_days
order by t.site_id, t.week, h.horizon_days
