-- One row per account, stage and day on which a run of it completed: what its sites taught by its end.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    rates as (
        select
            l.site_id,
            coalesce(s.account_id, - s.site_id) as account_id,
            l.stage_number,
            l.completion_number,
            l.completed_on,
            case when l.price_credits > 0 then 1 else 0 end as pays,
            last_value(
                case
                    when l.price_credits > 0 then ln(l.price_credits / nullif(l.price_items, 0))
                end ignore nulls
            ) over so_far as log_price,
            last_value(l.recent_items_created / nullif(l.recent_items_processed, 0) ignore nulls) over so_far
            as output_ratio,
            last_value(l.recent_items_taken / nullif(l.recent_items_arrived, 0) ignore nulls) over so_far
            as flow_share
        from stage_lessons as l
        join sites as s on s.site_id = l.site_id
        window
            so_far as (
                partition by l.site_id, l.stage_number
                order by l.completion_number
                rows between unbounded preceding and current row
            )
    ),
    steps as (
        select
            account_id,
            stage_number,
            completed_on,
            pays - lag(pays, 1, 0) over w as paying_sites,
            case
                when log_price is not null and lag(log_price) over w is null then 1 else 0
            end as price_sites,
            coalesce(log_price, 0) - coalesce(lag(log_price) over w, 0) as price_sum,
            case
                when output_ratio is not null and lag(output_ratio) over w is null then 1 else 0
            end as output_sites,
            coalesce(output_ratio, 0) - coalesce(lag(output_ratio) over w, 0) as output_sum,
            case
                when flow_share is not null and lag(flow_share) over w is null then 1 else 0
            end as flow_sites,
            coalesce(flow_share, 0) - coalesce(lag(flow_share) over w, 0) as flow_sum
        from rates
        window w as (partition by site_id, stage_number order by completion_number)
    ),
    days as (
        select
            account_id,
            stage_number,
            completed_on,
            sum(paying_sites) as paying_sites,
            sum(price_sites) as price_sites,
            sum(price_sum) as price_sum,
            sum(output_sites) as output_sites,
            sum(output_sum) as output_sum,
            sum(flow_sites) as flow_sites,
            sum(flow_sum) as flow_sum
        from steps
        group by account_id, stage_number, completed_on
    )
select
    account_id,
    stage_number,
    completed_on,
    lead(completed_on) over (partition by account_id, stage_number order by completed_on) as next_on,
    cast(sum(paying_sites) over w as bigint) as paying_sites,
    cast(sum(price_sites) over w as bigint) as price_sites,
    sum(price_sum) over w as price_sum,
    cast(sum(output_sites) over w as bigint) as output_sites,
    sum(output_sum) over w as output_sum,
    cast(sum(flow_sites) over w as bigint) as flow_sites,
    sum(flow_sum) over w as flow_sum
from days
window
    w as (
        partition by account_id, stage_number
        order by completed_on
        rows between unbounded preceding and current row
    )
