-- One row per site, method and completion: how the site's own last thirty forecasts had done by then.
-- Kept as a table: every interval and every choice of a method looks it up.
with
    measured as (
        select
            site_id,
            method,
            completion_number,
            log_error,
            count(*) over thirty as origins,
            sum(abs(credits - actual_credits)) over thirty as absolute_error,
            sum(actual_credits) over thirty as actual_credits
        from forecast_points
        where not is_live and credits is not null
        window
            thirty as (
                partition by site_id, method
                order by completion_number
                rows between 29 preceding and current row
            )
    ),
    filled as (
        select
            c.site_id,
            n.method,
            c.completion_number,
            max(m.completion_number) over so_far as measured_number,
            max(case when m.log_error is not null then m.completion_number end) over so_far as error_number
        from completions as c
        cross join forecast_methods as n
        left join
            measured as m
            on m.site_id = c.site_id
            and m.method = n.method
            and m.completion_number = c.completion_number
        window
            so_far as (
                partition by c.site_id, n.method
                order by c.completion_number
                rows between unbounded preceding and current row
            )
    )
select
    f.site_id,
    f.method,
    f.completion_number,
    m.origins,
    m.absolute_error,
    m.actual_credits,
    e.errors,
    e.size_80,
    e.size_90,
    e.log_80,
    e.log_90
from filled as f
left join
    measured as m on m.site_id = f.site_id and m.method = f.method and m.completion_number = f.measured_number
left join
    own_errors as e on e.site_id = f.site_id and e.method = f.method and e.completion_number = f.error_number
