-- One row per account, stage and day on which a site taught: what all its sites had taught by its end.
-- A step towards forecasts.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
-- Renewed: account.
with
    flows as (
        select
            site_id,
            stage_number,
            completion_number,
            completed_on,
            last_value(recent_items_created / nullif(recent_items_processed, 0) ignore nulls) over so_far
            as output_ratio,
            last_value(recent_items_taken / nullif(recent_items_arrived, 0) ignore nulls) over so_far
            as flow_share
        from stage_lessons
        window
            so_far as (
                partition by site_id, stage_number
                order by completion_number
                rows between unbounded preceding and current row
            )
    ),
    prices as (
        select
            site_id,
            stage_number,
            price_number,
            version_from,
            known_after,
            case when price > 0 then 1 else 0 end as pays,
            last_value(case when price > 0 then ln(price) end ignore nulls) over so_far as log_price
        from own_prices
        window
            so_far as (
                partition by site_id, stage_number
                order by price_number, version_from
                rows between unbounded preceding and current row
            )
    ),
    steps as (
        select
            site_id,
            stage_number,
            known_after as event_on,
            pays - lag(pays, 1, 0) over w as paying_sites,
            case
                when log_price is not null and lag(log_price) over w is null then 1 else 0
            end as price_sites,
            coalesce(log_price, 0) - coalesce(lag(log_price) over w, 0) as price_sum,
            coalesce(log_price * log_price, 0)
            - coalesce(lag(log_price) over w * lag(log_price) over w, 0) as price_squares,
            0 as output_sites,
            0 as output_sum,
            0 as flow_sites,
            0 as flow_sum
        from prices
        window w as (partition by site_id, stage_number order by price_number, version_from)
        union all
        select
            site_id,
            stage_number,
            completed_on,
            0,
            0,
            0,
            0,
            case when output_ratio is not null and lag(output_ratio) over w is null then 1 else 0 end,
            coalesce(output_ratio, 0) - coalesce(lag(output_ratio) over w, 0),
            case when flow_share is not null and lag(flow_share) over w is null then 1 else 0 end,
            coalesce(flow_share, 0) - coalesce(lag(flow_share) over w, 0)
        from flows
        window w as (partition by site_id, stage_number order by completion_number)
    ),
    events as (
        select
            s.account_key as account_id,
            t.stage_number,
            t.event_on as known_on,
            sum(t.paying_sites) as paying_sites,
            sum(t.price_sites) as price_sites,
            sum(t.price_sum) as price_sum,
            sum(t.price_squares) as price_squares,
            sum(t.output_sites) as output_sites,
            sum(t.output_sum) as output_sum,
            sum(t.flow_sites) as flow_sites,
            sum(t.flow_sum) as flow_sum
        from steps as t
        join sites as s on s.site_id = t.site_id
        group by s.account_key, t.stage_number, t.event_on
    ),
    days as (select account_id, known_on from events group by account_id, known_on),
    -- a day has all stages, so that one day is looked up for all of them
    taught as (
        select
            d.account_id,
            p.stage_number,
            d.known_on,
            coalesce(e.paying_sites, 0) as paying_sites,
            coalesce(e.price_sites, 0) as price_sites,
            coalesce(e.price_sum, 0) as price_sum,
            coalesce(e.price_squares, 0) as price_squares,
            coalesce(e.output_sites, 0) as output_sites,
            coalesce(e.output_sum, 0) as output_sum,
            coalesce(e.flow_sites, 0) as flow_sites,
            coalesce(e.flow_sum, 0) as flow_sum
        from days as d
        cross join stage_parameters as p
        left join
            events as e
            on e.account_id = d.account_id
            and e.stage_number = p.stage_number
            and e.known_on = d.known_on
    )
select
    account_id,
    stage_number,
    known_on,
    cast(sum(paying_sites) over w as bigint) as paying_sites,
    cast(sum(price_sites) over w as bigint) as price_sites,
    sum(price_sum) over w as price_sum,
    sum(price_squares) over w as price_squares,
    cast(sum(output_sites) over w as bigint) as output_sites,
    -- what goes up and comes down again leaves binary noise, which is no share: a forecast of it is not 0
    round(sum(output_sum) over w, 12) as output_sum,
    cast(sum(flow_sites) over w as bigint) as flow_sites,
    round(sum(flow_sum) over w, 12) as flow_sum
from taught
window
    w as (
        partition by account_id, stage_number
        order by known_on
        rows between unbounded preceding and current row
    )
