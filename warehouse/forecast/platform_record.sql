-- One row per method, band of known runs and day: how all sites' forecasts had done by that UTC midnight.
-- A step towards forecasts.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
-- Renewed: day.
with
    limits as (
        select
            pool_sites_needed,
            pool_accounts_needed,
            pooled_errors,
            record_days,
            record_origins,
            significant_digits
        from forecast_parameters
    ),
    asked as (
        select
            row_number() over (order by method, known_runs_from, known_on) as pool,
            method,
            known_runs_from,
            known_on
        from forecast_days
    ),
    measured as (
        select
            p.method,
            p.known_runs_from,
            p.site_id,
            p.account_id,
            p.completed_on,
            p.log_error,
            case when not p.is_limit_forgotten then abs(p.credits - p.actual_credits) end as absolute_error,
            case when not p.is_limit_forgotten then p.actual_credits end as actual_credits,
            count(*) over (
                partition by p.method, p.known_runs_from
                order by p.completed_at, p.site_id, p.id
                rows between unbounded preceding and current row
            ) as origin_number
        from forecast_points as p
        where not p.is_live and p.credits is not null
    ),
    origins as (
        select m.*, floor(m.origin_number / nullif(limits.pooled_errors, 0)) as block
        from measured as m
        cross join limits
    ),
    events as (
        select method, known_runs_from, completed_on as event_on, null as pool, count(*) as origins
        from origins
        group by method, known_runs_from, completed_on
        union all
        select method, known_runs_from, known_on, pool, 0
        from asked
    ),
    -- a day's own completions come after what is asked as of its midnight
    counted as (
        select
            e.*,
            cast(
                sum(e.origins) over (
                    partition by e.method, e.known_runs_from
                    order by e.event_on, e.pool nulls last
                    rows between unbounded preceding and current row
                ) as bigint
            ) as origins_before
        from events as e
    ),
    blocks as (
        select c.*, floor(c.origins_before / nullif(limits.pooled_errors, 0)) - b.blocks_back as block
        from counted as c
        cross join limits
        cross join (values (0), (1)) as b(blocks_back)
        where c.pool is not null
    ),
    members as (
        select
            b.pool,
            o.site_id,
            o.account_id,
            o.log_error,
            o.absolute_error,
            o.actual_credits,
            o.origin_number > b.origins_before - limits.record_origins
            or o.completed_on >= b.event_on - limits.record_days as is_recent
        from blocks as b
        cross join limits
        join
            origins as o
            on o.method = b.method
            and o.known_runs_from = b.known_runs_from
            and o.block = b.block
            and o.origin_number <= b.origins_before
            and o.origin_number > b.origins_before - limits.pooled_errors
    ),
    of_sites as (
        select
            pool,
            site_id,
            account_id,
            count(log_error) as errors,
            sum(case when is_recent then absolute_error end) as absolute_error,
            sum(case when is_recent then actual_credits end) as actual_credits
        from members
        group by pool, site_id, account_id
    ),
    -- what a site weighs: its errors where they are ranked, its credits where they are added up
    weights as (
        select
            pool,
            true as of_errors,
            site_id,
            account_id,
            null as absolute_error,
            cast(errors as double) as weight
        from of_sites
        where errors > 0
        union all
        select pool, false, site_id, account_id, absolute_error, actual_credits
        from of_sites
        where actual_credits > 0
    ),
    of_accounts as (
        select
            pool, of_errors, account_id, count(*) as sites, sum(weight) as weight, max(weight) as first_site
        from weights
        group by pool, of_errors, account_id
    ),
    accounts as (
        select
            pool,
            of_errors,
            sum(sites) as sites,
            count(*) as accounts,
            sum(weight) as weight,
            max([first_site, weight]) as first_account,
            max(weight, 2) as largest,
            max(first_site, 2) as first_sites
        from of_accounts
        group by pool, of_errors
    ),
    sites as (select pool, of_errors, max(weight, 3) as largest from weights group by pool, of_errors),
    pools as (
        select
            a.pool,
            a.of_errors,
            a.sites >= limits.pool_sites_needed and a.accounts >= limits.pool_accounts_needed as is_platform,
            a.weight,
            list_extract(s.largest, 1) as first_site,
            coalesce(list_extract(s.largest, 2), 0) as second_site,
            coalesce(list_extract(s.largest, 3), 0) as third_site,
            list_extract(a.first_account, 2) as first_account,
            coalesce(
                case
                    when list_extract(a.first_account, 2) = list_extract(a.largest, 1)
                    then list_extract(a.largest, 2)
                    else list_extract(a.largest, 1)
                end,
                0
            ) as other_account,
            coalesce(list_extract(a.first_sites, 2), 0) as other_site
        from accounts as a
        join sites as s on s.pool = a.pool and s.of_errors = a.of_errors
        cross join limits
    ),
    -- the largest sum of weights that leaves no site above a quarter of it and no account above half
    totals as (
        select
            pool,
            of_errors,
            is_platform,
            least(
                weight,
                (weight - first_site) * 4 / 3,
                (weight - first_site - second_site) * 2,
                (weight - first_site - second_site - third_site) * 4,
                (weight - greatest(first_account, other_account)) * 2,
                (weight - first_account - other_site) * 4,
                (weight - other_account - first_site) * 4
            ) as weight
        from pools
    ),
    -- what the sites of the one account weigh that would be more than half
    heavy as (
        select w.pool, w.of_errors, w.account_id, sum(least(w.weight, t.weight / 4)) as weight
        from of_accounts as a
        join totals as t on t.pool = a.pool and t.of_errors = a.of_errors and a.weight > t.weight / 2
        join weights as w on w.pool = a.pool and w.of_errors = a.of_errors and w.account_id = a.account_id
        group by w.pool, w.of_errors, w.account_id, t.weight
        having sum(least(w.weight, t.weight / 4)) > t.weight / 2
    ),
    bounds as (
        select
            t.pool,
            t.of_errors,
            t.is_platform,
            t.weight,
            max(h.account_id) as heavy_account,
            max(h.weight) as heavy_weight
        from totals as t
        left join heavy as h on h.pool = t.pool and h.of_errors = t.of_errors
        group by t.pool, t.of_errors, t.is_platform, t.weight
    ),
    shares as (
        select
            w.*,
            b.is_platform,
            least(w.weight, b.weight / 4) * case
                when w.account_id = b.heavy_account then b.weight / nullif(2 * b.heavy_weight, 0) else 1
            end
            / nullif(w.weight, 0) as share
        from weights as w
        join bounds as b on b.pool = w.pool and b.of_errors = w.of_errors
    ),
    records as (
        select
            pool,
            max(case when is_platform then 1 else 0 end) as platforms,
            sum(absolute_error * share) / nullif(sum(weight * share), 0) as shared_wape
        from shares
        where not of_errors
        group by pool
    ),
    errors as (
        select
            m.pool,
            k.is_size,
            case when k.is_size then abs(m.log_error) else m.log_error end as error,
            s.share
        from members as m
        cross join (values (true), (false)) as k(is_size)
        join shares as s on s.pool = m.pool and s.site_id = m.site_id
        where m.log_error is not null and s.of_errors and s.is_platform
    ),
    ranks as (
        select
            e.*,
            sum(e.share) over (
                partition by e.pool, e.is_size
                order by e.error
                rows between unbounded preceding and current row
            ) as weight_below
        from errors as e
    ),
    levels as (
        select
            r.pool,
            r.is_size,
            min(case when r.weight_below + 1e-9 >= 80 * (t.weight + 1) / 100 then r.error end) as at_80,
            min(case when r.weight_below + 1e-9 >= 90 * (t.weight + 1) / 100 then r.error end) as at_90
        from ranks as r
        join totals as t on t.pool = r.pool and t.of_errors
        group by r.pool, r.is_size
    ),
    figures as (
        select pool, case when is_size then 'size_80' else 'log_80' end as figure, at_80 as value
        from levels
        union all
        select pool, case when is_size then 'size_90' else 'log_90' end, at_90
        from levels
        union all
        select pool, 'shared_wape', shared_wape
        from records
        where platforms > 0
    ),
    rounded as (  -- first to six decimals: at a tie, the order of a sum would decide
        select
            f.*,
            power(10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(f.value), 0)))) as scale,
            coalesce(round(round(f.value * scale, 6), 0) / nullif(scale, 0), f.value) as told
        from figures as f
        cross join limits
    ),
    pivoted as (
        select
            pool,
            max(case when figure = 'size_80' then told end) as size_80,
            max(case when figure = 'size_90' then told end) as size_90,
            max(case when figure = 'log_80' then told end) as log_80,
            max(case when figure = 'log_90' then told end) as log_90,
            max(case when figure = 'shared_wape' then told end) as shared_wape
        from rounded
        group by pool
    )
select
    a.method,
    a.known_runs_from,
    a.known_on,
    coalesce(e.is_platform, false) as has_errors,
    case when e.is_platform then cast(floor(e.weight) as bigint) end as errors,
    p.size_80,
    p.size_90,
    p.log_80,
    p.log_90,
    p.shared_wape is not null as is_platform,
    p.shared_wape
from asked as a
left join totals as e on e.pool = a.pool and e.of_errors
left join pivoted as p on p.pool = a.pool
