-- One row per completion in which the stage charged, and had before: the change of its price.
-- A step towards forecasts.
with
    limits as (select step_credits, step_log_change from forecast_parameters),
    charged as (
        select
            c.site_id,
            c.stage_number,
            c.completion_number,
            c.completed_on,
            c.log_price,
            lag(c.completed_on) over w as earlier_on,
            c.log_price - lag(c.log_price) over w as log_change
        from stage_charges as c
        cross join limits
        where c.credits >= limits.step_credits
        window w as (partition by c.site_id, c.stage_number order by c.completion_number)
    )
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
