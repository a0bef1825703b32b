-- One row per run of the last thirty days, or of the thirty before: in which of the two it started.
-- A step towards changes of cost.
with
    load as (select epoch_us(as_of) as as_of_us from current_load),
    windows as (
        select
            load.as_of_us as until_us,
            load.as_of_us - cast(p.credits_window_days as bigint) * 86400000000 as after_us,
            load.as_of_us - cast(p.credits_window_days as bigint) * 2 * 86400000000 as before_us
        from load
        cross join parameters as p
    )
select
    r.site_id,
    r.id,
    r.run_id,
    case when epoch_us(r.started_at) > w.after_us then 'last_30_days' else '30_days_before' end as period
from runs as r
cross join windows as w
where epoch_us(r.started_at) > w.before_us and epoch_us(r.started_at) <= w.until_us
