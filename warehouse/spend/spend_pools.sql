-- One row per scope, horizon, method, band of known runs and week: what all sites' errors of six weeks teach.
-- A step towards forecasts of spend.
-- Kept as a table: it is of all sites; no site and no account has more of a pool than its share.
with
    limits as (
        select
            p.spend_pool_weeks,
            p.spend_pool_errors_a_week,
            p.spend_pool_site_share,
            p.spend_pool_account_share,
            f.pool_sites_needed,
            f.pool_accounts_needed,
            f.significant_digits
        from spend_parameters as p
        cross join forecast_parameters as f
    ),
    steps as (select cast(step as bigint) as step from (values (0), (1), (2), (3), (4), (5)) as steps(step)),
    pooled as (
        select
            d.scope,
            d.horizon_days,
            d.method,
            d.known_runs_from,
            w.week,
            d.owner_id,
            d.account_key,
            d.absolute_error,
            d.size_credits,
            d.log_error
        from spend_errors as d
        cross join limits
        join steps as s on s.step < limits.spend_pool_weeks
        join spend_mondays as w on w.week = d.known_week + s.step
        where d.pool_lot <= limits.spend_pool_errors_a_week
    ),
    owners as (
        select
            scope,
            horizon_days,
            method,
            known_runs_from,
            week,
            owner_id,
            account_key,
            count(*) as errors,
            sum(absolute_error) / nullif(sum(size_credits), 0) as relative_error
        from pooled
        group by scope, horizon_days, method, known_runs_from, week, owner_id, account_key
    ),
    accounts as (
        select
            e.scope,
            e.horizon_days,
            e.method,
            e.known_runs_from,
            e.week,
            e.account_key,
            sum(o.sites) as sites,
            sum(e.errors) as errors,
            max(e.errors) as most_errors,
            sum(e.relative_error) as relative_error,
            count(e.relative_error) as measured
        from owners as e
        join spend_owners as o on o.scope = e.scope and o.owner_id = e.owner_id
        group by e.scope, e.horizon_days, e.method, e.known_runs_from, e.week, e.account_key
    ),
    shares as (
        select
            scope,
            horizon_days,
            method,
            known_runs_from,
            week,
            sum(sites) as sites,
            count(*) as accounts,
            cast(sum(errors) as double) as errors,
            cast(max(most_errors) as double) as most_errors,
            cast(max(errors) as double) as most_errors_of_account,
            sum(relative_error) / nullif(sum(measured), 0) as relative_error
        from accounts
        group by scope, horizon_days, method, known_runs_from, week
    ),
    ranks as (
        select
            scope,
            horizon_days,
            method,
            known_runs_from,
            week,
            count(*) as errors,
            -- a site's windows of 30 days overlap: a rank more for each week of theirs
            count(*)
            + case when scope = 'site' then cast(horizon_days as double) / 7 else 1 end as errors_and_more,
            max(abs(log_error), 96) as largest_sizes,
            max(log_error, 96) as largest_errors
        from pooled
        group by scope, horizon_days, method, known_runs_from, week
    ),
    placed as (
        select
            r.scope,
            r.horizon_days,
            r.method,
            r.known_runs_from,
            r.week,
            r.errors,
            s.relative_error,
            s.sites >= limits.pool_sites_needed
            and s.accounts >= limits.pool_accounts_needed
            and s.most_errors <= limits.spend_pool_site_share * s.errors
            and s.most_errors_of_account <= limits.spend_pool_account_share * s.errors as is_platform,
            r.largest_sizes,
            r.largest_errors,
            r.errors + 1 - cast(ceil(cast(4 * r.errors_and_more as double) / 5) as integer) as from_top_80,
            r.errors + 1 - cast(ceil(cast(9 * r.errors_and_more as double) / 10) as integer) as from_top_90
        from ranks as r
        join shares as s using (scope, horizon_days, method, known_runs_from, week)
        cross join limits
    ),
    figures as (
        select
            p.scope,
            p.horizon_days,
            p.method,
            p.known_runs_from,
            p.week,
            p.is_platform,
            p.errors,
            k.figure,
            case
                when k.figure = 'relative_error'
                then p.relative_error
                when k.figure = 'size_80' and p.from_top_80 > 0
                then list_extract(p.largest_sizes, p.from_top_80)
                when k.figure = 'size_90' and p.from_top_90 > 0
                then list_extract(p.largest_sizes, p.from_top_90)
                when k.figure = 'log_80' and p.from_top_80 > 0
                then list_extract(p.largest_errors, p.from_top_80)
                when k.figure = 'log_90' and p.from_top_90 > 0
                then list_extract(p.largest_errors, p.from_top_90)
            end as value
        from placed as p
        cross join (values ('relative_error'), ('size_80'), ('size_90'), ('log_80'), ('log_90')) as k(figure)
    ),
    rounded as (  -- first to six decimals: at a tie, the order of a sum would decide
        select
            f.*,
            power(10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(f.value), 0)))) as scale,
            coalesce(round(round(f.value * scale, 6), 0) / nullif(scale, 0), f.value) as told
        from figures as f
        cross join limits
    )
select
    scope,
    horizon_days,
    method,
    known_runs_from,
    week,
    is_platform,
    errors,
    max(case when figure = 'relative_error' then told end) as relative_error,
    max(case when figure = 'size_80' then told end) as size_80,
    max(case when figure = 'size_90' then told end) as size_90,
    max(case when figure = 'log_80' then told end) as log_80,
    max(case when figure = 'log_90' then told end) as log_90
from rounded
group by scope, horizon_days, method, known_runs_from, week, is_platform, errors
