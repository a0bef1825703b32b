-- One row per stage and day: what all sites had taught of the stage by that UTC midnight.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    limits as (select pool_sites_needed, pool_accounts_needed from forecast_parameters),
    learned as (
        select
            stage_number,
            completed_on,
            items_processed,
            items_created,
            items_taken,
            items_arrived,
            price_items_added,
            price_credits_added,
            price_squares_added,
            price_runs_added,
            case when items_processed > 0 then price_items end as items_after,
            case when items_processed > 0 then price_credits end as credits_after,
            case when items_processed > 0 then price_items - price_items_added end as items_before,
            case when items_processed > 0 then price_credits - price_credits_added end as credits_before
        from stage_lessons
    ),
    days as (
        select
            stage_number,
            completed_on,
            sum(items_processed) as items_processed,
            sum(items_created) as items_created,
            sum(items_taken) as items_taken,
            sum(items_arrived) as items_arrived,
            sum(price_items_added) as price_items,
            sum(price_credits_added) as price_credits,
            sum(price_squares_added) as price_squares,
            sum(price_runs_added) as spare_runs,
            coalesce(sum(items_after * items_after - items_before * items_before), 0) as items_squared,
            coalesce(
                sum(
                    credits_after * credits_after / nullif(items_after, 0)
                    - coalesce(credits_before * credits_before / nullif(items_before, 0), 0)
                ),
                0
            ) as own_squares
        from learned
        group by stage_number, completed_on
    ),
    sites_from as (
        select
            site_id,
            stage_number,
            min(case when items_processed > 0 then completed_on end) as price_on,
            min(case when items_arrived > 0 then completed_on end) as flow_on
        from stage_lessons
        group by site_id, stage_number
    ),
    accounts_from as (
        select
            coalesce(s.account_id, - s.site_id) as account_id,
            f.stage_number,
            min(f.price_on) as price_on,
            min(f.flow_on) as flow_on
        from sites_from as f
        join sites as s on s.site_id = f.site_id
        group by 1, 2
    ),
    counts as (
        select
            stage_number,
            price_on as event_on,
            1 as price_sites,
            0 as price_accounts,
            0 as flow_sites,
            0 as flow_accounts
        from sites_from
        where price_on is not null
        union all
        select stage_number, price_on, 0, 1, 0, 0
        from accounts_from
        where price_on is not null
        union all
        select stage_number, flow_on, 0, 0, 1, 0
        from sites_from
        where flow_on is not null
        union all
        select stage_number, flow_on, 0, 0, 0, 1
        from accounts_from
        where flow_on is not null
    ),
    counted as (
        select
            stage_number,
            event_on,
            sum(price_sites) as price_sites,
            sum(price_accounts) as price_accounts,
            sum(flow_sites) as flow_sites,
            sum(flow_accounts) as flow_accounts
        from counts
        group by stage_number, event_on
    ),
    lookups as (
        select f.stage_number, o.known_on
        from forecast_origins as o
        cross join stage_feeds as f
        group by f.stage_number, o.known_on
    ),
    events as (
        select
            d.stage_number,
            d.completed_on as event_on,
            1 as is_after,
            d.items_processed,
            d.items_created,
            d.items_taken,
            d.items_arrived,
            d.price_items,
            d.price_credits,
            d.items_squared,
            d.own_squares,
            d.price_squares,
            d.spare_runs,
            coalesce(c.price_sites, 0) as price_sites,
            coalesce(c.price_accounts, 0) as price_accounts,
            coalesce(c.flow_sites, 0) as flow_sites,
            coalesce(c.flow_accounts, 0) as flow_accounts
        from days as d
        left join counted as c on c.stage_number = d.stage_number and c.event_on = d.completed_on
        union all
        select stage_number, known_on, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        from lookups
    ),
    sums as (
        select
            stage_number,
            event_on,
            is_after,
            sum(items_processed) over w as items_processed,
            sum(items_created) over w as items_created,
            sum(items_taken) over w as items_taken,
            sum(items_arrived) over w as items_arrived,
            sum(price_items) over w as price_items,
            sum(price_credits) over w as price_credits,
            sum(items_squared) over w as items_squared,
            sum(own_squares) over w as own_squares,
            sum(price_squares) over w as price_squares,
            sum(spare_runs) over w as spare_runs,
            sum(price_sites) over w as price_sites,
            sum(price_accounts) over w as price_accounts,
            sum(flow_sites) over w as flow_sites,
            sum(flow_accounts) over w as flow_accounts
        from events
        window
            w as (
                partition by stage_number
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    judged as (
        select
            s.stage_number,
            s.event_on,
            s.price_sites >= limits.pool_sites_needed
            and s.price_accounts >= limits.pool_accounts_needed as has_prices,
            s.flow_sites >= limits.pool_sites_needed
            and s.flow_accounts >= limits.pool_accounts_needed as has_flow,
            s.items_created / nullif(s.items_processed, 0) as output_ratio,
            s.items_taken / nullif(s.items_arrived, 0) as flow_share,
            s.price_sites,
            s.price_items,
            s.price_credits,
            s.items_squared,
            s.own_squares,
            (s.price_squares - s.own_squares) / nullif(s.spare_runs, 0) as within_variance
        from sums as s
        cross join limits
        where s.is_after = 0
    )
select
    stage_number,
    event_on as known_on,
    has_prices,
    has_flow,
    case when has_prices then output_ratio end as output_ratio,
    case when has_flow then flow_share end as flow_share,
    case when has_prices then price_credits / nullif(price_items, 0) end as price,
    case when has_prices then greatest(within_variance, 0) end as within_variance,
    case
        when has_prices
        then
            greatest(
                (
                    own_squares
                    - price_credits * price_credits / nullif(price_items, 0)
                    - (price_sites - 1) * within_variance
                )
                / nullif(price_items - items_squared / nullif(price_items, 0), 0),
                0
            )
    end as between_variance
from judged
