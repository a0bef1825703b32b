-- One row per site, method and error: ranks of the site's last thirty errors.
-- A step towards forecasts.
with
    limits as (select own_errors, own_errors_needed from forecast_parameters),
    recent as (
        select
            site_id,
            method,
            errors as error_number,
            max(abs(log_error), 6) over thirty as largest_sizes,
            max(log_error, 6) over thirty as largest_errors
        from own_record
        where log_error is not null
        window
            thirty as (partition by site_id, method order by errors rows between 29 preceding and current row)
    ),
    ranked as (
        select
            r.site_id,
            r.method,
            r.error_number,
            r.largest_sizes,
            r.largest_errors,
            least(r.error_number, limits.own_errors) as errors,
            least(r.error_number, limits.own_errors)
            + 1
            - cast(
                ceil(cast(4 * (least(r.error_number, limits.own_errors) + 1) as double) / 5) as integer
            ) as from_top_80,
            least(r.error_number, limits.own_errors)
            + 1
            - cast(
                ceil(cast(9 * (least(r.error_number, limits.own_errors) + 1) as double) / 10) as integer
            ) as from_top_90
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
