-- One row per stage and day on which a run completed: how much prices had differed from run to run before.
-- A step towards forecasts.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
with
    limits as (
        select
            pool_sites_needed, pool_accounts_needed, significant_digits, least_price_noise, usual_price_noise
        from forecast_parameters
    ),
    first_steps as (
        select
            p.stage_number,
            p.completed_on,
            row_number() over (
                partition by s.account_key, p.stage_number order by p.completed_on, p.site_id
            ) as account_sites
        from price_steps as p
        join sites as s on s.site_id = p.site_id
        where p.step_number = 1
    ),
    added as (
        select stage_number, completed_on, 0 as sites, 0 as account_sites, mean_change_added as noise
        from price_steps
        union all
        select stage_number, completed_on, 1, account_sites, 0
        from first_steps
        union all
        select stage_number, completed_on, 0, 0, 0
        from stage_lessons
        group by stage_number, completed_on
    ),
    days as (
        select
            stage_number,
            completed_on,
            sum(sites) as sites,
            sum(case when account_sites = 1 then 1 else 0 end) as accounts,
            max(account_sites) as largest,
            sum(noise) as noise
        from added
        group by stage_number, completed_on
    ),
    before as (
        select
            stage_number,
            completed_on,
            cast(sum(sites) over w as double) as sites,
            sum(accounts) over w as accounts,
            max(largest) over w as largest,
            sum(noise) over w as noise
        from days
        window
            w as (
                partition by stage_number
                order by completed_on
                rows between unbounded preceding and 1 preceding
            )
    ),
    -- of half-normal steps the mean is 0.8 standard deviations, and a step has two runs' noise
    figures as (
        select
            b.stage_number,
            b.completed_on,
            case
                when
                    b.sites >= limits.pool_sites_needed
                    and b.accounts >= limits.pool_accounts_needed
                    and 2 * b.largest <= b.sites
                then 0.886e0 * b.noise / nullif(b.sites, 0)
            end as noise
        from before as b
        cross join limits
    ),
    rounded as (  -- first to six decimals: at a tie, the order of a sum would decide
        select
            f.*,
            power(10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(f.noise), 0)))) as scale,
            round(round(f.noise * scale, 6), 0) / nullif(scale, 0) as told
        from figures as f
        cross join limits
    )
select
    r.stage_number,
    r.completed_on,
    case
        when r.noise is null
        then limits.usual_price_noise
        else greatest(coalesce(r.told, 0), limits.least_price_noise)
    end as noise
from rounded as r
cross join limits
