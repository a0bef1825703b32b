-- One row per stage and day: what all sites had taught of the stage by that UTC midnight.
-- A step towards forecasts.
-- Kept as a table: it is of all sites by nature; forecasts look a day up.
-- Renewed: day.
with
    limits as (
        select
            pool_sites_needed,
            pool_accounts_needed,
            significant_digits,
            least_price_variance,
            least_account_weight,
            largest_account_weight
        from forecast_parameters
    ),
    measures as (select measure from (values ('price'), ('output'), ('flow')) as measures(measure)),
    lessons as (
        select
            l.*,
            lead(l.known_on) over w as next_on,
            lag(l.paying_sites, 1, 0) over w as paying_sites_before,
            lag(l.price_sites, 1, 0) over w as price_sites_before,
            lag(l.output_sites, 1, 0) over w as output_sites_before,
            lag(l.flow_sites, 1, 0) over w as flow_sites_before,
            lag(l.price_sum, 1, 0) over w as price_sum_before,
            lag(l.output_sum, 1, 0) over w as output_sum_before,
            lag(l.flow_sum, 1, 0) over w as flow_sum_before,
            lag(l.price_squares, 1, 0) over w as price_squares_before
        from account_lessons as l
        window w as (partition by l.account_id, l.stage_number order by l.known_on)
    ),
    taught as (
        select
            account_id,
            stage_number,
            'price' as measure,
            known_on as completed_on,
            next_on,
            paying_sites,
            price_sites as sites,
            price_sum as rates,
            price_squares as squares,
            paying_sites_before,
            price_sites_before as sites_before,
            price_sum_before as rates_before,
            price_squares_before as squares_before
        from lessons
        union all
        select
            account_id,
            stage_number,
            'output',
            known_on,
            next_on,
            0,
            output_sites,
            output_sum,
            0,
            0,
            output_sites_before,
            output_sum_before,
            0
        from lessons
        union all
        select
            account_id,
            stage_number,
            'flow',
            known_on,
            next_on,
            0,
            flow_sites,
            flow_sum,
            0,
            0,
            flow_sites_before,
            flow_sum_before,
            0
        from lessons
    ),
    steps as (
        select
            account_id,
            stage_number,
            measure,
            completed_on,
            sites,
            paying_sites - paying_sites_before as paying_sites_added,
            sites - sites_before as sites_added,
            case when sites > 0 and sites_before = 0 then 1 else 0 end as accounts_added,
            rates - rates_before as rates_added,
            squares - squares_before as squares_added,
            coalesce(rates * rates / nullif(sites, 0), 0)
            - coalesce(rates_before * rates_before / nullif(sites_before, 0), 0) as account_squares_added,
            sites * sites - sites_before * sites_before as sites_squared_added
        from taught
    ),
    events as (
        select
            stage_number,
            measure,
            completed_on as event_on,
            1 as is_after,
            sum(paying_sites_added) as paying_sites,
            sum(sites_added) as sites,
            sum(accounts_added) as accounts,
            sum(rates_added) as rates,
            sum(squares_added) as squares,
            sum(account_squares_added) as account_squares,
            sum(sites_squared_added) as sites_squared,
            max([sites, account_id]) as largest
        from steps
        group by stage_number, measure, completed_on
        union all
        select f.stage_number, m.measure, o.known_on, 0, 0, 0, 0, 0, 0, 0, 0, null
        from (select distinct known_on from account_days) as o
        cross join stage_parameters as f
        cross join measures as m
    ),
    sums as (
        select
            stage_number,
            measure,
            event_on as known_on,
            is_after,
            sum(paying_sites) over w as paying_sites,
            sum(sites) over w as sites,
            sum(accounts) over w as accounts,
            -- as an account's: what goes up and comes down again leaves binary noise
            round(sum(rates) over w, 12) as rates,
            sum(squares) over w as squares,
            sum(account_squares) over w as account_squares,
            sum(sites_squared) over w as sites_squared,
            max(largest) over w as largest
        from events
        window
            w as (
                partition by stage_number, measure
                order by event_on, is_after
                rows between unbounded preceding and current row
            )
    ),
    -- every site weighs one; where one account's sites are more than all others, they weigh as much as these
    means as (
        select
            s.stage_number,
            s.measure,
            s.known_on,
            s.paying_sites,
            s.sites,
            -- variance between sites of an account, unless most of it is of one, and between accounts
            case
                when 2 * (list_extract(s.largest, 1) - 1) <= s.sites - s.accounts
                then (s.squares - s.account_squares) / nullif(s.sites - s.accounts, 0)
            end as site_variance,
            (s.account_squares - s.rates * s.rates / nullif(s.sites, 0))
            / nullif(s.accounts - 1, 0) as account_mean_squares,
            (s.sites - s.sites_squared / nullif(cast(s.sites as double), 0))
            / nullif(s.accounts - 1, 0) as account_sites,
            case
                when s.sites >= limits.pool_sites_needed and s.accounts >= limits.pool_accounts_needed
                then
                    case
                        when a.account_id is null
                        then s.rates / nullif(s.sites, 0)
                        else
                            (s.rates - a.rates) / nullif(2 * (s.sites - a.sites), 0)
                            + a.rates / nullif(2 * a.sites, 0)
                    end
            end as rate
        from sums as s
        cross join limits
        left join
            taught as a
            on a.account_id = list_extract(s.largest, 2)
            and a.stage_number = s.stage_number
            and a.measure = s.measure
            and a.completed_on < s.known_on
            and (a.next_on is null or a.next_on >= s.known_on)
            and a.sites > s.sites - a.sites
            and list_extract(s.largest, 1) > s.sites - list_extract(s.largest, 1)
        where s.is_after = 0
    ),
    figures as (
        select
            m.*,
            (m.account_mean_squares - m.site_variance) / nullif(m.account_sites, 0) as account_variance,
            case when m.measure = 'price' then exp(m.rate) else m.rate end as figure
        from means as m
    ),
    rounded as (  -- first to six decimals: at a tie, the order of a sum would decide
        select
            f.*,
            power(10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(f.figure), 0)))) as scale,
            power(
                10e0, limits.significant_digits - 1 - floor(log10(nullif(abs(f.site_variance), 0)))
            ) as variance_scale,
            case
                when f.figure = 0 then 0 else round(round(f.figure * scale, 6), 0) / nullif(scale, 0)
            end as told,
            round(round(f.site_variance * variance_scale, 6), 0) / nullif(variance_scale, 0) as told_variance
        from figures as f
        cross join limits
    ),
    stages as (
        select
            stage_number,
            known_on,
            sum(paying_sites) as paying_sites,
            max(case when measure = 'output' then sites end) as sites,
            max(case when measure = 'price' then told end) as price,
            max(case when measure = 'price' then site_variance end) as site_variance,
            max(case when measure = 'price' then told_variance end) as told_variance,
            max(case when measure = 'price' then account_variance end) as account_variance,
            max(case when measure = 'output' then told end) as output_ratio,
            max(case when measure = 'flow' then told end) as flow_share
        from rounded
        group by stage_number, known_on
    )
select
    s.stage_number,
    s.known_on,
    v.version_from,
    case when 2 * paying_sites > sites then price when output_ratio is not null then 0 end as price,
    case
        when price > 0 and site_variance is not null
        then greatest(coalesce(told_variance, 0), limits.least_price_variance)
    end as site_variance,
    case
        when price > 0 and site_variance is not null
        then
            least(
                greatest(
                    round(
                        site_variance / nullif(greatest(account_variance, limits.least_price_variance), 0), 2
                    ),
                    limits.least_account_weight
                ),
                limits.largest_account_weight
            )
    end as account_weight_sites,
    output_ratio,
    flow_share
from stages as s
cross join limits
join
    price_versions as v
    on v.stage_number = s.stage_number
    and v.version_from <= s.known_on
    and v.version_until > s.known_on
