-- One row per scope, account, horizon, method, state and week without a pool of all: its errors' lesson.
-- A step towards forecasts of spend.
-- Kept as a table: it is of all sites of an account; forecasts look a week up.
with
    limits as (select spend_account_weeks, spend_account_errors_a_week from spend_parameters),
    needed as (
        select n.scope, n.account_key, n.horizon_days, m.method, n.known_runs_from < 0 as is_quiet, n.week
        from spend_lookups as n
        cross join spend_methods as m
        left join
            spend_pools as s
            on s.scope = n.scope
            and s.horizon_days = n.horizon_days
            and s.method = m.method
            and s.known_runs_from = n.known_runs_from
            and s.week = n.week
            and s.is_platform
        where s.week is null
        group by n.scope, n.account_key, n.horizon_days, m.method, n.known_runs_from < 0, n.week
    ),
    pooled as (
        select
            n.scope,
            n.account_key,
            n.horizon_days,
            n.method,
            n.is_quiet,
            n.week,
            count(*) as errors,
            sum(d.absolute_error) / nullif(sum(d.size_credits), 0) as relative_error,
            max(abs(d.log_error), 208) as largest_sizes,
            max(d.log_error, 208) as largest_errors
        from needed as n
        cross join limits
        join
            spend_errors as d
            on d.scope = n.scope
            and d.account_key = n.account_key
            and d.horizon_days = n.horizon_days
            and d.method = n.method
            and (d.known_runs_from < 0) = n.is_quiet
            and d.known_week <= n.week
            and d.known_week > n.week - limits.spend_account_weeks
            and d.account_lot <= limits.spend_account_errors_a_week
        where d.known_week <= (select max(week) from needed)
        group by n.scope, n.account_key, n.horizon_days, n.method, n.is_quiet, n.week
    ),
    placed as (
        select
            p.*,
            p.errors + 1 - cast(ceil(cast(4 * (p.errors + 1) as double) / 5) as integer) as from_top_80,
            p.errors + 1 - cast(ceil(cast(9 * (p.errors + 1) as double) / 10) as integer) as from_top_90
        from pooled as p
    )
select
    scope,
    account_key,
    horizon_days,
    method,
    is_quiet,
    week,
    errors,
    relative_error,
    case when from_top_80 > 0 then list_extract(largest_sizes, from_top_80) end as size_80,
    case when from_top_90 > 0 then list_extract(largest_sizes, from_top_90) end as size_90,
    case when from_top_80 > 0 then list_extract(largest_errors, from_top_80) end as log_80,
    case when from_top_90 > 0 then list_extract(largest_errors, from_top_90) end as log_90
from placed
