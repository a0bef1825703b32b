-- One row per account, stage and day on which a run of it completed: what its sites paid by its end.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    days as (
        select
            coalesce(s.account_id, - s.site_id) as account_id,
            l.stage_number,
            l.completed_on,
            sum(l.price_items_added) as price_items,
            sum(l.price_credits_added) as price_credits,
            sum(l.price_sites_added) as price_sites
        from stage_lessons as l
        join sites as s on s.site_id = l.site_id
        group by 1, 2, 3
    )
select
    account_id,
    stage_number,
    completed_on,
    sum(price_items) over w as price_items,
    sum(price_credits) over w as price_credits,
    sum(price_sites) over w as price_sites
from days
window
    w as (
        partition by account_id, stage_number
        order by completed_on
        rows between unbounded preceding and current row
    )
