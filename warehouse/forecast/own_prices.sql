-- One row per run of a stage and span of days: the price of an item that the site's own runs then told.
-- Kept as a table: every forecast looks it up, and what all sites teach of prices is summed from it.
with
    limits as (
        select split_score, split_log_price, price_steps_needed, price_noise_weight, price_limit
        from forecast_parameters
    ),
    histories as (select analyzed_runs from parameters),
    steps as (
        select cast(runs_back as bigint) as runs_back
        from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as steps(runs_back)
    ),
    followed as (
        select
            site_id,
            stage_number,
            price_number,
            started_at,
            completed_on,
            items,
            credits,
            log_price,
            lead(completed_on) over w as next_on,
            lead(completed_on, 10) over w as forgotten_on
        from stage_charges
        window w as (partition by site_id, stage_number order by price_number)
    ),
    adjustments as (
        select
            d.stage_number,
            d.completed_on,
            v.version_from,
            v.version_until,
            coalesce(sum(c.log_change), 0) as log_change
        from price_noise as d
        join price_versions as v on v.stage_number = d.stage_number
        left join
            common_changes as c
            on c.stage_number = d.stage_number
            and c.known_from <= v.version_from
            and (c.known_until is null or c.known_until > v.version_from)
            and c.changed_on > d.completed_on
        group by d.stage_number, d.completed_on, v.version_from, v.version_until
    ),
    -- each run at the prices of each span in which it still counts
    runs as (
        select
            f.site_id,
            f.stage_number,
            f.price_number,
            f.started_at,
            f.completed_on,
            f.items,
            f.credits * exp(a.log_change) as credits,
            f.log_price + a.log_change as log_price,
            a.version_from,
            a.version_until,
            f.next_on is null or a.version_from <= f.next_on as is_latest
        from followed as f
        join
            adjustments as a
            on a.stage_number = f.stage_number
            and a.completed_on = f.completed_on
            and a.version_until > f.completed_on
            and (f.forgotten_on is null or a.version_from <= f.forgotten_on)
    ),
    changes as (
        select
            site_id,
            stage_number,
            price_number,
            version_from,
            started_at,
            completed_on,
            items,
            credits,
            log_price,
            is_latest,
            coalesce(sum(log_price) over w, 0) as log_prices,
            coalesce(sum(log_price) over w, 0) - coalesce(log_price, 0) as log_prices_before,
            count(log_price) over w as priced_runs,
            case when log_price is null then 0 else -1 end + count(log_price) over w as priced_before,
            abs(log_price - lag(log_price) over ordered) as step
        from runs
        window
            ordered as (partition by site_id, stage_number, version_from order by price_number),
            w as (
                partition by site_id, stage_number, version_from
                order by price_number
                rows between unbounded preceding and current row
            )
    ),
    judged as (
        select
            site_id,
            stage_number,
            price_number,
            version_from,
            completed_on,
            log_prices,
            priced_runs,
            is_latest,
            log_price is null as is_free,
            coalesce(max(case when log_price is null then price_number end) over w, 0) as free_number,
            coalesce(max(case when log_price is not null then price_number end) over w, 0) as paid_number,
            sum(step) over nine as steps_sum,
            max(step) over nine as largest_step,
            cast(count(step) over nine as double) as steps
        from changes
        window
            w as (
                partition by site_id, stage_number, version_from
                order by price_number
                rows between unbounded preceding and current row
            ),
            nine as (
                partition by site_id, stage_number, version_from
                order by price_number
                rows between 8 preceding and current row
            )
    ),
    -- two runs in a row that are free, or that cost something again, start anew
    spans as (
        select
            j.site_id,
            j.stage_number,
            j.price_number,
            j.version_from,
            j.completed_on,
            j.log_prices,
            j.priced_runs,
            greatest(
                j.price_number - histories.analyzed_runs + 1,
                case
                    when j.is_free and j.paid_number < j.price_number - 1
                    then j.paid_number + 1
                    when not j.is_free and j.free_number < j.price_number - 1
                    then j.free_number + 1
                    else 1
                end
            ) as first_number,
            sqrt(
                (
                    limits.price_noise_weight * n.noise * n.noise + case
                        when j.steps >= limits.price_steps_needed
                        then
                            j.steps
                            * power(0.95e0 * (j.steps_sum - j.largest_step) / nullif(j.steps - 1, 0), 2)
                        else 0
                    end
                ) / nullif(
                    limits.price_noise_weight
                    + case when j.steps >= limits.price_steps_needed then j.steps else 0 end,
                    0
                )
            ) as noise
        from judged as j
        cross join limits
        cross join histories
        join price_noise as n on n.stage_number = j.stage_number and n.completed_on = j.completed_on
        where j.is_latest
    ),
    splits as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.version_from,
            s.noise,
            s.first_number,
            c.price_number as since_number,
            cast(s.priced_runs - f.priced_before as double) as all_runs,
            s.log_prices - f.log_prices_before as all_log_prices,
            cast(s.priced_runs - c.priced_before as double) as runs,
            s.log_prices - c.log_prices_before as log_prices
        from spans as s
        cross join steps as t
        join
            changes as f
            on f.site_id = s.site_id
            and f.stage_number = s.stage_number
            and f.version_from = s.version_from
            and f.price_number = s.first_number
        join
            changes as c
            on c.site_id = s.site_id
            and c.stage_number = s.stage_number
            and c.version_from = s.version_from
            and c.price_number = s.price_number - t.runs_back
        where s.price_number - t.runs_back >= s.first_number
    ),
    scored as (
        select
            site_id,
            stage_number,
            price_number,
            version_from,
            noise,
            first_number,
            since_number,
            all_log_prices / nullif(all_runs, 0) as all_log_price,
            log_prices / nullif(runs, 0) as log_price,
            abs(
                log_prices / nullif(runs, 0) - (all_log_prices - log_prices) / nullif(all_runs - runs, 0)
            ) as log_change,
            sqrt(runs * (all_runs - runs) / nullif(all_runs, 0)) as evidence
        from splits
    ),
    best as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.version_from,
            s.first_number,
            max(s.noise) as noise,
            max(s.all_log_price) as all_log_price,
            max(
                case
                    when
                        s.log_change > limits.split_log_price
                        and s.log_change * s.evidence > limits.split_score * s.noise
                    then [round(s.log_change * s.evidence, 9), s.since_number, s.log_price]
                end
            ) as split
        from scored as s
        cross join limits
        group by s.site_id, s.stage_number, s.price_number, s.version_from, s.first_number
    ),
    windows as (
        select
            site_id,
            stage_number,
            price_number,
            version_from,
            noise,
            coalesce(list_extract(split, 2), first_number) as since_number,
            exp(coalesce(list_extract(split, 3), all_log_price)) as usual_price
        from best
    ),
    -- one dear run must not set the price
    priced as (
        select
            w.site_id,
            w.stage_number,
            w.price_number,
            w.version_from,
            w.since_number,
            max(w.noise) as noise,
            count(*) as price_runs,
            min(c.started_at) as price_since,
            max(case when t.runs_back = 0 then c.completed_on end) as completed_on,
            sum(
                case
                    when w.usual_price is null
                    then c.credits
                    else
                        least(
                            greatest(c.credits, c.items * w.usual_price / nullif(limits.price_limit, 0)),
                            c.items * w.usual_price * limits.price_limit
                        )
                end
            )
            / nullif(sum(c.items), 0) as price
        from windows as w
        cross join limits
        cross join steps as t
        join
            changes as c
            on c.site_id = w.site_id
            and c.stage_number = w.stage_number
            and c.version_from = w.version_from
            and c.price_number = w.price_number - t.runs_back
        where w.price_number - t.runs_back >= w.since_number
        group by w.site_id, w.stage_number, w.price_number, w.version_from, w.since_number
    )
select
    p.site_id,
    p.stage_number,
    p.price_number,
    p.version_from,
    greatest(p.completed_on, p.version_from - 1) as known_after,
    p.price_runs,
    p.price,
    p.noise,
    case
        when p.since_number > 1 and p.since_number > p.price_number - histories.analyzed_runs + 1
        then p.price_since
    end as price_since
from priced as p
cross join histories
order by p.site_id, p.stage_number, p.price_number, p.version_from
