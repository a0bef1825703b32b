-- One row per site with a completion by the load's instant: how many, the number of its latest.
-- A step towards histories and comparisons.
with load as (select as_of from current_load)
select c.site_id, count(*) as completions_known
from completions as c
cross join load
where c.completed_at <= load.as_of
group by c.site_id
