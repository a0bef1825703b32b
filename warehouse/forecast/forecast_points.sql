-- One row per origin and method: the forecast of the run's credits, output and time, before any interval.
-- Kept as a table: intervals, accuracy and champions are made of it.
with
    points as (
        select
            o.site_id,
            o.id,
            o.account_id,
            o.run_id,
            o.is_live,
            o.origin_at,
            o.known_on,
            o.known_runs,
            o.known_runs_from,
            o.known_origins,
            o.origin_number,
            o.completion_number,
            o.completed_at,
            o.completed_on,
            m.method,
            case
                m.method
                when 'original'
                then f.original_credits
                when 'mean_of_last_10'
                then p.mean_credits
                when 'same_as_last'
                then p.last_credits
                else f.stages_credits * coalesce(p.credits_per_stage_credit, 1)
            end as credits,
            case
                m.method
                when 'original'
                then f.original_output
                when 'mean_of_last_10'
                then p.mean_output
                when 'same_as_last'
                then p.last_output
                else f.output
            end as output,
            case
                m.method
                when 'same_as_last'
                then p.last_seconds
                when 'flow'
                then coalesce(f.stages_seconds * coalesce(p.seconds_per_stage_second, 1), p.mean_seconds)
                else p.mean_seconds
            end as duration_seconds,
            o.actual_credits
        from forecast_origins as o
        join forecast_flow as f on f.site_id = o.site_id and f.id = o.id
        left join site_lessons as p on p.site_id = o.site_id and p.completion_number = o.known_runs
        cross join forecast_methods as m
    )
select
    site_id,
    id,
    account_id,
    run_id,
    is_live,
    origin_at,
    known_on,
    known_runs,
    known_runs_from,
    known_origins,
    origin_number,
    completion_number,
    completed_at,
    completed_on,
    method,
    credits,
    output,
    duration_seconds,
    actual_credits,
    case when credits > 0 and actual_credits > 0 then ln(actual_credits / nullif(credits, 0)) end as log_error
from points
