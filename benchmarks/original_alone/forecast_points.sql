-- One row per origin: the original's forecast.
-- Kept as a table: as with all methods.
with
    waiting as (
        select site_id, id, stage_number, coalesce(cast(snapshot_items as double), 0) as items
        from run_stages
        union all
        select o.site_id, o.id, i.stage_number, cast(i.pending_items as double)
        from forecast_origins as o
        join pending_items as i on i.site_id = o.site_id
        where o.is_live
    ),
    stages as (
        select
            o.site_id,
            o.id,
            w.items,
            case
                when o.known_runs >= p.sufficient_runs and l.items_processed > 0
                then l.credits / l.items_processed
                else d.default_credits_per_processed_item
            end as price,
            case
                when o.known_runs >= p.sufficient_runs and l.items_processed > 0
                then l.items_created / l.items_processed
                else d.default_output_ratio
            end as output_ratio
        from forecast_origins as o
        join waiting as w on w.site_id = o.site_id and w.id = o.id
        join stage_parameters as d on d.stage_number = w.stage_number
        cross join parameters as p
        left join
            stage_lessons as l
            on l.site_id = o.site_id
            and l.stage_number = w.stage_number
            and l.completion_number = o.known_runs
    ),
    forecasts as (
        select
            site_id,
            id,
            sum(round(cast(cast(items * price as decimal(38, 9)) as double), 0)) as credits,
            sum(round(cast(cast(items * output_ratio as decimal(38, 9)) as double), 0)) as output
        from stages
        group by site_id, id
    )
select
    o.*,
    'original' as method,
    f.credits,
    f.output,
    r.duration_seconds / r.total_runs_analyzed as duration_seconds,
    case when f.credits > 0 and o.actual_credits > 0 then ln(o.actual_credits / f.credits) end as log_error
from forecast_origins as o
join forecasts as f on f.site_id = o.site_id and f.id = o.id
left join run_state as r on r.site_id = o.site_id and r.completion_number = o.known_runs
