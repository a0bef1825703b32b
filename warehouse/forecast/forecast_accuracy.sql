-- One row per site (NULL: all sites), method and window: how well its forecasts did.
-- Kept as a table: it is read whole, and the platform's rows are of all sites.
-- Renewed: whole.
with
    forecasts_made as (
        select
            site_id,
            id,
            completion_number,
            method,
            credits,
            actual_credits,
            abs(credits - actual_credits) as absolute_error,
            p80_low,
            p80_high,
            p90_low,
            p90_high,
            budget_80,
            budget_90
        from forecasts
        where not is_live and credits is not null
    ),
    latest as (
        select site_id, method, list_extract(max(completion_number, 30), 30) as since_number
        from forecasts_made
        group by site_id, method
    ),
    rivals as (
        select
            site_id,
            id,
            max(case when method = 'same_as_last' then absolute_error end) as error_last,
            max(case when method = 'mean_of_last_10' then absolute_error end) as error_mean_10
        from forecasts_made
        group by site_id, id
    ),
    measured as (
        select
            f.site_id,
            f.method,
            l.since_number is null or f.completion_number >= l.since_number as is_recent,
            f.credits - f.actual_credits as error_credits,
            f.absolute_error,
            f.actual_credits,
            case when r.error_last is not null then f.absolute_error end as error_beside_last,
            r.error_last,
            case when r.error_mean_10 is not null then f.absolute_error end as error_beside_mean_10,
            r.error_mean_10,
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
        from forecasts_made as f
        join rivals as r on r.site_id = f.site_id and r.id = f.id
        join latest as l on l.site_id = f.site_id and l.method = f.method
    ),
    spans as (select span, is_whole from (values ('all', true), ('last_30', false)) as spans(span, is_whole)),
    site_sums as (
        select
            m.site_id,
            m.method,
            s.span,
            count(*) as n,
            sum(m.error_credits) as error_credits,
            sum(m.absolute_error) as absolute_error,
            sum(m.actual_credits) as actual_credits,
            sum(m.error_beside_last) as error_beside_last,
            sum(m.error_last) as error_last,
            sum(m.error_beside_mean_10) as error_beside_mean_10,
            sum(m.error_mean_10) as error_mean_10,
            sum(m.loss_10) as loss_10,
            count(m.loss_10) as losses_10,
            sum(m.loss_50) as loss_50,
            sum(m.loss_80) as loss_80,
            count(m.loss_80) as losses_80,
            sum(m.loss_90) as loss_90,
            count(m.loss_90) as losses_90,
            sum(m.hit_80) as hits_80,
            count(m.hit_80) as tries_80,
            sum(m.hit_90) as hits_90,
            count(m.hit_90) as tries_90,
            sum(m.width_80) as width_80,
            count(m.width_80) as widths_80,
            sum(m.width_90) as width_90,
            count(m.width_90) as widths_90
        from measured as m
        join spans as s on m.is_recent or s.is_whole
        group by m.site_id, m.method, s.span
    ),
    sums as (
        select
            site_id,
            method,
            span,
            n,
            error_credits,
            absolute_error,
            actual_credits,
            error_beside_last,
            error_last,
            error_beside_mean_10,
            error_mean_10,
            loss_10,
            losses_10,
            loss_50,
            loss_80,
            losses_80,
            loss_90,
            losses_90,
            hits_80,
            tries_80,
            hits_90,
            tries_90,
            width_80,
            widths_80,
            width_90,
            widths_90
        from site_sums
        union all
        select
            cast(null as bigint),
            method,
            span,
            sum(n),
            sum(error_credits),
            sum(absolute_error),
            sum(actual_credits),
            sum(error_beside_last),
            sum(error_last),
            sum(error_beside_mean_10),
            sum(error_mean_10),
            sum(loss_10),
            sum(losses_10),
            sum(loss_50),
            sum(loss_80),
            sum(losses_80),
            sum(loss_90),
            sum(losses_90),
            sum(hits_80),
            sum(tries_80),
            sum(hits_90),
            sum(tries_90),
            sum(width_80),
            sum(widths_80),
            sum(width_90),
            sum(widths_90)
        from site_sums
        group by method, span
    ),
    rates as (
        select
            site_id,
            method,
            span,
            n,
            error_credits,
            absolute_error,
            actual_credits,
            error_beside_last,
            error_last,
            error_beside_mean_10,
            error_mean_10,
            loss_10,
            losses_10,
            loss_50,
            loss_80,
            losses_80,
            loss_90,
            losses_90,
            hits_80,
            tries_80,
            hits_90,
            tries_90,
            width_80,
            widths_80,
            width_90,
            widths_90,
            cast(hits_80 as double) / nullif(cast(tries_80 as double), 0) as coverage_80,
            cast(hits_90 as double) / nullif(cast(tries_90 as double), 0) as coverage_90
        from sums
    )
select
    site_id,
    method,
    span as "window",
    cast(n as bigint) as n,
    absolute_error / nullif(actual_credits, 0) as wape,
    error_credits / nullif(actual_credits, 0) as bias,
    error_beside_last / nullif(error_last, 0) as mae_ratio_last,
    error_beside_mean_10 / nullif(error_mean_10, 0) as mae_ratio_mean_10,
    loss_10 / nullif(cast(losses_10 as double), 0) as pinball_10,
    loss_50 / nullif(cast(n as double), 0) as pinball_50,
    loss_80 / nullif(cast(losses_80 as double), 0) as pinball_80,
    loss_90 / nullif(cast(losses_90 as double), 0) as pinball_90,
    cast(tries_80 as bigint) as intervals_80,
    cast(hits_80 as bigint) as covered_80,
    cast(tries_90 as bigint) as intervals_90,
    cast(hits_90 as bigint) as covered_90,
    coverage_80,
    coverage_90,
    coverage_80
    - 1.96e0 * sqrt(coverage_80 * (1 - coverage_80) / nullif(cast(tries_80 as double), 0)) as band_low_80,
    coverage_80
    + 1.96e0 * sqrt(coverage_80 * (1 - coverage_80) / nullif(cast(tries_80 as double), 0)) as band_high_80,
    coverage_90
    - 1.96e0 * sqrt(coverage_90 * (1 - coverage_90) / nullif(cast(tries_90 as double), 0)) as band_low_90,
    coverage_90
    + 1.96e0 * sqrt(coverage_90 * (1 - coverage_90) / nullif(cast(tries_90 as double), 0)) as band_high_90,
    width_80 / nullif(cast(widths_80 as double), 0) as width_80,
    width_90 / nullif(cast(widths_90 as double), 0) as width_90
from rates
order by site_id, method, span
