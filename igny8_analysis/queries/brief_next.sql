with
    past as (
        select
            b.site_id,
            b.forecast_credits,
            b.actual_credits,
            row_number() over (partition by b.site_id order by b.started_at desc, b.id desc) as place
        from forecast_backtest as b
        where {{ of_sites_b }} and b.is_champion
    ),
    record as (
        select
            count(*) as past_runs,
            sum(abs(forecast_credits - actual_credits)) / nullif(sum(actual_credits), 0) * 100 as off_by
        from past
        where place <= 30
    )
select
    count(*) as sites,
    round(cast(sum(f.credits) as decimal(38, 9)), 0) as credits,
    case when count(*) = 1 then round(cast(max(f.p80_low) as decimal(38, 9)), 0) end as low,
    case when count(*) = 1 then round(cast(max(f.p80_high) as decimal(38, 9)), 0) end as high,
    case when count(*) = 1 then max(f.p80_high) > {{ widest_range }} * max(f.p80_low) end as is_unsure,
    case
        when count(*) = count(f.budget_90) then ceil(cast(sum(f.budget_90) as decimal(38, 9)))
    end as to_have,
    any_value(r.past_runs) as past_runs,
    round(cast(any_value(r.off_by) as decimal(38, 9)), 0) as off_by
from forecast_totals as f
cross join record as r
where {{ of_sites_f }} and f.is_champion and f.credits > 0
