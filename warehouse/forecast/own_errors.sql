-- One row per site, method and completion with an error: ranks of the site's last thirty errors.
with
    limits as (select own_errors_needed from forecast_parameters),
    recent as (
        select
            site_id,
            method,
            completion_number,
            count(*) over thirty as errors,
            list_sort(array_agg(abs(log_error)) over thirty) as sizes,
            list_sort(array_agg(log_error) over thirty) as log_errors
        from forecast_points
        where not is_live and log_error is not null
        window
            thirty as (
                partition by site_id, method
                order by completion_number
                rows between 29 preceding and current row
            )
    ),
    ranked as (
        select
            site_id,
            method,
            completion_number,
            errors,
            sizes,
            log_errors,
            cast(ceil(cast(4 * (errors + 1) as double) / 5) as integer) as rank_80,
            cast(ceil(cast(9 * (errors + 1) as double) / 10) as integer) as rank_90
        from recent
    )
select
    r.site_id,
    r.method,
    r.completion_number,
    r.errors,
    list_extract(r.sizes, r.rank_80) as size_80,
    list_extract(r.sizes, r.rank_90) as size_90,
    list_extract(r.log_errors, r.rank_80) as log_80,
    list_extract(r.log_errors, r.rank_90) as log_90
from ranked as r
cross join limits
where r.errors >= limits.own_errors_needed
