-- One row per site and instant forecast from: each past run with a snapshot, and as_of (id 0).
-- A step towards forecasts.
-- Kept as a table: every step of the forecasts starts from it.
-- Renewed: site, by origin.
with
    snapshots as (select site_id, id from run_stages group by site_id, id having count(snapshot_items) > 0),
    past as (
        select
            c.site_id,
            c.id,
            c.run_id,
            false as is_live,
            c.started_at as origin_at,
            cast((c.started_at - interval 1 microsecond) at time zone 'UTC' as date) as known_on,
            k.completions_before as known_runs,
            c.completion_number,
            c.completed_at,
            cast(c.total_credits_used as double) as actual_credits
        from completions as c
        join snapshots as s on s.site_id = c.site_id and s.id = c.id
        join completions_before as k on k.site_id = c.site_id and k.id = c.id
    ),
    origins as (
        select p.*
        from past as p
        union all
        select
            s.site_id,
            l.live_id,
            null,
            true,
            null,
            d.today,
            coalesce(k.completions_known, 0),
            null,
            null,
            null
        from sites as s
        cross join load_day as d
        cross join live_origin as l
        left join known_completions as k on k.site_id = s.site_id
    ),
    measured as (
        select
            c.site_id,
            c.completion_number,
            count(p.id) over (
                partition by c.site_id
                order by c.completion_number
                rows between unbounded preceding and current row
            ) as origins
        from completions as c
        left join past as p on p.site_id = c.site_id and p.id = c.id
    )
select
    o.site_id,
    o.id,
    o.run_id,
    s.account_key as account_id,
    o.is_live,
    o.origin_at,
    o.known_on,
    o.known_runs,
    case
        when o.known_runs < limits.sufficient_runs
        then 0
        when o.known_runs < limits.analyzed_runs
        then limits.sufficient_runs
        else limits.analyzed_runs
    end as known_runs_from,
    coalesce(k.origins, 0) as known_origins,
    m.origins as origin_number,
    o.completion_number,
    o.completed_at,
    cast(o.completed_at at time zone 'UTC' as date) as completed_on,
    o.actual_credits
from origins as o
join sites as s on s.site_id = o.site_id
left join measured as k on k.site_id = o.site_id and k.completion_number = o.known_runs
left join measured as m on m.site_id = o.site_id and m.completion_number = o.completion_number
cross join parameters as limits
order by o.site_id, o.origin_at, o.id
