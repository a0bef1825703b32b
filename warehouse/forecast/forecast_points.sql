-- One row per origin and method: the forecast of the run's credits, output and time, before any interval.
-- A step towards forecasts.
-- Kept as a table: intervals, accuracy and champions are made of it.
-- Renewed: origin.
-- In parts, by site_id: the flows of all origins at once are more than a load's memory holds.
with
    known as (select settings from settings_seen),
    flows as (
        select
            site_id,
            id,
            is_told,
            sum(credits) * max(credits_per_stage_credit) as credits,
            sum(output) as output,
            sum(duration_seconds) as duration_seconds,
            sum(original_credits) as original_credits,
            sum(original_output) as original_output,
            max(credit_limit) as credit_limit,
            max(credits_at_most) as credits_at_most,
            max(case when is_limited then 1 else 0 end) as limited,
            max(case when is_limited_anew then 1 else 0 end) as limited_anew,
            max(case when is_limit_forgotten then 1 else 0 end) as forgotten_limits,
            max(case when has_settings then 1 else 0 end) as settings
        from forecast_flow
        group by site_id, id, is_told
    ),
    methods as (
        select
            f.site_id,
            f.id,
            'original' as method,
            f.original_credits as credits,
            f.original_output as output,
            p.mean_seconds as duration_seconds
        from flows as f
        join forecast_origins as o on o.site_id = f.site_id and o.id = f.id
        left join site_lessons as p on p.site_id = o.site_id and p.completion_number = o.known_runs
        where not f.is_told
        union all
        select o.site_id, o.id, 'mean_of_last_10', p.mean_credits, p.mean_output, p.mean_seconds
        from forecast_origins as o
        left join site_lessons as p on p.site_id = o.site_id and p.completion_number = o.known_runs
        union all
        select o.site_id, o.id, 'same_as_last', p.last_credits, p.last_output, p.last_seconds
        from forecast_origins as o
        left join site_lessons as p on p.site_id = o.site_id and p.completion_number = o.known_runs
        union all
        select
            f.site_id,
            f.id,
            'flow',
            f.credits,
            f.output,
            coalesce(f.duration_seconds * coalesce(p.seconds_per_stage_second, 1), p.mean_seconds)
        from flows as f
        join forecast_origins as o on o.site_id = f.site_id and o.id = f.id
        left join site_lessons as p on p.site_id = o.site_id and p.completion_number = o.known_runs
        where not f.is_told
        union all
        -- what flow would have said, told what held the run: its errors are those of flow under known limits,
        -- and its record is flow's before the settings were known
        select o.site_id, o.id, 'flow_told', f.credits, null, null
        from forecast_origins as o
        cross join known
        left join flows as f on f.site_id = o.site_id and f.id = o.id and f.is_told
        where known.settings > 0
    )
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
    case when m.method = 'flow' and f.settings > 0 then 'flow_told' else m.method end as errors_of,
    case when m.method = 'flow_told' and f.settings > 0 then f.credits else m.credits end as credits,
    m.output,
    m.duration_seconds,
    case when m.method = 'flow' then f.credit_limit end as credit_limit,
    case when m.method = 'flow' then f.credits_at_most end as credits_at_most,
    m.method = 'flow' and f.limited > 0 as is_limited,
    m.method = 'flow' and f.limited_anew > 0 as is_limited_anew,
    f.forgotten_limits > 0 as is_limit_forgotten,
    o.actual_credits,
    case
        when m.credits > 0 and o.actual_credits > 0 then ln(o.actual_credits / nullif(m.credits, 0))
    end as log_error
from methods as m
join forecast_origins as o on o.site_id = m.site_id and o.id = m.id
join flows as f on f.site_id = m.site_id and f.id = m.id and not f.is_told
