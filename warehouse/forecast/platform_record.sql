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
    forecast as (
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
        select
            f.method,
            f.known_runs_from,
            f.site_id,
            f.account_id,
            f.completed_on,
            f.log_error,
            f.absolute_error,
            f.actual_credits,
            f.origin_number,
            floor(f.origin_number / nullif(limits.pooled_errors, 0)) as block
        from forecast as f
        cross join limits
    ),
    events as (
        select method, known_runs_from, completed_on as event_on, 1 as is_after, count(*) as origins
        from origins
        group by method, known_runs_from, completed_on
        union all
        select method, known_runs_from, known_on, 0, 0
        from forecast_days
    ),
    counted as (
        select
            method,
            known_runs_from,
            event_on as known_on,
            is_after,
            cast(
                sum(origins) over (
                    partition by method, known_runs_from
                    order by event_on, is_after
                    rows between unbounded preceding and current row
                ) as bigint
            ) as origins_before
        from events
    ),
    blocks as (
        select
            c.method,
            c.known_runs_from,
            c.known_on,
            c.origins_before,
            floor(c.origins_before / nullif(limits.pooled_errors, 0)) - b.blocks_back as block
        from counted as c
        cross join limits
        cross join (values (0), (1)) as b(blocks_back)
        where c.is_after = 0
    ),
    members as (
        select
            b.method,
            b.known_runs_from,
            b.known_on,
            o.site_id,
            o.account_id,
            o.log_error,
            o.origin_number,
            case
                when
                    o.origin_number > b.origins_before - limits.record_origins
                    or o.completed_on >= b.known_on - limits.record_days
                then o.absolute_error
            end as absolute_error,
            case
                when
                    o.origin_number > b.origins_before - limits.record_origins
                    or o.completed_on >= b.known_on - limits.record_days
                then o.actual_credits
            end as actual_credits
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
    -- what a site weighs: its errors where they are ranked, its credits where they are added up
    weights as (
        select
            m.method,
            m.known_runs_from,
            m.known_on,
            k.kind,
            m.site_id,
            m.account_id,
            sum(case k.kind when 'credits' then m.absolute_error else 0 end) as absolute_error,
            sum(
                case
                    when k.kind = 'credits' then m.actual_credits when m.log_error is not null then 1e0 else 0
                end
            ) as weight
        from members as m
        cross join (values ('errors'), ('credits')) as k(kind)
        group by m.method, m.known_runs_from, m.known_on, k.kind, m.site_id, m.account_id
    ),
    placed as (
        select
            method,
            known_runs_from,
            known_on,
            kind,
            account_id,
            weight,
            row_number() over w as place,
            first_value(account_id) over w as first_account_id,
            sum(weight) over (
                partition by method, known_runs_from, known_on, kind, account_id
            ) as account_weight
        from weights
        where weight > 0
        window w as (partition by method, known_runs_from, known_on, kind order by weight desc, site_id)
    ),
    pools as (
        select
            method,
            known_runs_from,
            known_on,
            kind,
            count(*) as sites,
            count(distinct account_id) as accounts,
            sum(weight) as weight,
            max(weight) as first_site,
            coalesce(max(case when place = 2 then weight end), 0) as second_site,
            coalesce(max(case when place = 3 then weight end), 0) as third_site,
            max(case when account_id = first_account_id then account_weight end) as first_account,
            coalesce(
                max(case when account_id <> first_account_id then account_weight end), 0
            ) as other_account,
            coalesce(max(case when account_id <> first_account_id then weight end), 0) as other_site
        from placed
        group by method, known_runs_from, known_on, kind
    ),
    -- the largest sum of weights that leaves no site above a quarter of it and no account above half
    totals as (
        select
            p.method,
            p.known_runs_from,
            p.known_on,
            p.kind,
            p.sites >= limits.pool_sites_needed and p.accounts >= limits.pool_accounts_needed as is_platform,
            least(
                p.weight,
                (p.weight - p.first_site) * 4 / 3,
                (p.weight - p.first_site - p.second_site) * 2,
                (p.weight - p.first_site - p.second_site - p.third_site) * 4,
                (p.weight - greatest(p.first_account, p.other_account)) * 2,
                (p.weight - p.first_account - p.other_site) * 4,
                (p.weight - p.other_account - p.first_site) * 4
            ) as weight
        from pools as p
        cross join limits
    ),
    of_sites as (
        select
            w.method,
            w.known_runs_from,
            w.known_on,
            w.kind,
            w.site_id,
            w.absolute_error,
            w.weight,
            t.is_platform,
            t.weight as pool_weight,
            least(w.weight, t.weight / 4) as site_weight,
            sum(least(w.weight, t.weight / 4)) over (
                partition by w.method, w.known_runs_from, w.known_on, w.kind, w.account_id
            ) as account_weight
        from weights as w
        join
            totals as t
            on t.method = w.method
            and t.known_runs_from = w.known_runs_from
            and t.known_on = w.known_on
            and t.kind = w.kind
        where w.weight > 0
    ),
    shares as (
        select
            method,
            known_runs_from,
            known_on,
            kind,
            site_id,
            absolute_error,
            weight,
            is_platform,
            pool_weight,
            site_weight * least(1, pool_weight / nullif(2 * account_weight, 0)) / nullif(weight, 0) as share
        from of_sites
    ),
    records as (
        select
            method,
            known_runs_from,
            known_on,
            max(case when is_platform then 1 else 0 end) as platforms,
            sum(absolute_error * share) / nullif(sum(weight * share), 0) as shared_wape
        from shares
        where kind = 'credits'
        group by method, known_runs_from, known_on
    ),
    errors as (
        select
            m.method,
            m.known_runs_from,
            m.known_on,
            k.kind,
            case k.kind when 'size' then abs(m.log_error) else m.log_error end as error,
            s.share,
            s.pool_weight
        from members as m
        cross join (values ('size'), ('log')) as k(kind)
        join
            shares as s
            on s.method = m.method
            and s.known_runs_from = m.known_runs_from
            and s.known_on = m.known_on
            and s.site_id = m.site_id
        where m.log_error is not null and s.kind = 'errors' and s.is_platform
    ),
    ranks as (
        select
            method,
            known_runs_from,
            known_on,
            kind,
            error,
            pool_weight,
            sum(share) over (
                partition by method, known_runs_from, known_on, kind
                order by error
                rows between unbounded preceding and current row
            ) as weight_below
        from errors
    ),
    figures as (
        select
            r.method,
            r.known_runs_from,
            r.known_on,
            r.kind || '_' || cast(l.level as varchar) as figure,
            min(
                case when r.weight_below + 1e-9 >= l.level * (r.pool_weight + 1) / 100 then r.error end
            ) as value
        from ranks as r
        cross join (values (80), (90)) as l(level)
        group by r.method, r.known_runs_from, r.known_on, r.kind, l.level
        union all
        select method, known_runs_from, known_on, 'shared_wape', shared_wape
        from records
        where platforms > 0
    ),
    scaled as (
        select
            f.method,
            f.known_runs_from,
            f.known_on,
            f.figure,
            f.value,
            power(
                10e0, limits.significant_digits - 1 - floor(ln(nullif(abs(f.value), 0)) / nullif(ln(10e0), 0))
            ) as scale
        from figures as f
        cross join limits
    ),
    rounded as (
        select
            method,
            known_runs_from,
            known_on,
            figure,
            coalesce(round(value * scale, 0) / nullif(scale, 0), value) as value
        from scaled
    ),
    error_pools as (
        select method, known_runs_from, known_on, is_platform, cast(floor(weight) as bigint) as errors
        from totals
        where kind = 'errors'
    ),
    pivoted as (
        select
            method,
            known_runs_from,
            known_on,
            max(case when figure = 'size_80' then value end) as size_80,
            max(case when figure = 'size_90' then value end) as size_90,
            max(case when figure = 'log_80' then value end) as log_80,
            max(case when figure = 'log_90' then value end) as log_90,
            max(case when figure = 'shared_wape' then value end) as shared_wape
        from rounded
        group by method, known_runs_from, known_on
    )
select
    c.method,
    c.known_runs_from,
    c.known_on,
    coalesce(e.is_platform, false) as has_errors,
    case when e.is_platform then e.errors end as errors,
    p.size_80,
    p.size_90,
    p.log_80,
    p.log_90,
    p.shared_wape is not null as is_platform,
    p.shared_wape
from counted as c
left join
    error_pools as e
    on e.method = c.method
    and e.known_runs_from = c.known_runs_from
    and e.known_on = c.known_on
left join
    pivoted as p on p.method = c.method and p.known_runs_from = c.known_runs_from and p.known_on = c.known_on
where c.is_after = 0
