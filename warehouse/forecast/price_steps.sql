-- One row per completion in which the stage charged, and had before: the change of its price.
-- A step towards forecasts.
-- Kept as a table: what all sites' changes say is summed from it.
with
    limits as (select step_credits, step_log_change from forecast_parameters),
    charged as (
        select
            c.site_id,
            c.stage_number,
            c.completion_number,
            c.completed_on,
            lag(c.completed_on) over w as earlier_on,
            c.log_price - lag(c.log_price) over w as log_change
        from stage_charges as c
        cross join limits
        where c.credits >= limits.step_credits
        window w as (partition by c.site_id, c.stage_number order by c.completion_number)
    ),
    bounded as (
        select
            c.site_id,
            c.stage_number,
            c.completion_number,
            c.earlier_on,
            c.completed_on,
            least(greatest(c.log_change, - limits.step_log_change), limits.step_log_change) as log_change
        from charged as c
        cross join limits
        where c.earlier_on is not null
    ),
    averaged as (
        select b.*, row_number() over so_far as step_number, avg(abs(b.log_change)) over so_far as mean_change
        from bounded as b
        window
            so_far as (
                partition by b.site_id, b.stage_number
                order by b.completion_number
                rows between unbounded preceding and current row
            )
    )
select
    site_id,
    stage_number,
    completion_number,
    step_number,
    earlier_on,
    completed_on,
    log_change,
    mean_change - lag(mean_change, 1, 0) over (
        partition by site_id, stage_number order by step_number
    ) as mean_change_added
from averaged
