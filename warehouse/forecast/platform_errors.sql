-- One row per method, band of known runs and day: ranks of all sites' last thousand errors by then.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    limits as (
        select own_errors_needed, pooled_errors, pool_sites_needed, pool_accounts_needed
        from forecast_parameters
    ),
    sufficient as (
        select r.site_id, r.method, min(r.origin_number) as origin_number
        from own_record as r
        cross join limits
        where r.errors >= limits.own_errors_needed
        group by r.site_id, r.method
    ),
    needed as (
        select p.method, p.known_runs_from, p.known_on
        from forecast_points as p
        left join sufficient as r on r.site_id = p.site_id and r.method = p.method
        where r.origin_number is null or p.known_origins < r.origin_number
        group by p.method, p.known_runs_from, p.known_on
    ),
    ends as (
        select method, known_runs_from, max(known_on) as known_on from needed group by method, known_runs_from
    ),
    numbered as (
        select
            p.method,
            p.known_runs_from,
            p.site_id,
            p.account_id,
            p.completed_on,
            p.log_error,
            row_number() over (
                partition by p.method, p.known_runs_from order by p.completed_at, p.site_id, p.id
            ) as error_number
        from forecast_points as p
        join ends as n on n.method = p.method and n.known_runs_from = p.known_runs_from
        where not p.is_live and p.log_error is not null and p.completed_on < n.known_on
    ),
    errors as (
        select
            n.method,
            n.known_runs_from,
            n.site_id,
            n.account_id,
            n.completed_on,
            n.log_error,
            n.error_number,
            floor(n.error_number / nullif(limits.pooled_errors, 0)) as block
        from numbered as n
        cross join limits
    ),
    events as (
        select method, known_runs_from, completed_on as event_on, 1 as is_after, count(*) as errors
        from errors
        group by method, known_runs_from, completed_on
        union all
        select method, known_runs_from, known_on, 0, 0
        from needed
    ),
    counted as (
        select
            method,
            known_runs_from,
            event_on,
            is_after,
            cast(
                sum(errors) over (
                    partition by method, known_runs_from
                    order by event_on, is_after
                    rows between unbounded preceding and current row
                ) as bigint
            ) as errors_before
        from events
    ),
    blocks as (
        select
            c.method,
            c.known_runs_from,
            c.event_on as known_on,
            c.errors_before,
            c.errors_before - limits.pooled_errors as errors_past,
            floor(c.errors_before / nullif(limits.pooled_errors, 0)) - b.blocks_back as block
        from counted as c
        cross join limits
        cross join (values (0), (1)) as b(blocks_back)
        where c.is_after = 0
    ),
    pools as (
        select
            b.method,
            b.known_runs_from,
            b.known_on,
            count(*) as errors,
            array_length(list_distinct(array_agg(e.site_id))) as sites,
            array_length(list_distinct(array_agg(e.account_id))) as accounts,
            max(abs(e.log_error), 200) as largest_sizes,
            max(e.log_error, 200) as largest_errors
        from blocks as b
        join
            errors as e
            on e.method = b.method
            and e.known_runs_from = b.known_runs_from
            and e.block = b.block
            and e.error_number <= b.errors_before
            and e.error_number > b.errors_past
        group by b.method, b.known_runs_from, b.known_on
    ),
    ranked as (
        select
            p.method,
            p.known_runs_from,
            p.known_on,
            p.errors,
            p.sites >= limits.pool_sites_needed and p.accounts >= limits.pool_accounts_needed as is_platform,
            p.largest_sizes,
            p.largest_errors,
            p.errors + 1 - cast(ceil(cast(4 * (p.errors + 1) as double) / 5) as integer) as from_top_80,
            p.errors + 1 - cast(ceil(cast(9 * (p.errors + 1) as double) / 10) as integer) as from_top_90
        from pools as p
        cross join limits
    )
select
    method,
    known_runs_from,
    known_on,
    errors,
    is_platform,
    case when from_top_80 > 0 then list_extract(largest_sizes, from_top_80) end as size_80,
    case when from_top_90 > 0 then list_extract(largest_sizes, from_top_90) end as size_90,
    case when from_top_80 > 0 then list_extract(largest_errors, from_top_80) end as log_80,
    case when from_top_90 > 0 then list_extract(largest_errors, from_top_90) end as log_90
from ranked
