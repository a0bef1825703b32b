-- One row per part of a run's time: its stages in the pipeline's order, the kept pause, the remainder.
with
    load as (select as_of from current_load),
    pipeline as (select cast(max(stage_number) as integer) as last_stage from stage_parameters),
    measured as (
        select
            g.site_id,
            g.id,
            g.run_id,
            r.is_open,
            r.duration_seconds - r.active_seconds as pause_seconds,
            case
                when r.is_open
                then cast(epoch_us(load.as_of) - epoch_us(r.started_at) as double) / 1e6
                else r.active_seconds
            end
            - coalesce(cast(sum(g.duration_seconds) as double), 0) as remaining_seconds
        from run_stages as g
        join runs as r on r.site_id = g.site_id and r.id = g.id
        cross join load
        group by
            g.site_id,
            g.id,
            g.run_id,
            r.is_open,
            r.duration_seconds,
            r.active_seconds,
            r.started_at,
            load.as_of
    ),
    parts as (
        select
            g.site_id,
            g.id,
            g.run_id,
            cast(g.stage_number as integer) as part_number,
            'stage' as part,
            g.stage_number,
            g.stage_name as label,
            cast(g.duration_seconds as double) as duration_seconds,
            m.remaining_seconds
        from run_stages as g
        join measured as m on m.site_id = g.site_id and m.id = g.id
        where g.duration_seconds is not null
        union all
        select
            site_id, id, run_id, last_stage + 1, 'pause', null, 'Last pause', pause_seconds, remaining_seconds
        from measured
        cross join pipeline
        where pause_seconds > 0
        union all
        select
            site_id,
            id,
            run_id,
            last_stage + 2,
            'remainder',
            null,
            case when is_open then 'No stage accounts for it yet' else 'Not accounted for' end,
            remaining_seconds,
            remaining_seconds
        from measured
        cross join pipeline
        where remaining_seconds > 0
    ),
    placed as (
        select
            p.*,
            sum(p.duration_seconds) over (
                partition by p.site_id, p.id
                order by p.part_number
                rows between unbounded preceding and current row
            ) as ends_after_seconds
        from parts as p
    )
select
    site_id,
    id,
    run_id,
    part_number,
    part,
    stage_number,
    label,
    duration_seconds,
    ends_after_seconds - duration_seconds as starts_after_seconds,
    ends_after_seconds,
    case when remaining_seconds < 0 then - remaining_seconds end as excess_seconds
from placed
