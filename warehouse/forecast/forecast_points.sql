-- One row per origin and method: the forecast of the run's credits, output and time, before any interval.
-- Kept as a table: intervals, accuracy and champions are made of it.
with
    flow as (
        select
            i.site_id,
            i.id,
            i.stage_number,
            i.price,
            i.output_ratio,
            i.seconds_per_item,
            case
                i.stage_number
                when 1
                then f.items_1
                when 2
                then f.items_2
                when 3
                then f.items_3
                when 4
                then f.items_4
                when 5
                then f.items_5
                when 6
                then f.items_6
                else f.items_7
            end as expected_items
        from forecast_inputs as i
        join forecast_flow as f on f.site_id = i.site_id and f.id = i.id
    ),
    flow_totals as (
        select
            site_id,
            id,
            sum(expected_items * price) as credits,
            sum(expected_items * output_ratio) as output,
            sum(expected_items * seconds_per_item) as duration_seconds
        from flow
        group by site_id, id
    ),
    original_totals as (
        select
            site_id,
            id,
            cast(sum(round(cast(items_waiting * original_price as decimal(38, 9)), 0)) as double) as credits,
            cast(
                sum(round(cast(items_waiting * original_output_ratio as decimal(38, 9)), 0)) as double
            ) as output
        from forecast_inputs
        group by site_id, id
    ),
    stages as (
        select
            site_id,
            completion_number,
            cast(sum(credits_used) as double) as stages_credits,
            sum(duration_seconds) as stages_seconds
        from stage_state
        group by site_id, completion_number
    ),
    pasts as (
        select
            s.site_id,
            s.completion_number,
            cast(s.total_credits_used as double)
            / nullif(cast(s.total_runs_analyzed as double), 0) as mean_credits,
            cast(s.items_created as double) / nullif(cast(s.total_runs_analyzed as double), 0) as mean_output,
            cast(s.duration_seconds as double)
            / nullif(cast(s.total_runs_analyzed as double), 0) as mean_seconds,
            cast(c.total_credits_used as double) as last_credits,
            cast(r.items_created as double) as last_output,
            c.duration_seconds as last_seconds,
            cast(s.total_credits_used as double) / nullif(t.stages_credits, 0) as credits_per_stage_credit,
            cast(s.duration_seconds as double) / nullif(t.stages_seconds, 0) as seconds_per_stage_second
        from run_state as s
        join completions as c on c.site_id = s.site_id and c.completion_number = s.completion_number
        join run_summary as r on r.site_id = c.site_id and r.id = c.id
        left join stages as t on t.site_id = s.site_id and t.completion_number = s.completion_number
    ),
    points as (
        select
            o.site_id,
            o.id,
            m.method,
            case
                m.method
                when 'original'
                then b.credits
                when 'mean_of_last_10'
                then p.mean_credits
                when 'same_as_last'
                then p.last_credits
                else f.credits * coalesce(p.credits_per_stage_credit, 1)
            end as credits,
            case
                m.method
                when 'original'
                then b.output
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
                then coalesce(f.duration_seconds * coalesce(p.seconds_per_stage_second, 1), p.mean_seconds)
                else p.mean_seconds
            end as duration_seconds
        from forecast_origins as o
        cross join forecast_methods as m
        join original_totals as b on b.site_id = o.site_id and b.id = o.id
        join flow_totals as f on f.site_id = o.site_id and f.id = o.id
        left join pasts as p on p.site_id = o.site_id and p.completion_number = o.known_runs
    )
select
    p.site_id,
    p.id,
    o.account_id,
    o.run_id,
    o.is_live,
    o.origin_at,
    o.known_on,
    o.known_runs,
    o.known_runs_from,
    o.completion_number,
    o.completed_at,
    o.completed_on,
    p.method,
    p.credits,
    p.output,
    p.duration_seconds,
    o.actual_credits,
    case
        when p.credits > 0 and o.actual_credits > 0 then ln(o.actual_credits / nullif(p.credits, 0))
    end as log_error
from points as p
join forecast_origins as o on o.site_id = p.site_id and o.id = p.id
