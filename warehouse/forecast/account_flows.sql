-- One row per account, stage and day while all sites are too few: what went in and out by its end.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    ends as (
        select p.stage_number, max(p.known_on) as known_on
        from platform_lessons as p
        join stage_feeds as f on f.stage_number = p.stage_number
        where not p.has_prices or (not p.has_flow and f.fed_by is not null)
        group by p.stage_number
    ),
    days as (
        select
            coalesce(s.account_id, - s.site_id) as account_id,
            l.stage_number,
            l.completed_on,
            sum(l.items_processed) as items_processed,
            sum(l.items_created) as items_created,
            sum(l.items_taken) as items_taken,
            sum(l.items_arrived) as items_arrived
        from stage_lessons as l
        join ends as e on e.stage_number = l.stage_number and l.completed_on < e.known_on
        join sites as s on s.site_id = l.site_id
        group by 1, 2, 3
    )
select
    account_id,
    stage_number,
    completed_on,
    sum(items_processed) over w as items_processed,
    sum(items_created) over w as items_created,
    sum(items_taken) over w as items_taken,
    sum(items_arrived) over w as items_arrived
from days
window
    w as (
        partition by account_id, stage_number
        order by completed_on
        rows between unbounded preceding and current row
    )
