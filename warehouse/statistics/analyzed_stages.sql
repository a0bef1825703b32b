-- One row per stage and analyzed run in which it ran: what the averages of stage_history are of.
with limits as (select analyzed_runs from parameters)
select
    g.site_id,
    g.id,
    g.run_id,
    c.completion_number,
    g.stage_number,
    g.stage_name,
    g.credits_used,
    g.items_processed,
    g.items_created
from run_stages as g
join completions as c on c.site_id = g.site_id and c.id = g.id
join known_completions as k on k.site_id = g.site_id
cross join limits
where
    g.has_run
    and c.completion_number <= k.completions_known
    and c.completion_number > k.completions_known - limits.analyzed_runs
