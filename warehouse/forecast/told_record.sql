-- One row per site: the forecasts that it was told of its last runs, beside what these cost.
-- A step towards briefs.
-- Kept as a table: a brief of an account adds up its sites'.
with
    past as (
        select
            site_id,
            forecast_credits,
            actual_credits,
            row_number() over (partition by site_id order by started_at desc, id desc) as place
        from forecast_backtest
        where is_champion
    )
select
    b.site_id,
    count(*) as past_runs,
    sum(abs(b.forecast_credits - b.actual_credits)) as error_credits,
    sum(b.actual_credits) as actual_credits
from past as b
cross join parameters as p
where b.place <= p.told_past_runs
group by b.site_id
order by b.site_id
