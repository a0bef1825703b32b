-- One row per site, stage and price break: a lasting change of what the stage charges for an item.
-- Kept as a table: the alerts of each load ask it of all sites.
with
    limits as (select break_share from forecast_parameters),
    spans as (
        select
            b.site_id,
            b.stage_number,
            b.since,
            b.price_before as rate_before,
            sum(c.credits) / nullif(sum(c.items), 0) as rate_after
        from stage_breaks as b
        join
            stage_charges as c
            on c.site_id = b.site_id
            and c.stage_number = b.stage_number
            and c.price_number >= b.since_number
            and (b.next_number is null or c.price_number < b.next_number)
        group by b.site_id, b.stage_number, b.since, b.price_before
    )
select
    s.site_id,
    s.stage_number,
    s.since,
    s.rate_before,
    s.rate_after,
    (s.rate_after - s.rate_before) / nullif(s.rate_before, 0) * 100 as change_pct
from spans as s
cross join limits
where
    s.rate_after > s.rate_before * (1 + limits.break_share)
    or s.rate_after * (1 + limits.break_share) < s.rate_before
order by s.site_id, s.stage_number, s.since
