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
            cast(f.actual_credits between f.p80_low and f.p80_high as double) as hit_80,
            cast(f.actual_credits between f.p90_low and f.p90_high as double) as hit_90,
            (f.p80_high - f.p80_low) / nullif(f.credits, 0) as width_80,
            (f.p90_high - f.p90_low) / nullif(f.credits, 0) as width_90
        from forecasts_made as f
        join rivals as r on r.site_id = f.site_id and r.id = f.id
        join latest as l on l.site_id = f.site_id and l.method = f.method
    ),
    spans as (select span, is_whole from (values ('all', true), ('last_30', false)) as spans(span, is_whole)),
    site_sums as (
        select
            site_id,
            method,
            is_recent,
            count(*) as n,
            sum(error_credits) as error_credits,
            sum(absolute_error) as absolute_error,
            sum(actual_credits) as actual_credits,
            sum(error_beside_last) as error_beside_last,
            sum(error_last) as error_last,
            sum(error_beside_mean_10) as error_beside_mean_10,
            sum(error_mean_10) as error_mean_10,
            sum(loss_10) as loss_10,
            count(loss_10) as losses_10,
            sum(loss_50) as loss_50,
            sum(loss_80) as loss_80,
            count(loss_80) as losses_80,
            sum(loss_90) as loss_90,
            count(loss_90) as losses_90,
            sum(hit_80) as hits_80,
            count(hit_80) as tries_80,
            sum(hit_90) as hits_90,
            count(hit_90) as tries_90,
            sum(width_80) as width_80,
            count(width_80) as widths_80,
            sum(width_90) as width_90,
            count(width_90) as widths_90
        from measured
        group by site_id, method, is_recent
    ),
    sums as (
        select
            m.site_id,
            m.method,
            s.span,
            cast(sum(m.n) as bigint) as n,
            sum(m.absolute_error) / nullif(sum(m.actual_credits), 0) as wape,
            sum(m.error_credits) / nullif(sum(m.actual_credits), 0) as bias,
            sum(m.error_beside_last) / nullif(sum(m.error_last), 0) as mae_ratio_last,
            sum(m.error_beside_mean_10) / nullif(sum(m.error_mean_10), 0) as mae_ratio_mean_10,
            sum(m.loss_10) / nullif(cast(sum(m.losses_10) as double), 0) as pinball_10,
            sum(m.loss_50) / nullif(cast(sum(m.n) as double), 0) as pinball_50,
            sum(m.loss_80) / nullif(cast(sum(m.losses_80) as double), 0) as pinball_80,
            sum(m.loss_90) / nullif(cast(sum(m.losses_90) as double), 0) as pinball_90,
            cast(sum(m.tries_80) as bigint) as intervals_80,
            cast(sum(m.hits_80) as bigint) as covered_80,
            cast(sum(m.tries_90) as bigint) as intervals_90,
            cast(sum(m.hits_90) as bigint) as covered_90,
            cast(sum(m.hits_80) as double) / nullif(cast(sum(m.tries_80) as double), 0) as coverage_80,
            cast(sum(m.hits_90) as double) / nullif(cast(sum(m.tries_90) as double), 0) as coverage_90,
            sum(m.width_80) / nullif(cast(sum(m.widths_80) as double), 0) as width_80,
            sum(m.width_90) / nullif(cast(sum(m.widths_90) as double), 0) as width_90
        from site_sums as m
        join spans as s on m.is_recent or s.is_whole
        group by grouping sets ((m.site_id, m.method, s.span), (m.method, s.span))
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
    site_id,
    method,
    span as "window",
    n,
    wape,
    bias,
    mae_ratio_last,
    mae_ratio_mean_10,
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
order by site_id, method, span
