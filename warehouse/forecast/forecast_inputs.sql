-- One row per origin and stage: what waited, and the price, flow, yield and limit known then.
with
    waiting as (
        select o.site_id, o.id, g.stage_number, coalesce(cast(g.snapshot_items as double), 0) as items_waiting
        from forecast_origins as o
        join run_stages as g on g.site_id = o.site_id and g.id = o.id
        where not o.is_live
        union all
        select o.site_id, o.id, i.stage_number, cast(i.pending_items as double)
        from forecast_origins as o
        join pending_items as i on i.site_id = o.site_id
        where o.is_live
    ),
    shared as (
        select
            p.known_on,
            p.stage_number,
            p.has_prices,
            p.has_flow,
            p.price,
            p.within_variance,
            p.between_variance,
            p.output_ratio,
            p.flow_share,
            d.default_credits_per_processed_item as default_price,
            d.default_output_ratio,
            f.account_weight_sites,
            f.flow_weight_items,
            f.output_weight_items,
            h.sufficient_runs
        from platform_lessons as p
        join stage_parameters as d on d.stage_number = p.stage_number
        cross join forecast_parameters as f
        cross join parameters as h
    ),
    learned as (
        select
            o.site_id,
            o.id,
            o.run_id,
            o.is_live,
            w.stage_number,
            w.items_waiting,
            o.known_runs >= s.sufficient_runs and coalesce(l.recent_items_processed, 0) > 0 as has_history,
            l.recent_credits as items_credits,
            coalesce(l.recent_items_processed, 0) as items_processed,
            coalesce(l.recent_items_created, 0) as items_created,
            l.items_limit,
            coalesce(l.recent_items_taken, 0) as items_taken,
            coalesce(l.recent_items_arrived, 0) as items_arrived,
            coalesce(g.items_taken, 0) as site_items_taken,
            coalesce(g.items_arrived, 0) as site_items_arrived,
            l.seconds_per_item,
            coalesce(l.price_items, 0) as price_items,
            l.price_credits / nullif(l.price_items, 0) as own_price,
            l.price_since,
            s.has_prices,
            case
                when not s.has_prices
                then a.price_credits / nullif(a.price_items, 0)
                when coalesce(a.price_sites, 0) = 0
                then s.price
                else
                    (
                        a.price_sites * (a.price_credits / nullif(a.price_items, 0))
                        + s.account_weight_sites * s.price
                    )
                    / nullif(a.price_sites + s.account_weight_sites, 0)
            end as shared_price,
            case when s.has_prices then s.within_variance else 0 end as within_variance,
            s.between_variance,
            coalesce(
                case
                    when s.has_prices then s.output_ratio else b.items_created / nullif(b.items_processed, 0)
                end,
                s.default_output_ratio
            ) as shared_output_ratio,
            coalesce(
                case when s.has_flow then s.flow_share else b.items_taken / nullif(b.items_arrived, 0) end, 1
            ) as shared_flow_share,
            s.default_price,
            s.default_output_ratio,
            s.flow_weight_items,
            s.output_weight_items
        from forecast_origins as o
        join waiting as w on w.site_id = o.site_id and w.id = o.id
        join shared as s on s.stage_number = w.stage_number and s.known_on = o.known_on
        left join site_lessons as g on g.site_id = o.site_id and g.completion_number = o.known_runs
        left join
            stage_lessons as l
            on l.site_id = o.site_id
            and l.stage_number = w.stage_number
            and l.completion_number = o.known_runs
        join account_days as t on t.account_id = o.account_id and t.known_on = o.known_on
        left join
            account_lessons as a
            on a.account_id = o.account_id
            and a.stage_number = w.stage_number
            and a.completed_on = t.completed_on
        left join
            account_flows as b
            on b.account_id = o.account_id
            and b.stage_number = w.stage_number
            and b.completed_on = t.completed_on
    )
select
    site_id,
    id,
    run_id,
    is_live,
    stage_number,
    items_waiting,
    has_history,
    case
        when has_history then items_credits / nullif(items_processed, 0) else default_price
    end as original_price,
    case
        when has_history then items_created / nullif(items_processed, 0) else default_output_ratio
    end as original_output_ratio,
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
    (items_created + output_weight_items * shared_output_ratio)
    / nullif(items_processed + output_weight_items, 0) as output_ratio,
    (
        items_taken
        + flow_weight_items
        * (site_items_taken + flow_weight_items * shared_flow_share)
        / nullif(site_items_arrived + flow_weight_items, 0)
    )
    / nullif(items_arrived + flow_weight_items, 0) as flow_share,
    seconds_per_item,
    case
        when own_price is null and shared_price is null
        then 'default'
        when own_price is null
        then case when has_prices then 'all sites' else 'account' end
        when price_since is not null
        then 'since price break'
        else 'history'
    end as basis,
    price_since
from learned
