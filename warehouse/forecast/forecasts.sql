-- One row per origin and method: the forecast, its intervals and budgets, and whether to use it.
-- Kept as a table: intervals and champions rest on all sites.
with
    limits as (select champion_weight_origins from forecast_parameters),
    ranged as (
        select
            p.site_id,
            p.id,
            p.account_id,
            p.run_id,
            p.is_live,
            p.origin_at,
            p.known_on,
            p.completion_number,
            p.method,
            p.credits,
            p.output,
            p.duration_seconds,
            p.actual_credits,
            coalesce(r.origins, 0) as origins,
            r.absolute_error / nullif(r.actual_credits, 0) as own_wape,
            case
                when r.errors is not null
                then 'own'
                when s.is_platform
                then 'all sites'
                when a.errors is not null
                then 'account'
            end as errors_from,
            case
                when r.errors is not null then r.errors when s.is_platform then s.errors else a.errors
            end as errors,
            case
                when r.errors is not null then r.size_80 when s.is_platform then s.size_80 else a.size_80
            end as size_80,
            case
                when r.errors is not null then r.size_90 when s.is_platform then s.size_90 else a.size_90
            end as size_90,
            case
                when r.errors is not null then r.log_80 when s.is_platform then s.log_80 else a.log_80
            end as log_80,
            case
                when r.errors is not null then r.log_90 when s.is_platform then s.log_90 else a.log_90
            end as log_90
        from forecast_points as p
        left join
            own_record as r
            on r.site_id = p.site_id
            and r.method = p.method
            and r.completion_number = p.known_runs
        left join
            shared_errors as s
            on s.method = p.method
            and s.known_runs_from = p.known_runs_from
            and s.known_on = p.known_on
        left join
            account_errors as a
            on a.account_id = p.account_id
            and a.method = p.method
            and a.known_runs_from = p.known_runs_from
            and a.known_on = p.known_on
    ),
    scored as (
        select
            r.site_id,
            r.id,
            r.method,
            r.origins,
            r.own_wape,
            s.shared_wape,
            coalesce(s.is_platform, false) as is_platform,
            case
                when r.credits is null
                then null
                when r.own_wape is null
                then s.shared_wape
                when s.shared_wape is null
                then r.own_wape
                else
                    (r.origins * r.own_wape + l.champion_weight_origins * s.shared_wape)
                    / nullif(r.origins + l.champion_weight_origins, 0)
            end as weighed_wape
        from ranged as r
        left join
            shared_record as s
            on s.account_id = r.account_id
            and s.known_on = r.known_on
            and s.method = r.method
        cross join limits as l
    ),
    placed as (
        select
            s.site_id,
            s.id,
            s.method,
            s.weighed_wape,
            s.is_platform,
            row_number() over (
                partition by s.site_id, s.id
                order by case when s.weighed_wape is null then 1 else 0 end, s.weighed_wape, m.method_number
            ) as place
        from scored as s
        join forecast_methods as m on m.method = s.method
    )
select
    r.site_id,
    r.id,
    r.run_id,
    r.is_live,
    r.origin_at,
    r.completion_number,
    r.method,
    r.credits,
    r.output,
    r.duration_seconds,
    r.actual_credits,
    r.credits * exp(- r.size_80) as p80_low,
    r.credits * exp(r.size_80) as p80_high,
    r.credits * exp(- r.size_90) as p90_low,
    r.credits * exp(r.size_90) as p90_high,
    r.credits * exp(r.log_80) as budget_80,
    r.credits * exp(r.log_90) as budget_90,
    r.errors,
    r.errors_from,
    r.origins,
    r.own_wape,
    p.weighed_wape,
    p.is_platform,
    p.place = 1 as is_champion
from ranged as r
join placed as p on p.site_id = r.site_id and p.id = r.id and p.method = r.method
order by r.site_id, r.origin_at, r.id, r.method
