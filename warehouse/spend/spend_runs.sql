-- One row per ended run, by its end: the rhythm of its site as it was known then.
-- A step towards forecasts of spend.
-- Kept as a table: every week's forecast looks the site's rhythm up.
with
    ended as (
        select
            site_id,
            id,
            run_id,
            epoch_us(started_at) as started_us,
            epoch_us(completed_at) as ended_us,
            cast(total_credits_used as double) as credits,
            status = 'completed' and duration_seconds is not null as is_completion,
            row_number() over (partition by site_id order by completed_at, id) as ended_number
        from runs
        where completed_at is not null
    ),
    spaced as (
        select
            e.*,
            max(started_us) over so_far as last_started_us,
            case
                when ended_number > 1
                then
                    cast(
                        greatest(
                            started_us - max(started_us) over (
                                partition by site_id
                                order by ended_number
                                rows between unbounded preceding and 1 preceding
                            ),
                            0
                        ) as double
                    )
                    / 86400000000
            end as gap_days
        from ended as e
        window
            so_far as (
                partition by site_id order by ended_number rows between unbounded preceding and current row
            )
    ),
    judged as (
        select
            s.*,
            coalesce(
                s.gap_days > p.spend_timed_gap_days
                and s.gap_days > p.spend_silence_gaps * max(s.gap_days) over before
                and count(s.gap_days) over before >= p.spend_gaps_needed,
                false
            ) as is_return
        from spaced as s
        cross join spend_parameters as p
        window
            before as (
                partition by s.site_id order by s.ended_number rows between 8 preceding and 1 preceding
            )
    )
select
    site_id,
    id,
    run_id,
    ended_number,
    started_us,
    ended_us,
    credits,
    is_completion,
    last_started_us,
    max(case when is_return then ended_number else 1 end) over so_far as since_number,
    max(case when not is_return then gap_days end) over eight as longest_gap_days,
    count(case when not is_return then gap_days end) over eight as gaps,
    sum(credits) over so_far as credits_so_far,
    sum(case when not is_return then coalesce(gap_days, 0) else 0 end) over so_far as gaps_so_far,
    sum(case when not is_return then coalesce(gap_days * gap_days, 0) else 0 end) over so_far
    as gap_squares_so_far
from judged
window
    so_far as (partition by site_id order by ended_number rows between unbounded preceding and current row),
    eight as (partition by site_id order by ended_number rows between 7 preceding and current row)
order by site_id, ended_number
