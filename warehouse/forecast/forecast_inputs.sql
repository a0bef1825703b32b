-- One row per origin and stage: what waited, and the price, flow, yield and limit known then.
-- A step towards forecasts.
-- Renewed: origin.
with
    -- the live one's day says as much of its instant as limits ask
    origins as (
        select o.*, coalesce(o.origin_at, cast(o.known_on as timestamptz)) as from_at
        from forecast_origins as o
    ),
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
            p.version_from,
            p.price,
            p.output_ratio,
            p.flow_share,
            d.default_credits_per_processed_item as default_price,
            d.default_output_ratio,
            coalesce(p.account_weight_sites, f.usual_account_weight) as account_weight_sites,
            p.site_variance,
            f.usual_price_weight,
            f.least_price_weight,
            f.largest_price_weight,
            f.flow_weight_items,
            f.output_weight_created,
            f.limits_learned_from,
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
            coalesce(l.yielding_items, 0) as yielding_items,
            coalesce(l.yielded_items, 0) as yielded_items,
            case
                when
                    (l.limited_at >= s.limits_learned_from or o.from_at < s.limits_learned_from)
                    and (x.is_on is null or l.limited_at >= x.since)
                then l.items_limit
            end as learned_limit,
            case
                when
                    l.limited_at < s.limits_learned_from
                    and o.from_at >= s.limits_learned_from
                    and x.is_on is null
                then l.items_limit
            end as forgotten_limit,
            x.is_on,
            x.item_limit,
            x.credit_limit,
            y.is_on is not null
            and y.is_on = x.is_on
            and (
                not x.is_on or coalesce(y.item_limit, -1) = coalesce(x.item_limit, -1)
            ) as is_stage_as_before,
            y.is_on is not null
            and coalesce(y.credit_limit, -1) = coalesce(x.credit_limit, -1) as is_credit_as_before,
            coalesce(g.credits_per_stage_credit, 1) as credits_per_stage_credit,
            coalesce(l.recent_items_taken, 0) as items_taken,
            coalesce(l.recent_items_arrived, 0) as items_arrived,
            coalesce(g.items_taken, 0) as site_items_taken,
            coalesce(g.items_arrived, 0) as site_items_arrived,
            l.seconds_per_item,
            cast(c.price_runs as double) as price_runs,
            c.price as own_price,
            c.price_since,
            s.price as platform_price,
            coalesce(s.price, s.default_price) as strangers_price,
            cast(a.output_sites as double) as account_sites,
            case
                when 2 * a.paying_sites > a.output_sites
                then exp(a.price_sum / nullif(a.price_sites, 0))
                when a.output_sites > 0
                then 0
            end as account_price,
            s.account_weight_sites,
            case
                when s.site_variance is null
                then s.usual_price_weight
                else
                    least(
                        greatest(c.noise * c.noise / nullif(s.site_variance, 0), s.least_price_weight),
                        s.largest_price_weight
                    )
            end as price_weight_runs,
            coalesce(
                s.output_ratio, a.output_sum / nullif(a.output_sites, 0), s.default_output_ratio
            ) as shared_output_ratio,
            coalesce(s.flow_share, a.flow_sum / nullif(a.flow_sites, 0), 1) as shared_flow_share,
            s.default_price,
            s.default_output_ratio,
            s.flow_weight_items,
            s.output_weight_created
        from origins as o
        join waiting as w on w.site_id = o.site_id and w.id = o.id
        join shared as s on s.stage_number = w.stage_number and s.known_on = o.known_on
        left join
            stage_settings_spans as x
            on x.site_id = o.site_id
            and x.stage_number = w.stage_number
            and case
                when o.is_live
                then x.is_current
                else x.as_of <= o.origin_at and (x.next_as_of is null or x.next_as_of > o.origin_at)
            end
        left join completions as z on z.site_id = o.site_id and z.completion_number = o.known_runs
        left join
            stage_settings_spans as y
            on y.site_id = o.site_id
            and y.stage_number = w.stage_number
            and y.as_of <= z.started_at
            and (y.next_as_of is null or y.next_as_of > z.started_at)
        left join site_lessons as g on g.site_id = o.site_id and g.completion_number = o.known_runs
        left join
            stage_lessons as l
            on l.site_id = o.site_id
            and l.stage_number = w.stage_number
            and l.completion_number = o.known_runs
        left join
            own_prices as c
            on c.site_id = o.site_id
            and c.stage_number = w.stage_number
            and c.price_number = l.price_number
            and c.version_from = s.version_from
        left join account_days as d on d.account_id = o.account_id and d.known_on = o.known_on
        left join
            account_lessons as a
            on a.account_id = d.account_id
            and a.stage_number = w.stage_number
            and a.known_on = d.taught_on
    ),
    priced as (
        select
            l.*,
            case
                when account_price is null
                then platform_price
                when strangers_price > 0 and account_price > 0
                then
                    exp(
                        (account_sites * ln(account_price) + account_weight_sites * ln(strangers_price))
                        / nullif(account_sites + account_weight_sites, 0)
                    )
                else
                    (account_sites * account_price + account_weight_sites * strangers_price)
                    / nullif(account_sites + account_weight_sites, 0)
            end as shared_price
        from learned as l
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
    learned_limit,
    forgotten_limit,
    is_on,
    item_limit,
    credit_limit,
    is_stage_as_before,
    is_credit_as_before,
    credits_per_stage_credit,
    case when not is_on then 0 else least(item_limit, learned_limit) end as items_limit,
    case
        when own_price is null or shared_price is null
        then coalesce(own_price, shared_price, default_price)
        else
            (price_runs * own_price + price_weight_runs * shared_price)
            / nullif(price_runs + price_weight_runs, 0)
    end as price,
    case
        when shared_output_ratio > 0
        then
            (yielded_items + output_weight_created)
            / nullif(yielding_items + output_weight_created / nullif(shared_output_ratio, 0), 0)
        else coalesce(yielded_items / nullif(yielding_items, 0), 0)
    end as output_ratio,
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
        then case when platform_price is not null then 'all sites' else 'account' end
        when price_since is not null
        then 'since price break'
        else 'history'
    end as basis,
    price_since
from priced
