-- One row per origin and stage: what waited, and the original method's price and output ratio then.
-- Kept as a table: a step of its own keeps the memory of a load small.
with
    waiting as (
        select o.site_id, o.id, g.stage_number, coalesce(cast(g.snapshot_items as double), 0) as items_waiting
        from forecast_origins as o
        join run_stages as g on g.site_id = o.site_id and g.id = o.id
        where not o.is_live
        union all
        select o.site_id, o.id, i.stage_number, cast(i.pending_items as double)
        from forecast_origins as o
        join pending_items as i on i.site_id = o.site_id
        where o.is_live
    )
select
    o.site_id,
    o.id,
    o.run_id,
    w.stage_number,
    w.items_waiting,
    o.known_runs >= limits.sufficient_runs and coalesce(h.items_processed, 0) > 0 as has_history,
    case
        when o.known_runs >= limits.sufficient_runs and h.items_processed > 0
        then cast(h.credits_used as double) / nullif(cast(h.items_processed as double), 0)
        else p.default_credits_per_processed_item
    end as original_price,
    case
        when o.known_runs >= limits.sufficient_runs and h.items_processed > 0
        then cast(h.items_created as double) / nullif(cast(h.items_processed as double), 0)
        else p.default_output_ratio
    end as original_output_ratio
from forecast_origins as o
join waiting as w on w.site_id = o.site_id and w.id = o.id
join stage_parameters as p on p.stage_number = w.stage_number
left join
    stage_state as h
    on h.site_id = o.site_id
    and h.stage_number = w.stage_number
    and h.completion_number = o.known_runs
cross join parameters as limits
