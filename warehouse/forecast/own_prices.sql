-- One row per run of a stage and span of days: the price of an item that the site's own runs then told.
-- A step towards forecasts.
-- Kept as a table: every forecast looks it up, and what all sites teach of prices is summed from it.
-- In parts, by site_id: each run stands in it ten times, once a step back.
with
    limits as (
        select
            split_score,
            split_log_price,
            price_steps_needed,
            price_noise_weight,
            price_limit,
            own_price_runs,
            price_doubt
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
            lead(completed_on, 30) over w as forgotten_on
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
            r.*,
            coalesce(sum(r.log_price) over w, 0) as log_prices,
            coalesce(sum(r.log_price) over w, 0) - coalesce(r.log_price, 0) as log_prices_before,
            count(r.log_price) over w as priced_runs,
            case when r.log_price is null then 0 else -1 end + count(r.log_price) over w as priced_before,
            abs(r.log_price - lag(r.log_price) over ordered) as step
        from runs as r
        window
            ordered as (partition by r.site_id, r.stage_number, r.version_from order by r.price_number),
            w as (
                partition by r.site_id, r.stage_number, r.version_from
                order by r.price_number
                rows between unbounded preceding and current row
            )
    ),
    judged as (
        select
            c.*,
            c.log_price is null as is_free,
            coalesce(max(case when c.log_price is null then c.price_number end) over w, 0) as free_number,
            coalesce(max(case when c.log_price is not null then c.price_number end) over w, 0) as paid_number,
            sum(c.step) over nine as steps_sum,
            max(c.step) over nine as largest_step,
            max(c.log_price) over ten - min(c.log_price) over ten as price_range,
            cast(count(c.step) over nine as double) as steps
        from changes as c
        window
            w as (
                partition by c.site_id, c.stage_number, c.version_from
                order by c.price_number
                rows between unbounded preceding and current row
            ),
            nine as (
                partition by c.site_id, c.stage_number, c.version_from
                order by c.price_number
                rows between 8 preceding and current row
            ),
            ten as (
                partition by c.site_id, c.stage_number, c.version_from
                order by c.price_number
                rows between 9 preceding and current row
            )
    ),
    -- two runs in a row that are free, or that cost something again, start anew;
    -- the noise is 0.886 of the mean step, as in price_noise, and more where the largest is left out
    started as (
        select
            j.*,
            case
                when j.is_free and j.paid_number < j.price_number - 1
                then j.paid_number + 1
                when not j.is_free and j.free_number < j.price_number - 1
                then j.free_number + 1
                else 1
            end as start_number,
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
        join price_noise as n on n.stage_number = j.stage_number and n.completed_on = j.completed_on
        where j.is_latest
    ),
    spans as (
        select
            s.*,
            greatest(s.price_number - histories.analyzed_runs + 1, s.start_number) as first_number,
            greatest(s.price_number - limits.own_price_runs + 1, s.start_number) as older_number
        from started as s
        cross join limits
        cross join histories
    ),
    totalled as (
        select
            s.*,
            cast(s.priced_runs - f.priced_before as double) as all_runs,
            s.log_prices - f.log_prices_before as all_log_prices
        from spans as s
        left join
            changes as f
            on f.site_id = s.site_id
            and f.stage_number = s.stage_number
            and f.version_from = s.version_from
            and f.price_number = s.first_number
    ),
    -- two means of prices are no further apart than the prices
    splits as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.version_from,
            s.noise,
            s.all_runs,
            s.all_log_prices,
            c.price_number as since_number,
            cast(s.priced_runs - c.priced_before as double) as runs,
            s.log_prices - c.log_prices_before as log_prices
        from totalled as s
        cross join limits
        cross join steps as t
        join
            changes as c
            on c.site_id = s.site_id
            and c.stage_number = s.stage_number
            and c.version_from = s.version_from
            and c.price_number = s.price_number - t.runs_back
        where s.price_number - t.runs_back >= s.first_number and s.price_range + 1e-9 > limits.split_log_price
    ),
    scored as (
        select
            s.*,
            log_prices / nullif(runs, 0) as log_price,
            abs(
                log_prices / nullif(runs, 0) - (all_log_prices - log_prices) / nullif(all_runs - runs, 0)
            ) as log_change,
            sqrt(runs * (all_runs - runs) / nullif(all_runs, 0)) as evidence
        from splits as s
    ),
    best as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.version_from,
            max([round(s.log_change * s.evidence, 9), s.since_number, s.log_price]) as split
        from scored as s
        cross join limits
        where
            s.log_change > limits.split_log_price and s.log_change * s.evidence > limits.split_score * s.noise
        group by s.site_id, s.stage_number, s.price_number, s.version_from
    ),
    windows as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.version_from,
            s.noise,
            s.first_number,
            s.older_number,
            b.split,
            coalesce(list_extract(b.split, 2), s.first_number) as since_number,
            coalesce(list_extract(b.split, 3), s.all_log_prices / nullif(s.all_runs, 0)) as usual_log_price
        from totalled as s
        left join
            best as b
            on b.site_id = s.site_id
            and b.stage_number = s.stage_number
            and b.version_from = s.version_from
            and b.price_number = s.price_number
    ),
    -- one dear run must not set the price
    priced as (
        select
            w.site_id,
            w.stage_number,
            w.price_number,
            w.version_from,
            w.since_number,
            w.noise,
            case when w.split is null then w.first_number end as first_number,
            w.older_number,
            count(*) as runs,
            cast(count(c.log_price) as double) as paid_runs,
            min(c.started_at) as price_since,
            max(case when t.runs_back = 0 then c.completed_on end) as completed_on,
            sum(case when c.log_price is null then 0 else c.items end)
            / nullif(sum(c.items), 0) as paid_share,
            avg(
                least(
                    greatest(c.log_price, w.usual_log_price - ln(nullif(limits.price_limit, 0))),
                    w.usual_log_price + ln(nullif(limits.price_limit, 0))
                )
            ) as log_price
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
        group by
            w.site_id,
            w.stage_number,
            w.price_number,
            w.version_from,
            w.since_number,
            w.noise,
            w.split,
            w.first_number,
            w.older_number
    ),
    -- without a split, runs further back count too, as far as they agree
    older as (
        select
            p.*,
            cast(b.priced_runs - f.priced_before as double) as older_runs,
            (b.log_prices - f.log_prices_before)
            / nullif(b.priced_runs - f.priced_before, 0) as older_log_price
        from priced as p
        left join
            changes as f
            on f.site_id = p.site_id
            and f.stage_number = p.stage_number
            and f.version_from = p.version_from
            and f.price_number = p.older_number
        left join
            changes as b
            on b.site_id = p.site_id
            and b.stage_number = p.stage_number
            and b.version_from = p.version_from
            and b.price_number = p.first_number - 1
            and b.price_number >= p.older_number
    ),
    weighed as (
        select
            o.*,
            coalesce(
                o.older_runs / nullif(
                    1
                    + o.older_runs
                    * greatest(
                        power((o.older_log_price - o.log_price) / nullif(o.noise, 0), 2)
                        - limits.price_doubt * (1 / nullif(o.paid_runs, 0) + 1 / nullif(o.older_runs, 0)),
                        0
                    ),
                    0
                ),
                0
            ) as older_weight
        from older as o
        cross join limits
    )
select
    w.site_id,
    w.stage_number,
    w.price_number,
    w.version_from,
    greatest(w.completed_on, w.version_from - 1) as known_after,
    w.runs + w.older_weight as price_runs,
    coalesce(
        w.paid_share * exp(
            (w.paid_runs * w.log_price + w.older_weight * coalesce(w.older_log_price, 0))
            / nullif(w.paid_runs + w.older_weight, 0)
        ),
        0
    ) as price,
    w.noise,
    case
        when w.since_number > 1 and w.since_number > w.price_number - histories.analyzed_runs + 1
        then w.price_since
    end as price_since
from weighed as w
cross join histories
order by w.site_id, w.stage_number, w.price_number, w.version_from
