-- One row per automation run.
-- Kept as a table: run numbers need every run of a site, and nearly every view reads it.
with
    durations as (
        select
            site_id,
            id,
            run_id,
            status,
            trigger_type,
            current_stage,
            started_at,
            completed_at,
            paused_at,
            resumed_at,
            cancelled_at,
            case
                when completed_at >= started_at
                then cast(epoch_us(completed_at) - epoch_us(started_at) as double) / 1e6
            end as duration_seconds,
            case
                when started_at <= paused_at and paused_at <= resumed_at and resumed_at <= completed_at
                then cast(epoch_us(resumed_at) - epoch_us(paused_at) as double) / 1e6
                else 0
            end as pause_seconds,
            total_credits_used,
            initial_snapshot,
            error_message
        from lake.runs
    ),
    numbered as (
        select
            site_id,
            id,
            count(*) over (
                partition by site_id order by started_at range between unbounded preceding and current row
            ) as run_number,
            count(*) over (partition by site_id order by started_at range between current row and current row)
            > 1 as shares_number
        from lake.runs
    )
select
    d.site_id,
    d.id,
    d.run_id,
    n.run_number,
    n.shares_number,
    s.label || ' #' || cast(n.run_number as varchar) as run_title,
    d.status,
    d.trigger_type,
    d.current_stage,
    d.started_at,
    d.completed_at,
    d.paused_at,
    d.resumed_at,
    d.cancelled_at,
    d.duration_seconds,
    d.duration_seconds - d.pause_seconds as active_seconds,
    d.total_credits_used,
    coalesce(t.is_open, false) as is_open,
    coalesce(t.is_ended, false) as is_ended,
    coalesce(t.is_cut_short, false) as is_cut_short,
    l.id is not null as is_stale,
    d.initial_snapshot,
    d.error_message
from durations as d
join numbered as n on n.site_id = d.site_id and n.id = d.id
join sites as s on s.site_id = d.site_id
left join run_statuses as t on t.status = d.status
left join stale_runs as l on l.site_id = d.site_id and l.id = d.id
order by d.site_id, d.started_at, d.id
