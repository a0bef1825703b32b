-- One row per origin and method: the forecast, its intervals and budgets, and whether to use it.
-- A step towards forecasts.
-- Kept as a table: intervals and champions rest on all sites.
-- Renewed: origin.
with
    limits as (select champion_weight_origins, champion_margin from forecast_parameters),
    looked_up as (
        select
            p.*,
            m.method_number,
            coalesce(r.origins, 0) as origins,
            r.absolute_error / nullif(r.actual_credits, 0) as own_wape,
            t.is_platform,
            case when t.is_platform then t.shared_wape else c.shared_wape end as shared_wape,
            case
                when e.errors is not null
                then 'own'
                when t.has_errors
                then 'all sites'
                when a.errors is not null
                then 'account'
            end as errors_from,
            case
                when e.errors is not null then e.errors when t.has_errors then t.errors else a.errors
            end as errors,
            case
                when e.errors is not null then e.size_80 when t.has_errors then t.size_80 else a.size_80
            end as size_80,
            case
                when e.errors is not null then e.size_90 when t.has_errors then t.size_90 else a.size_90
            end as size_90,
            case
                when e.errors is not null then e.log_80 when t.has_errors then t.log_80 else a.log_80
            end as log_80,
            case
                when e.errors is not null then e.log_90 when t.has_errors then t.log_90 else a.log_90
            end as log_90
        from forecast_points as p
        join forecast_methods as m on m.method = p.method
        left join
            own_record as r
            on r.site_id = p.site_id
            and r.method = p.errors_of
            and r.origin_number = p.known_origins
        left join
            own_errors as e on e.site_id = p.site_id and e.method = p.errors_of and e.error_number = r.errors
        join
            platform_record as t
            on t.method = p.errors_of
            and t.known_runs_from = p.known_runs_from
            and t.known_on = p.known_on
        left join
            account_errors as a
            on a.account_id = p.account_id
            and a.method = p.errors_of
            and a.known_runs_from = p.known_runs_from
            and a.known_on = p.known_on
        left join
            account_record as c
            on c.account_id = p.account_id
            and c.method = p.errors_of
            and c.known_on = p.known_on
    ),
    weighed as (
        select
            u.*,
            case
                when u.credits is null
                then null
                when u.own_wape is null
                then u.shared_wape
                when u.shared_wape is null
                then u.own_wape
                else
                    (u.origins * u.own_wape + l.champion_weight_origins * u.shared_wape)
                    / nullif(u.origins + l.champion_weight_origins, 0)
            end as weighed_wape
        from looked_up as u
        cross join limits as l
    ),
    best as (
        select
            w.site_id,
            w.id,
            min(
                [
                    case
                        when w.is_limited_anew
                        then -1
                        when w.method = 'flow' and w.is_limit_forgotten
                        then 1e308
                        else
                            coalesce(
                                w.weighed_wape
                                * case w.method when 'flow' then 1 else limits.champion_margin end,
                                1e308
                            )
                    end,
                    w.method_number
                ]
            ) as lowest
        from weighed as w
        cross join limits
        group by w.site_id, w.id
    )
select
    w.site_id,
    w.id,
    w.run_id,
    w.is_live,
    w.origin_at,
    w.completion_number,
    w.method,
    w.credits,
    w.output,
    w.duration_seconds,
    w.actual_credits,
    case
        when w.size_80 is not null then least(round(w.credits * exp(- w.size_80), 9), w.credits_at_most)
    end as p80_low,
    case
        when w.size_80 is not null then least(round(w.credits * exp(w.size_80), 9), w.credits_at_most)
    end as p80_high,
    case
        when w.size_90 is not null then least(round(w.credits * exp(- w.size_90), 9), w.credits_at_most)
    end as p90_low,
    case
        when w.size_90 is not null then least(round(w.credits * exp(w.size_90), 9), w.credits_at_most)
    end as p90_high,
    case
        when w.log_80 is not null then least(round(w.credits * exp(w.log_80), 9), w.credits_at_most)
    end as budget_80,
    case
        when w.log_90 is not null then least(round(w.credits * exp(w.log_90), 9), w.credits_at_most)
    end as budget_90,
    w.size_80,
    w.size_90,
    w.log_80,
    w.log_90,
    w.credit_limit,
    w.is_limited,
    w.is_limited_anew,
    w.errors,
    w.errors_from,
    w.origins,
    w.own_wape,
    w.weighed_wape,
    w.is_platform,
    w.method_number = list_extract(b.lowest, 2) as is_champion
from weighed as w
join best as b on b.site_id = w.site_id and b.id = w.id
order by w.site_id, w.origin_at, w.id, w.method
