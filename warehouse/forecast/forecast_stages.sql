-- One row per site, method and stage: what the next full run will take in, cost, make and last there.
-- Kept as a table: asked of one site at a time.
with
    recent as (
        select c.site_id, c.id, c.completion_number = k.completions_known as is_last
        from known_completions as k
        join completions as c using (site_id)
        cross join parameters as limits
        where
            c.completion_number <= k.completions_known
            and c.completion_number > k.completions_known - limits.analyzed_runs
    ),
    latest as (
        select
            k.site_id,
            g.stage_number,
            avg(cast(g.items_processed as double)) as mean_items,
            avg(cast(g.credits_used as double)) as mean_credits,
            avg(cast(g.items_created as double)) as mean_output,
            avg(cast(g.duration_seconds as double)) as mean_seconds,
            max(case when k.is_last then g.items_processed end) as last_items,
            max(case when k.is_last then g.credits_used end) as last_credits,
            max(case when k.is_last then g.items_created end) as last_output,
            max(case when k.is_last then g.duration_seconds end) as last_seconds
        from recent as k
        join run_stages as g using (site_id, id)
        group by k.site_id, g.stage_number
    )
select
    i.site_id,
    m.method,
    i.stage_number,
    case
        m.method
        when 'original'
        then i.items_waiting
        when 'mean_of_last_10'
        then l.mean_items
        when 'same_as_last'
        then cast(l.last_items as double)
        when 'flow'
        then f.expected_items
    end as expected_items,
    case
        m.method
        when 'original'
        then i.items_waiting * i.original_price
        when 'mean_of_last_10'
        then l.mean_credits
        when 'same_as_last'
        then cast(l.last_credits as double)
        when 'flow'
        then f.credits
    end as credits,
    case
        m.method
        when 'original'
        then i.items_waiting * i.original_output_ratio
        when 'mean_of_last_10'
        then l.mean_output
        when 'same_as_last'
        then cast(l.last_output as double)
        when 'flow'
        then f.output
    end as output,
    case
        m.method
        when 'same_as_last'
        then cast(l.last_seconds as double)
        when 'flow'
        then f.duration_seconds
        when 'original'
        then l.mean_seconds
        when 'mean_of_last_10'
        then l.mean_seconds
    end as duration_seconds,
    case
        m.method
        when 'original'
        then case when i.has_history then 'history' else 'default' end
        when 'flow'
        then i.basis
        else case when l.site_id is null then 'none' else 'history' end
    end as basis,
    case when m.method = 'flow' then f.items_limit end as items_limit,
    case when m.method = 'flow' then f.bound_by end as bound_by
from forecast_inputs as i
join forecast_flow as f using (site_id, id, stage_number)
cross join forecast_methods as m
left join latest as l using (site_id, stage_number)
where i.is_live and f.is_live and not f.is_told
order by i.site_id, m.method, i.stage_number
