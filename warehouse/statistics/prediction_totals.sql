-- One row per site: the rounded predictions of its stages added up, with a buffer and the confidence.
-- Kept as a table: asked of one site at a time.
with
    rounded as (
        select
            site_id,
            cast(sum(pending_items) as bigint) as total_pending_items,
            sum(round(cast(estimated_credits as decimal(38, 9)), 0)) as total_estimated_credits,
            sum(round(cast(estimated_output as decimal(38, 9)), 0)) as total_estimated_output
        from prediction_stages
        group by site_id
    )
select
    r.site_id,
    r.total_pending_items,
    cast(r.total_estimated_credits as decimal(38, 0)) as total_estimated_credits,
    cast(r.total_estimated_output as decimal(38, 0)) as total_estimated_output,
    cast(
        ceil(
            cast(r.total_estimated_credits * p.buffer_pct as decimal(38, 2)) * cast(0.01 as decimal(3, 2))
        ) as decimal(38, 0)
    ) as recommended_buffer_credits,
    case
        when h.total_runs_analyzed >= p.analyzed_runs
        then 'high'
        when h.has_sufficient_data
        then 'medium'
        else 'low'
    end as confidence
from rounded as r
join site_history as h on h.site_id = r.site_id
cross join parameters as p
order by r.site_id
