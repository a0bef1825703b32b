-- One row per site, method and past origin: how the site's last thirty forecasts had done when its run ended.
-- A step towards forecasts.
-- Kept as a table: every interval and every choice of a method looks it up.
with
    judged as (
        select
            p.*,
            case when not p.is_limit_forgotten then p.credits end as judged_credits,
            case
                when not p.is_limit_forgotten and p.credits is not null then p.actual_credits
            end as judged_actual
        from forecast_points as p
        where not p.is_live
    )
select
    site_id,
    method,
    origin_number,
    log_error,
    count(log_error) over so_far as errors,
    count(judged_credits) over thirty as origins,
    sum(abs(judged_credits - actual_credits)) over thirty as absolute_error,
    sum(judged_actual) over thirty as actual_credits
from judged
window
    so_far as (
        partition by site_id, method order by origin_number rows between unbounded preceding and current row
    ),
    thirty as (partition by site_id, method order by origin_number rows between 29 preceding and current row)
