-- One row per site: each window of run_statistics beside the window of the same length before it.
with
    load as (select epoch_us(as_of) as as_of_us from current_load),
    windows as (
        select
            load.as_of_us - cast(p.credits_window_days as bigint) * 86400000000 as credits_until_us,
            load.as_of_us - cast(p.credits_window_days as bigint) * 2 * 86400000000 as credits_after_us,
            load.as_of_us - cast(p.duration_window_days as bigint) * 86400000000 as duration_until_us,
            load.as_of_us - cast(p.duration_window_days as bigint) * 2 * 86400000000 as duration_after_us
        from load
        cross join parameters as p
    ),
    before as (
        select
            r.site_id,
            sum(
                case
                    when
                        epoch_us(r.started_at) > w.credits_after_us
                        and epoch_us(r.started_at) <= w.credits_until_us
                    then r.total_credits_used
                end
            ) as credits,
            sum(
                case
                    when
                        r.status = 'completed'
                        and epoch_us(r.completed_at) > w.duration_after_us
                        and epoch_us(r.completed_at) <= w.duration_until_us
                    then cast(r.duration_seconds as decimal(38, 6))
                end
            ) as duration_seconds,
            count(
                case
                    when
                        r.status = 'completed'
                        and epoch_us(r.completed_at) > w.duration_after_us
                        and epoch_us(r.completed_at) <= w.duration_until_us
                    then r.duration_seconds
                end
            ) as durations
        from runs as r
        cross join windows as w
        group by r.site_id
    ),
    averaged as (
        select
            site_id,
            credits,
            cast(duration_seconds as double) / nullif(cast(durations as double), 0) as avg_duration
        from before
    )
select
    s.site_id,
    s.total_credits_last_30_days,
    coalesce(b.credits, 0) as total_credits_30_days_before,
    (cast(s.total_credits_last_30_days as double) - cast(b.credits as double))
    / nullif(cast(b.credits as double), 0)
    * 100 as credits_change_pct,
    s.avg_duration_last_7_days_seconds,
    b.avg_duration as avg_duration_7_days_before_seconds,
    (s.avg_duration_last_7_days_seconds - b.avg_duration)
    / nullif(b.avg_duration, 0)
    * 100 as duration_change_pct
from run_statistics as s
left join averaged as b on b.site_id = s.site_id
