-- One row per account, stage and day: what its sites and all sites had taught by that UTC midnight.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    limits as (select pool_sites_needed, pool_accounts_needed, account_weight_sites from forecast_parameters),
    owners as (select site_id, coalesce(account_id, - site_id) as account_id from sites),
    steps as (
        select
            site_id,
            stage_number,
            completed_at,
            price_items - lag(price_items, 1, 0) over w as price_items,
            price_credits - lag(price_credits, 1, 0) over w as price_credits,
            price_items * price_items - lag(price_items * price_items, 1, 0) over w as items_squared,
            price_credits * price_credits / nullif(price_items, 0)
            - lag(price_credits * price_credits / nullif(price_items, 0), 1, 0) over w as own_squares,
            price_squares - lag(price_squares, 1, 0) over w as price_squares,
            price_runs - lag(price_runs, 1, 1) over w as spare_runs,
            case when price_number = 1 then 1 else 0 end as price_sites
        from stage_prices
        window w as (partition by site_id, stage_number order by price_number)
    ),
    price_days as (
        select
            o.account_id,
            s.stage_number,
            cast(s.completed_at at time zone 'UTC' as date) as event_on,
            sum(s.price_items) as price_items,
            sum(s.price_credits) as price_credits,
            sum(s.items_squared) as items_squared,
            sum(s.own_squares) as own_squares,
            sum(s.price_squares) as price_squares,
            sum(s.spare_runs) as spare_runs,
            sum(s.price_sites) as price_sites
        from steps as s
        join owners as o on o.site_id = s.site_id
        group by 1, 2, 3
    ),
    arrivals as (
        select
            site_id,
            stage_number,
            completed_at,
            items_processed,
            items_created,
            items_taken,
            items_arrived,
            case
                when
                    items_arrived > 0
                    and sum(items_arrived) over (
                        partition by site_id, stage_number
                        order by completion_number
                        rows between unbounded preceding and current row
                    )
                    = items_arrived
                then 1
                else 0
            end as flow_sites
        from stage_passages
        where items_processed > 0 or items_arrived > 0
    ),
    flow_days as (
        select
            o.account_id,
            a.stage_number,
            cast(a.completed_at at time zone 'UTC' as date) as event_on,
            sum(a.items_processed) as items_processed,
            sum(a.items_created) as items_created,
            sum(a.items_taken) as items_taken,
            sum(a.items_arrived) as items_arrived,
            sum(a.flow_sites) as flow_sites
        from arrivals as a
        join owners as o on o.site_id = a.site_id
        group by 1, 2, 3
    ),
    days as (
        select
            f.account_id,
            f.stage_number,
            f.event_on,
            f.items_processed,
            f.items_created,
            f.items_taken,
            f.items_arrived,
            f.flow_sites,
            coalesce(p.price_items, 0) as price_items,
            coalesce(p.price_credits, 0) as price_credits,
            coalesce(p.items_squared, 0) as items_squared,
            coalesce(p.own_squares, 0) as own_squares,
            coalesce(p.price_squares, 0) as price_squares,
            coalesce(p.spare_runs, 0) as spare_runs,
            coalesce(p.price_sites, 0) as price_sites
        from flow_days as f
        left join
            price_days as p
            on p.account_id = f.account_id
            and p.stage_number = f.stage_number
            and p.event_on = f.event_on
    ),
    lookups as (
        select o.account_id, f.stage_number, o.known_on
        from forecast_origins as o
        cross join stage_feeds as f
        group by o.account_id, f.stage_number, o.known_on
    ),
    account_events as (
        select
            account_id,
            stage_number,
            event_on,
            1 as is_after,
            items_processed,
            items_created,
            items_taken,
            items_arrived,
            price_items,
            price_credits,
            price_sites
        from days
        union all
        select account_id, stage_number, known_on, 0, 0, 0, 0, 0, 0, 0, 0
        from lookups
    ),
    account_sums as (
        select
            account_id,
            stage_number,
            event_on,
            is_after,
            sum(items_processed) over w as items_processed,
            sum(items_created) over w as items_created,
            sum(items_taken) over w as items_taken,
            sum(items_arrived) over w as items_arrived,
            sum(price_items) over w as price_items,
            sum(price_credits) over w as price_credits,
            sum(price_sites) over w as price_sites
        from account_events
        window
            w as (
                partition by account_id, stage_number
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    first_days as (
        select account_id, stage_number, min(event_on) as event_on, 1 as price_accounts, 0 as flow_accounts
        from days
        where price_sites > 0
        group by account_id, stage_number
        union all
        select account_id, stage_number, min(event_on), 0, 1
        from days
        where flow_sites > 0
        group by account_id, stage_number
    ),
    platform_events as (
        select
            stage_number,
            event_on,
            1 as is_after,
            sum(items_processed) as items_processed,
            sum(items_created) as items_created,
            sum(items_taken) as items_taken,
            sum(items_arrived) as items_arrived,
            sum(flow_sites) as flow_sites,
            sum(price_items) as price_items,
            sum(price_credits) as price_credits,
            sum(items_squared) as items_squared,
            sum(own_squares) as own_squares,
            sum(price_squares) as price_squares,
            sum(spare_runs) as spare_runs,
            sum(price_sites) as price_sites,
            0 as flow_accounts,
            0 as price_accounts
        from days
        group by stage_number, event_on
        union all
        select
            stage_number,
            event_on,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            sum(flow_accounts),
            sum(price_accounts)
        from first_days
        group by stage_number, event_on
        union all
        select stage_number, known_on, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        from lookups
        group by stage_number, known_on
    ),
    platform_sums as (
        select
            stage_number,
            event_on,
            is_after,
            sum(items_processed) over w as items_processed,
            sum(items_created) over w as items_created,
            sum(items_taken) over w as items_taken,
            sum(items_arrived) over w as items_arrived,
            sum(flow_sites) over w as flow_sites,
            sum(flow_accounts) over w as flow_accounts,
            sum(price_items) over w as price_items,
            sum(price_credits) over w as price_credits,
            sum(items_squared) over w as items_squared,
            sum(own_squares) over w as own_squares,
            sum(price_squares) over w as price_squares,
            sum(spare_runs) over w as spare_runs,
            sum(price_sites) over w as price_sites,
            sum(price_accounts) over w as price_accounts
        from platform_events
        window
            w as (
                partition by stage_number
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    platform as (
        select
            p.stage_number,
            p.event_on,
            p.price_sites >= limits.pool_sites_needed
            and p.price_accounts >= limits.pool_accounts_needed as has_prices,
            p.flow_sites >= limits.pool_sites_needed
            and p.flow_accounts >= limits.pool_accounts_needed as has_flow,
            p.items_created / nullif(p.items_processed, 0) as output_ratio,
            p.items_taken / nullif(p.items_arrived, 0) as flow_share,
            p.price_credits / nullif(p.price_items, 0) as price,
            (p.price_squares - p.own_squares) / nullif(p.spare_runs, 0) as within_variance,
            (
                p.own_squares
                - p.price_credits * p.price_credits / nullif(p.price_items, 0)
                - (p.price_sites - 1) * (p.price_squares - p.own_squares) / nullif(p.spare_runs, 0)
            )
            / nullif(p.price_items - p.items_squared / nullif(p.price_items, 0), 0) as between_variance
        from platform_sums as p
        cross join limits
        where p.is_after = 0
    )
select
    a.account_id,
    a.stage_number,
    a.event_on as known_on,
    p.has_prices as is_platform,
    case
        when p.has_prices then p.output_ratio else a.items_created / nullif(a.items_processed, 0)
    end as output_ratio,
    case when p.has_flow then p.flow_share else a.items_taken / nullif(a.items_arrived, 0) end as flow_share,
    case
        when not p.has_prices
        then a.price_credits / nullif(a.price_items, 0)
        when a.price_sites = 0
        then p.price
        else
            (
                a.price_sites * (a.price_credits / nullif(a.price_items, 0))
                + limits.account_weight_sites * p.price
            )
            / nullif(a.price_sites + limits.account_weight_sites, 0)
    end as price,
    case when p.has_prices then greatest(p.within_variance, 0) end as within_variance,
    case when p.has_prices then greatest(p.between_variance, 0) end as between_variance
from account_sums as a
join platform as p on p.stage_number = a.stage_number and p.event_on = a.event_on
cross join limits
where a.is_after = 0
