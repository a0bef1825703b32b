-- One row per account, method, band of known runs and day with too few sites: ranks of its last errors.
-- A step towards forecasts.
-- Kept as a table: it is of all sites of an account; forecasts look a day up.
with
    limits as (select own_errors_needed, pooled_errors from forecast_parameters),
    sufficient as (
        select r.site_id, r.method, min(r.origin_number) as origin_number
        from own_record as r
        cross join limits
        where r.errors >= limits.own_errors_needed
        group by r.site_id, r.method
    ),
    needed as (
        select p.account_id, p.method, p.known_runs_from, p.known_on
        from forecast_points as p
        left join sufficient as r using (site_id, method)
        left join platform_record as s using (method, known_runs_from, known_on)
        where
            (r.origin_number is null or p.known_origins < r.origin_number)
            and not coalesce(s.has_errors, false)
        group by p.account_id, p.method, p.known_runs_from, p.known_on
    ),
    ends as (
        select account_id, method, known_runs_from, max(known_on) as known_on
        from needed
        group by account_id, method, known_runs_from
    ),
    numbered as (
        select
            p.account_id,
            p.method,
            p.known_runs_from,
            p.site_id,
            p.completed_on,
            p.log_error,
            row_number() over (
                partition by p.account_id, p.method, p.known_runs_from
                order by p.completed_at, p.site_id, p.id
            ) as error_number
        from forecast_points as p
        join ends as n using (account_id, method, known_runs_from)
        where not p.is_live and p.log_error is not null and p.completed_on < n.known_on
    ),
    errors as (
        select n.*, floor(n.error_number / nullif(limits.pooled_errors, 0)) as block
        from numbered as n
        cross join limits
    ),
    events as (
        select
            account_id, method, known_runs_from, completed_on as event_on, 1 as is_after, count(*) as errors
        from errors
        group by account_id, method, known_runs_from, completed_on
        union all
        select account_id, method, known_runs_from, known_on, 0, 0
        from needed
    ),
    counted as (
        select
            e.*,
            cast(
                sum(e.errors) over (
                    partition by e.account_id, e.method, e.known_runs_from
                    order by e.event_on, e.is_after
                    rows between unbounded preceding and current row
                ) as bigint
            ) as errors_before
        from events as e
    ),
    blocks as (
        select
            c.*,
            c.event_on as known_on,
            c.errors_before - limits.pooled_errors as errors_past,
            floor(c.errors_before / nullif(limits.pooled_errors, 0)) - b.blocks_back as block
        from counted as c
        cross join limits
        cross join (values (0), (1)) as b(blocks_back)
        where c.is_after = 0
    ),
    pools as (
        select
            b.account_id,
            b.method,
            b.known_runs_from,
            b.known_on,
            count(*) as errors,
            max(abs(e.log_error), 200) as largest_sizes,
            max(e.log_error, 200) as largest_errors
        from blocks as b
        join errors as e using (account_id, method, known_runs_from, block)
        where e.error_number <= b.errors_before and e.error_number > b.errors_past
        group by b.account_id, b.method, b.known_runs_from, b.known_on
    ),
    ranked as (
        select
            p.*,
            p.errors + 1 - cast(ceil(cast(4 * (p.errors + 1) as double) / 5) as integer) as from_top_80,
            p.errors + 1 - cast(ceil(cast(9 * (p.errors + 1) as double) / 10) as integer) as from_top_90
        from pools as p
    )
select
    account_id,
    method,
    known_runs_from,
    known_on,
    errors,
    case when from_top_80 > 0 then list_extract(largest_sizes, from_top_80) end as size_80,
    case when from_top_90 > 0 then list_extract(largest_sizes, from_top_90) end as size_90,
    case when from_top_80 > 0 then list_extract(largest_errors, from_top_80) end as log_80,
    case when from_top_90 > 0 then list_extract(largest_errors, from_top_90) end as log_90
from ranked
