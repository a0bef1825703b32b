-- One row per site, method and stage: what the next full run will take in, cost, make and last there.
-- Kept as a table: asked of one site at a time.
with
    latest as (
        select
            k.site_id,
            g.stage_number,
            avg(cast(g.items_processed as double)) as mean_items,
            avg(cast(g.credits_used as double)) as mean_credits,
            avg(cast(g.items_created as double)) as mean_output,
            avg(cast(g.duration_seconds as double)) as mean_seconds,
            max(case when c.completion_number = k.completions_known then g.items_processed end) as last_items,
            max(case when c.completion_number = k.completions_known then g.credits_used end) as last_credits,
            max(case when c.completion_number = k.completions_known then g.items_created end) as last_output,
            max(
                case when c.completion_number = k.completions_known then g.duration_seconds end
            ) as last_seconds
        from known_completions as k
        join completions as c on c.site_id = k.site_id
        join run_stages as g on g.site_id = c.site_id and g.id = c.id
        cross join parameters as limits
        where
            c.completion_number <= k.completions_known
            and c.completion_number > k.completions_known - limits.analyzed_runs
        group by k.site_id, g.stage_number
    ),
    expected as (
        select
            i.site_id,
            i.stage_number,
            i.items_waiting,
            i.original_price,
            i.original_output_ratio,
            i.has_history,
            i.basis,
            f.expected_items as flow_items,
            f.credits as flow_credits,
            f.output as flow_output,
            f.duration_seconds as flow_seconds,
            f.items_limit,
            f.bound_by
        from forecast_inputs as i
        join forecast_flow as f on f.site_id = i.site_id and f.id = i.id and f.stage_number = i.stage_number
        where i.is_live and f.is_live and not f.is_told
    )
select
    e.site_id,
    m.method,
    e.stage_number,
    case
        m.method
        when 'original'
        then e.items_waiting
        when 'mean_of_last_10'
        then l.mean_items
        when 'same_as_last'
        then cast(l.last_items as double)
        when 'flow'
        then e.flow_items
    end as expected_items,
    case
        m.method
        when 'original'
        then e.items_waiting * e.original_price
        when 'mean_of_last_10'
        then l.mean_credits
        when 'same_as_last'
        then cast(l.last_credits as double)
        when 'flow'
        then e.flow_credits
    end as credits,
    case
        m.method
        when 'original'
        then e.items_waiting * e.original_output_ratio
        when 'mean_of_last_10'
        then l.mean_output
        when 'same_as_last'
        then cast(l.last_output as double)
        when 'flow'
        then e.flow_output
    end as output,
    case
        m.method
        when 'same_as_last'
        then cast(l.last_seconds as double)
        when 'flow'
        then e.flow_seconds
        when 'original'
        then l.mean_seconds
        when 'mean_of_last_10'
        then l.mean_seconds
    end as duration_seconds,
    case
        m.method
        when 'original'
        then case when e.has_history then 'history' else 'default' end
        when 'flow'
        then e.basis
        else case when l.site_id is null then 'none' else 'history' end
    end as basis,
    case when m.method = 'flow' then e.items_limit end as items_limit,
    case when m.method = 'flow' then e.bound_by end as bound_by
from expected as e
cross join forecast_methods as m
left join latest as l on l.site_id = e.site_id and l.stage_number = e.stage_number
order by e.site_id, m.method, e.stage_number
