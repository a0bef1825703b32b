-- One row per site: its runs counted and summed, as of the load.
-- Kept as a table: asked of one site at a time.
with
    load as (select epoch_us(as_of) as as_of_us from current_load),
    windows as (
        select
            load.as_of_us,
            load.as_of_us - cast(p.credits_window_days as bigint) * 86400000000 as credits_after_us,
            load.as_of_us - cast(p.duration_window_days as bigint) * 86400000000 as duration_after_us
        from load
        cross join parameters as p
    ),
    placed as (
        select
            r.site_id,
            r.status,
            r.is_open or r.is_ended as is_known,
            r.is_stale,
            r.total_credits_used,
            case
                when epoch_us(r.started_at) > w.credits_after_us and epoch_us(r.started_at) <= w.as_of_us
                then r.total_credits_used
            end as credits_in_window,
            case
                when
                    r.status = 'completed'
                    and epoch_us(r.completed_at) > w.duration_after_us
                    and epoch_us(r.completed_at) <= w.as_of_us
                then r.duration_seconds
            end as duration_in_window
        from runs as r
        cross join windows as w
    ),
    counted as (
        select
            site_id,
            count(*) as total_runs,
            count(case when status = 'completed' then 1 end) as completed_runs,
            count(case when status = 'failed' then 1 end) as failed_runs,
            count(case when status = 'running' then 1 end) as running_runs,
            count(case when status = 'paused' then 1 end) as paused_runs,
            count(case when status = 'cancelled' then 1 end) as cancelled_runs,
            count(case when not is_known then 1 end) as other_runs,
            count(case when is_stale then 1 end) as stale_runs,
            sum(total_credits_used) as total_credits_used,
            sum(credits_in_window) as credits_in_window,
            cast(sum(cast(duration_in_window as decimal(38, 6))) as double)
            / nullif(cast(count(duration_in_window) as double), 0) as avg_duration_in_window
        from placed
        group by site_id
    )
select
    s.site_id,
    coalesce(c.total_runs, 0) as total_runs,
    coalesce(c.completed_runs, 0) as completed_runs,
    coalesce(c.failed_runs, 0) as failed_runs,
    coalesce(c.running_runs, 0) as running_runs,
    coalesce(c.paused_runs, 0) as paused_runs,
    coalesce(c.cancelled_runs, 0) as cancelled_runs,
    coalesce(c.other_runs, 0) as other_runs,
    coalesce(c.stale_runs, 0) as stale_runs,
    cast(c.completed_runs as double)
    / nullif(cast(c.completed_runs + c.failed_runs as double), 0)
    * 100 as success_rate_pct,
    coalesce(c.total_credits_used, 0) as total_credits_used,
    coalesce(c.credits_in_window, 0) as total_credits_last_30_days,
    cast(c.total_credits_used as double) / nullif(cast(c.total_runs as double), 0) as avg_credits_per_run,
    c.avg_duration_in_window as avg_duration_last_7_days_seconds
from sites as s
left join counted as c on c.site_id = s.site_id
order by s.site_id
