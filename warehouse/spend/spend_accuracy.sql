-- One row per site and account (or all), horizon, method and window: how well spend was forecast.
-- Kept as a table: it is read whole, and the rows of all are of all sites.
-- Renewed: whole.
with
    last_weeks as (select horizon_days, max(week) as last_week from spend_past group by horizon_days),
    measured as (
        select
            f.scope,
            f.site_id,
            f.account_id,
            f.horizon_days,
            f.method,
            f.week > l.last_week - limits.own_errors as is_recent,
            f.actual_credits,
            f.credits - f.actual_credits as error_credits,
            abs(f.credits - f.actual_credits) as absolute_error,
            abs(f.recent_rate_credits - f.actual_credits) as error_recent_rate,
            abs(f.credits_before - f.actual_credits) as error_same_as_before,
            greatest(
                0.1e0 * (f.actual_credits - f.p80_low), -0.9e0 * (f.actual_credits - f.p80_low)
            ) as loss_10,
            0.5e0 * abs(f.credits - f.actual_credits) as loss_50,
            greatest(
                0.8e0 * (f.actual_credits - f.budget_80), -0.2e0 * (f.actual_credits - f.budget_80)
            ) as loss_80,
            greatest(
                0.9e0 * (f.actual_credits - f.budget_90), -0.1e0 * (f.actual_credits - f.budget_90)
            ) as loss_90,
            f.actual_credits between f.p80_low and f.p80_high as is_hit_80,
            f.actual_credits between f.p90_low and f.p90_high as is_hit_90,
            (f.p80_high - f.p80_low) / nullif(f.credits, 0) as width_80,
            (f.p90_high - f.p90_low) / nullif(f.credits, 0) as width_90
        from spend_past as f
        join last_weeks as l on l.horizon_days = f.horizon_days
        cross join forecast_parameters as limits
        where f.credits is not null
    ),
    owner_sums as (
        select
            scope,
            site_id,
            account_id,
            horizon_days,
            method,
            is_recent,
            count(*) as n,
            sum(actual_credits) as actual_credits,
            sum(error_credits) as error_credits,
            sum(absolute_error) as absolute_error,
            sum(error_recent_rate) as error_recent_rate,
            sum(error_same_as_before) as error_same_as_before,
            sum(loss_10) as loss_10,
            count(loss_10) as losses_10,
            sum(loss_50) as loss_50,
            sum(loss_80) as loss_80,
            count(loss_80) as losses_80,
            sum(loss_90) as loss_90,
            count(loss_90) as losses_90,
            sum(case when is_hit_80 then 1 else 0 end) as hits_80,
            count(is_hit_80) as tries_80,
            sum(case when is_hit_90 then 1 else 0 end) as hits_90,
            count(is_hit_90) as tries_90,
            sum(width_80) as width_80,
            count(width_80) as widths_80,
            sum(width_90) as width_90,
            count(width_90) as widths_90
        from measured
        group by scope, site_id, account_id, horizon_days, method, is_recent
    ),
    spans as (select span, is_whole from (values ('all', true), ('last_30', false)) as spans(span, is_whole)),
    sums as (
        select
            o.scope,
            o.site_id,
            o.account_id,
            o.horizon_days,
            o.method,
            s.span,
            cast(sum(o.n) as bigint) as n,
            sum(o.actual_credits) as actual_credits,
            sum(o.error_credits) as error_credits,
            sum(o.absolute_error) as absolute_error,
            sum(o.error_recent_rate) as error_recent_rate,
            sum(o.error_same_as_before) as error_same_as_before,
            sum(o.loss_10) / nullif(cast(sum(o.losses_10) as double), 0) as pinball_10,
            sum(o.loss_50) / nullif(cast(sum(o.n) as double), 0) as pinball_50,
            sum(o.loss_80) / nullif(cast(sum(o.losses_80) as double), 0) as pinball_80,
            sum(o.loss_90) / nullif(cast(sum(o.losses_90) as double), 0) as pinball_90,
            cast(sum(o.tries_80) as bigint) as intervals_80,
            cast(sum(o.hits_80) as bigint) as covered_80,
            cast(sum(o.tries_90) as bigint) as intervals_90,
            cast(sum(o.hits_90) as bigint) as covered_90,
            cast(sum(o.hits_80) as double) / nullif(cast(sum(o.tries_80) as double), 0) as coverage_80,
            cast(sum(o.hits_90) as double) / nullif(cast(sum(o.tries_90) as double), 0) as coverage_90,
            sum(o.width_80) / nullif(cast(sum(o.widths_80) as double), 0) as width_80,
            sum(o.width_90) / nullif(cast(sum(o.widths_90) as double), 0) as width_90
        from owner_sums as o
        join spans as s on o.is_recent or s.is_whole
        group by
            grouping sets (
                (o.scope, o.site_id, o.account_id, o.horizon_days, o.method, s.span),
                (o.scope, o.horizon_days, o.method, s.span)
            )
    ),
    bands as (
        select
            s.*,
            1.96e0 * sqrt(
                s.coverage_80 * (1 - s.coverage_80) / nullif(cast(s.intervals_80 as double), 0)
            ) as band_80,
            1.96e0
            * sqrt(s.coverage_90 * (1 - s.coverage_90) / nullif(cast(s.intervals_90 as double), 0)) as band_90
        from sums as s
    )
select
    scope,
    site_id,
    account_id,
    horizon_days,
    method,
    span as "window",
    n,
    absolute_error / nullif(actual_credits, 0) as wape,
    error_credits / nullif(actual_credits, 0) as bias,
    absolute_error / nullif(error_recent_rate, 0) as mae_ratio_recent_rate,
    absolute_error / nullif(error_same_as_before, 0) as mae_ratio_same_as_before,
    pinball_10,
    pinball_50,
    pinball_80,
    pinball_90,
    intervals_80,
    covered_80,
    intervals_90,
    covered_90,
    coverage_80,
    coverage_90,
    coverage_80 - band_80 as band_low_80,
    coverage_80 + band_80 as band_high_80,
    coverage_90 - band_90 as band_low_90,
    coverage_90 + band_90 as band_high_90,
    width_80,
    width_90
from bands
order by scope, site_id, account_id, horizon_days, method, span
