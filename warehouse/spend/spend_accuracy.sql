-- One row per site and account (or all), horizon, method and window: how well spend was forecast.
-- Kept as a table: it is read whole, and the rows of all are of all sites.
with
    made as (
        select
            scope,
            site_id,
            account_id,
            horizon_days,
            origin_at,
            method,
            credits,
            actual_credits,
            abs(credits - actual_credits) as absolute_error,
            p80_low,
            p80_high,
            p90_low,
            p90_high,
            budget_80,
            budget_90,
            row_number() over (
                partition by scope, site_id, account_id, horizon_days, method order by origin_at desc
            ) as newest
        from spends
        where not is_live and credits is not null
    ),
    rivals as (
        select
            scope,
            owner_id,
            site_id,
            account_id,
            horizon_days,
            origin_at,
            max(case when method = 'recent_rate' then abs(credits - actual_credits) end) as error_recent_rate,
            max(
                case when method = 'same_as_before' then abs(credits - actual_credits) end
            ) as error_same_as_before
        from spends
        where not is_live
        group by scope, owner_id, site_id, account_id, horizon_days, origin_at
    ),
    measured as (
        select
            f.scope,
            f.site_id,
            f.account_id,
            f.horizon_days,
            f.method,
            f.newest <= limits.own_errors as is_recent,
            f.credits - f.actual_credits as error_credits,
            f.absolute_error,
            f.actual_credits,
            r.error_recent_rate,
            r.error_same_as_before,
            greatest(
                0.1e0 * (f.actual_credits - f.p80_low), -0.9e0 * (f.actual_credits - f.p80_low)
            ) as loss_10,
            0.5e0 * f.absolute_error as loss_50,
            greatest(
                0.8e0 * (f.actual_credits - f.budget_80), -0.2e0 * (f.actual_credits - f.budget_80)
            ) as loss_80,
            greatest(
                0.9e0 * (f.actual_credits - f.budget_90), -0.1e0 * (f.actual_credits - f.budget_90)
            ) as loss_90,
            case
                when f.p80_low is null
                then null
                when f.actual_credits between f.p80_low and f.p80_high
                then cast(1 as double)
                else cast(0 as double)
            end as hit_80,
            case
                when f.p90_low is null
                then null
                when f.actual_credits between f.p90_low and f.p90_high
                then cast(1 as double)
                else cast(0 as double)
            end as hit_90,
            (f.p80_high - f.p80_low) / nullif(f.credits, 0) as width_80,
            (f.p90_high - f.p90_low) / nullif(f.credits, 0) as width_90
        from made as f
        join
            rivals as r
            on r.scope = f.scope
            and r.owner_id = coalesce(f.site_id, f.account_id)
            and r.horizon_days = f.horizon_days
            and r.origin_at = f.origin_at
        cross join forecast_parameters as limits
    ),
    spans as (select span, is_whole from (values ('all', true), ('last_30', false)) as spans(span, is_whole)),
    placed as (
        select
            m.scope,
            case when o.is_owner then m.site_id end as site_id,
            case when o.is_owner then m.account_id end as account_id,
            m.horizon_days,
            m.method,
            s.span,
            m.error_credits,
            m.absolute_error,
            m.actual_credits,
            m.error_recent_rate,
            m.error_same_as_before,
            m.loss_10,
            m.loss_50,
            m.loss_80,
            m.loss_90,
            m.hit_80,
            m.hit_90,
            m.width_80,
            m.width_90
        from measured as m
        join spans as s on m.is_recent or s.is_whole
        cross join (values (true), (false)) as o(is_owner)
    ),
    rates as (
        select
            scope,
            site_id,
            account_id,
            horizon_days,
            method,
            span,
            count(*) as n,
            sum(absolute_error) / nullif(sum(actual_credits), 0) as wape,
            sum(error_credits) / nullif(sum(actual_credits), 0) as bias,
            sum(absolute_error) / nullif(sum(error_recent_rate), 0) as mae_ratio_recent_rate,
            sum(absolute_error) / nullif(sum(error_same_as_before), 0) as mae_ratio_same_as_before,
            avg(loss_10) as pinball_10,
            avg(loss_50) as pinball_50,
            avg(loss_80) as pinball_80,
            avg(loss_90) as pinball_90,
            count(hit_80) as intervals_80,
            sum(hit_80) as covered_80,
            count(hit_90) as intervals_90,
            sum(hit_90) as covered_90,
            avg(hit_80) as coverage_80,
            avg(hit_90) as coverage_90,
            avg(width_80) as width_80,
            avg(width_90) as width_90
        from placed
        group by scope, site_id, account_id, horizon_days, method, span
    )
select
    scope,
    site_id,
    account_id,
    horizon_days,
    method,
    span as "window",
    n,
    wape,
    bias,
    mae_ratio_recent_rate,
    mae_ratio_same_as_before,
    pinball_10,
    pinball_50,
    pinball_80,
    pinball_90,
    intervals_80,
    cast(covered_80 as bigint) as covered_80,
    intervals_90,
    cast(covered_90 as bigint) as covered_90,
    coverage_80,
    coverage_90,
    coverage_80
    - 1.96e0 * sqrt(coverage_80 * (1 - coverage_80) / nullif(cast(intervals_80 as double), 0)) as band_low_80,
    coverage_80
    + 1.96e0
    * sqrt(coverage_80 * (1 - coverage_80) / nullif(cast(intervals_80 as double), 0)) as band_high_80,
    coverage_90
    - 1.96e0 * sqrt(coverage_90 * (1 - coverage_90) / nullif(cast(intervals_90 as double), 0)) as band_low_90,
    coverage_90
    + 1.96e0
    * sqrt(coverage_90 * (1 - coverage_90) / nullif(cast(intervals_90 as double), 0)) as band_high_90,
    width_80,
    width_90
from rates
order by scope, site_id, account_id, horizon_days, method, span
