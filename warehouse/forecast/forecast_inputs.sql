-- One row per origin and stage: what waited, and the price, flow, yield and limit known then.
-- Kept as a table: every method reads it.
with
    learned as (
        select
            o.site_id,
            o.id,
            o.run_id,
            o.is_live,
            w.stage_number,
            w.items_waiting,
            w.has_history,
            w.original_price,
            w.original_output_ratio,
            p.default_credits_per_processed_item as default_price,
            p.default_output_ratio,
            l.items_limit,
            coalesce(l.items_processed, 0) as items_processed,
            coalesce(l.items_created, 0) as items_created,
            coalesce(l.items_taken, 0) as items_taken,
            coalesce(l.items_arrived, 0) as items_arrived,
            l.seconds_per_item,
            coalesce(l.price_items, 0) as price_items,
            l.price_credits / nullif(l.price_items, 0) as own_price,
            l.price_since,
            s.is_platform,
            s.price as shared_price,
            s.within_variance,
            s.between_variance,
            s.output_ratio as shared_output_ratio,
            s.flow_share as shared_flow_share,
            limits.flow_weight_items,
            limits.output_weight_items
        from forecast_origins as o
        join forecast_waiting as w on w.site_id = o.site_id and w.id = o.id
        join stage_parameters as p on p.stage_number = w.stage_number
        left join
            stage_lessons as l
            on l.site_id = o.site_id
            and l.stage_number = w.stage_number
            and l.completion_number = o.known_runs
        left join
            shared_lessons as s
            on s.account_id = o.account_id
            and s.stage_number = w.stage_number
            and s.known_on = o.known_on
        cross join forecast_parameters as limits
    ),
    shrunk as (
        select
            site_id,
            id,
            run_id,
            is_live,
            stage_number,
            items_waiting,
            has_history,
            original_price,
            original_output_ratio,
            default_price,
            default_output_ratio,
            items_limit,
            items_processed,
            items_created,
            items_taken,
            items_arrived,
            seconds_per_item,
            price_items,
            own_price,
            price_since,
            is_platform,
            shared_price,
            within_variance,
            between_variance,
            shared_output_ratio,
            flow_weight_items,
            output_weight_items,
            (sum(items_taken) over origin + flow_weight_items * coalesce(shared_flow_share, 1))
            / nullif(sum(items_arrived) over origin + flow_weight_items, 0) as site_flow_share
        from learned
        window origin as (partition by site_id, id)
    )
select
    site_id,
    id,
    run_id,
    is_live,
    stage_number,
    items_waiting,
    has_history,
    original_price,
    original_output_ratio,
    items_limit,
    case
        when own_price is null
        then coalesce(shared_price, default_price)
        when shared_price is null or coalesce(within_variance, 0) <= 0
        then own_price
        else
            coalesce(
                (between_variance * price_items * own_price + within_variance * shared_price)
                / nullif(between_variance * price_items + within_variance, 0),
                own_price
            )
    end as price,
    (items_created + output_weight_items * coalesce(shared_output_ratio, default_output_ratio))
    / nullif(items_processed + output_weight_items, 0) as output_ratio,
    (items_taken + flow_weight_items * site_flow_share)
    / nullif(items_arrived + flow_weight_items, 0) as flow_share,
    seconds_per_item,
    case
        when own_price is null and shared_price is null
        then 'default'
        when own_price is null
        then case when is_platform then 'all sites' else 'account' end
        when price_since is not null
        then 'since price break'
        else 'history'
    end as basis,
    price_since
from shrunk
order by site_id, id, stage_number
