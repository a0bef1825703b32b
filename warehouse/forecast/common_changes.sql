-- One row per stage, midnight and span of days: a change of prices that all sites' runs then showed.
-- Kept as a table: it is of all sites by nature; own and shared prices are brought to the day's.
with
    limits as (
        select
            pool_sites_needed,
            pool_accounts_needed,
            significant_digits,
            step_days,
            change_days,
            change_score,
            change_log_price,
            change_spread
        from forecast_parameters
    ),
    series as (select unnest(generate_series(0, 20)) as day_number),
    days as (select cast(day_number as bigint) as day_number from series),
    -- the midnights that a site passed between two runs of the stage
    straddled as (
        select
            p.stage_number,
            s.account_key as account_id,
            p.completed_on - cast(d.day_number as integer) as changed_on,
            p.completed_on,
            p.log_change
        from price_steps as p
        cross join limits
        join sites as s on s.site_id = p.site_id
        join days as d on d.day_number < date_diff('day', p.earlier_on, p.completed_on)
        where date_diff('day', p.earlier_on, p.completed_on) <= limits.step_days
    ),
    ended as (
        select
            stage_number,
            changed_on,
            completed_on,
            count(*) as sites,
            sum(log_change) as log_change,
            sum(log_change * log_change) as squares
        from straddled
        group by stage_number, changed_on, completed_on
    ),
    midnights as (select stage_number, changed_on from ended group by stage_number, changed_on),
    -- as of each of the three weeks' midnights after it
    seen as (
        select
            m.stage_number,
            m.changed_on,
            m.changed_on + cast(d.day_number as integer) + 1 as known_on,
            d.day_number + 1 as days_after,
            sum(e.sites) as sites,
            sum(e.log_change) / nullif(sum(e.sites), 0) as log_change,
            sum(e.squares) / nullif(sum(e.sites), 0) as mean_square
        from midnights as m
        cross join days as d
        join
            ended as e
            on e.stage_number = m.stage_number
            and e.changed_on = m.changed_on
            and e.completed_on <= m.changed_on + cast(d.day_number as integer)
        group by m.stage_number, m.changed_on, d.day_number
    ),
    scored as (
        select
            s.*,
            s.mean_square - s.log_change * s.log_change - 2 * n.noise * n.noise as spread,
            abs(s.log_change) * sqrt(s.sites) / nullif(n.noise * 1.5e0, 0) as score
        from seen as s
        join price_noise as n on n.stage_number = s.stage_number and n.completed_on = s.changed_on
    ),
    peaks as (
        select
            s.*,
            max(s.score) over (
                partition by s.stage_number, s.known_on
                order by date_diff('day', date '2000-01-01', s.changed_on)
                range between 7 preceding and 7 following
            ) as highest_score
        from scored as s
    ),
    candidates as (
        select p.stage_number, p.changed_on, p.known_on, p.days_after
        from peaks as p
        cross join load_day
        cross join limits
        where
            p.known_on <= load_day.today
            and p.days_after <= limits.change_days
            and p.sites >= limits.pool_sites_needed
            and abs(p.log_change) > limits.change_log_price
            and p.score > limits.change_score
            and p.score = p.highest_score
            and p.spread < p.log_change * p.log_change * limits.change_spread
    ),
    of_accounts as (
        select
            c.stage_number,
            c.changed_on,
            c.known_on,
            c.days_after,
            s.account_id,
            cast(count(*) as double) as sites,
            sum(s.log_change) as log_change
        from candidates as c
        join
            straddled as s
            on s.stage_number = c.stage_number
            and s.changed_on = c.changed_on
            and s.completed_on < c.known_on
        group by c.stage_number, c.changed_on, c.known_on, c.days_after, s.account_id
    ),
    weighed as (
        select
            stage_number,
            changed_on,
            known_on,
            days_after,
            account_id,
            log_change / nullif(sites, 0) as log_change,
            least(sites, sum(sites) over (partition by stage_number, changed_on, known_on) - sites) as weight
        from of_accounts
    ),
    changes as (
        select
            stage_number,
            changed_on,
            known_on,
            days_after,
            count(*) as accounts,
            sum(weight * log_change) / nullif(sum(weight), 0) as log_change
        from weighed
        group by stage_number, changed_on, known_on, days_after
    ),
    scaled as (  -- and then rounded to six decimals first: at a tie, the order of a sum would decide
        select
            c.*,
            case when c.days_after < limits.change_days then c.known_on + 1 end as known_until,
            power(10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(c.log_change), 0)))) as scale
        from changes as c
        cross join limits
        where c.accounts >= limits.pool_accounts_needed and abs(c.log_change) > limits.change_log_price
    )
select
    stage_number,
    changed_on,
    known_on as known_from,
    known_until,
    round(round(log_change * scale, 6), 0) / nullif(scale, 0) as log_change
from scaled
