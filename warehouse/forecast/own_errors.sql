-- One row per site, method and error: ranks of the site's last thirty errors.
-- A step towards forecasts.
with
    limits as (select own_errors, own_errors_needed from forecast_parameters),
    recent as (
        select
            r.site_id,
            r.method,
            r.errors as error_number,
            least(r.errors, limits.own_errors) as errors,
            max(abs(r.log_error), 6) over thirty as largest_sizes,
            max(r.log_error, 6) over thirty as largest_errors
        from own_record as r
        cross join limits
        where r.log_error is not null
        window
            thirty as (
                partition by r.site_id, r.method order by r.errors rows between 29 preceding and current row
            )
    ),
    ranked as (
        select
            r.*,
            r.errors + 1 - cast(ceil(cast(4 * (r.errors + 1) as double) / 5) as integer) as from_top_80,
            r.errors + 1 - cast(ceil(cast(9 * (r.errors + 1) as double) / 10) as integer) as from_top_90
        from recent as r
        cross join limits
        where r.error_number >= limits.own_errors_needed
    )
select
    site_id,
    method,
    error_number,
    errors,
    list_extract(largest_sizes, from_top_80) as size_80,
    list_extract(largest_sizes, from_top_90) as size_90,
    list_extract(largest_errors, from_top_80) as log_80,
    list_extract(largest_errors, from_top_90) as log_90
from ranked
