-- One row per part of a run's time: its stages in the pipeline's order, the kept pause, the remainder.
with
    measured as (
        select site_id, id, run_id, cast(sum(duration_seconds) as double) as stages_seconds
        from run_stages
        group by site_id, id, run_id
    ),
    left_over as (
        select
            r.site_id,
            r.id,
            r.run_id,
            r.duration_seconds - r.active_seconds as pause_seconds,
            r.active_seconds - coalesce(m.stages_seconds, 0) as remaining_seconds
        from runs as r
        join measured as m on m.site_id = r.site_id and m.id = r.id
        where r.duration_seconds is not null
    ),
    parts as (
        select
            site_id,
            id,
            run_id,
            cast(stage_number as integer) as part_number,
            'stage' as part,
            stage_number,
            stage_name as label,
            cast(duration_seconds as double) as duration_seconds
        from run_stages
        where duration_seconds is not null
        union all
        select site_id, id, run_id, 8, 'pause', null, 'Last pause', pause_seconds
        from left_over
        where pause_seconds > 0
        union all
        select site_id, id, run_id, 9, 'remainder', null, 'Not accounted for', remaining_seconds
        from left_over
        where remaining_seconds > 0
    ),
    placed as (
        select
            site_id,
            id,
            run_id,
            part_number,
            part,
            stage_number,
            label,
            duration_seconds,
            sum(duration_seconds) over (
                partition by site_id, id order by part_number rows between unbounded preceding and current row
            ) as ends_after_seconds
        from parts
    )
select
    p.site_id,
    p.id,
    p.run_id,
    p.part_number,
    p.part,
    p.stage_number,
    p.label,
    p.duration_seconds,
    p.ends_after_seconds - p.duration_seconds as starts_after_seconds,
    p.ends_after_seconds,
    case when l.remaining_seconds < 0 then - l.remaining_seconds end as excess_seconds
from placed as p
left join left_over as l on l.site_id = p.site_id and l.id = p.id
