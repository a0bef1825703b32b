-- One row per site, method and past origin: how the site's last thirty forecasts had done when its run ended.
-- Kept as a table: every interval and every choice of a method looks it up.
select
    site_id,
    method,
    origin_number,
    log_error,
    count(log_error) over so_far as errors,
    count(credits) over thirty as origins,
    sum(abs(credits - actual_credits)) over thirty as absolute_error,
    sum(case when credits is not null then actual_credits end) over thirty as actual_credits
from forecast_points
where not is_live
window
    so_far as (
        partition by site_id, method order by origin_number rows between unbounded preceding and current row
    ),
    thirty as (partition by site_id, method order by origin_number rows between 29 preceding and current row)
