-- One row per site, stage and price break: a lasting change of what the stage charges for an item.
with
    limits as (select break_share from forecast_parameters),
    prices as (
        select
            site_id,
            stage_number,
            started_at,
            price_number,
            price_before,
            is_break,
            breaks_so_far,
            items,
            credits
        from stage_prices
    ),
    spans as (
        select
            site_id,
            stage_number,
            breaks_so_far,
            max(case when is_break then started_at end) as since,
            max(case when is_break then price_before end) as rate_before,
            sum(credits) / nullif(sum(items), 0) as rate_after
        from prices
        group by site_id, stage_number, breaks_so_far
    )
select s.site_id, s.stage_number, s.since, s.rate_before, s.rate_after
from spans as s
cross join limits
where
    s.breaks_so_far > 0
    and (
        s.rate_after > s.rate_before * (1 + limits.break_share)
        or s.rate_after * (1 + limits.break_share) < s.rate_before
    )
