-- One row per completion and stage: sums over ten completions.
-- Kept as a table: as with all methods.
select
    g.site_id,
    g.stage_number,
    c.completion_number,
    sum(cast(g.items_processed as double)) over ten as items_processed,
    sum(cast(g.items_created as double)) over ten as items_created,
    sum(cast(g.credits_used as double)) over ten as credits
from run_stages as g
join completions as c on c.site_id = g.site_id and c.id = g.id
window
    ten as (
        partition by g.site_id, g.stage_number
        order by c.completion_number
        rows between 9 preceding and current row
    )
