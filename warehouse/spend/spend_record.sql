-- One row per site or account, horizon, method and known past forecast: how the last thirty had done by then.
-- A step towards forecasts of spend.
-- Kept as a table: every interval and every choice of a method looks it up.
-- In parts, by owner_id: each row carries its six largest errors.
-- Renewed: known_week.
with
    recent as (
        select
            scope,
            owner_id,
            horizon_days,
            method,
            known_week,
            error_number,
            count(*) over thirty as errors,
            count(case when known_runs_from < 0 then 1 end) over thirty as quiet_errors,
            sum(absolute_error) over thirty as absolute_error,
            sum(size_credits) over thirty as size_credits,
            max(abs(log_error), 6) over thirty as largest_sizes,
            max(log_error, 6) over thirty as largest_errors
        from spend_errors
        window
            thirty as (
                partition by scope, owner_id, horizon_days, method
                order by error_number
                rows between 29 preceding and current row
            )
    ),
    ranked as (
        select
            r.*,
            r.errors + 1 - cast(ceil(cast(4 * (r.errors + 1) as double) / 5) as integer) as from_top_80,
            r.errors + 1 - cast(ceil(cast(9 * (r.errors + 1) as double) / 10) as integer) as from_top_90
        from recent as r
    )
select
    scope,
    owner_id,
    horizon_days,
    method,
    known_week,
    error_number,
    errors,
    quiet_errors,
    absolute_error,
    size_credits,
    case when from_top_80 > 0 then list_extract(largest_sizes, from_top_80) end as size_80,
    case when from_top_90 > 0 then list_extract(largest_sizes, from_top_90) end as size_90,
    case when from_top_80 > 0 then list_extract(largest_errors, from_top_80) end as log_80,
    case when from_top_90 > 0 then list_extract(largest_errors, from_top_90) end as log_90
from ranked
