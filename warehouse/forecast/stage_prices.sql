-- One row per completion in which the stage took anything in: the price known then, and the one known before.
with
    limits as (select analyzed_runs from parameters),
    steps as (
        select cast(runs_after as bigint) as runs_after
        from (values (0), (1), (2), (3), (4), (5), (6), (7), (8)) as steps(runs_after)
    ),
    -- a break shows only with the run after it: at the break itself, what is known is the old price and
    -- this run
    spans as (
        select
            c.site_id,
            c.stage_number,
            c.price_number,
            c.ten_items,
            c.ten_credits,
            c.price_number + 1 - coalesce(b.since_number, 1) as runs,
            b.since as price_since
        from stage_charges as c
        left join
            stage_breaks as b
            on b.site_id = c.site_id
            and b.stage_number = c.stage_number
            and c.price_number > b.since_number
            and (b.next_number is null or c.price_number <= b.next_number)
    ),
    renewed as (
        select
            b.site_id,
            b.stage_number,
            b.since_number + l.runs_after as price_number,
            sum(c.items) as items,
            sum(c.credits) as credits
        from stage_breaks as b
        cross join limits
        join steps as l on l.runs_after > 0 and l.runs_after + 1 < limits.analyzed_runs
        join steps as s on s.runs_after <= l.runs_after
        join
            stage_charges as c
            on c.site_id = b.site_id
            and c.stage_number = b.stage_number
            and c.price_number = b.since_number + s.runs_after
        where b.next_number is null or b.since_number + l.runs_after <= b.next_number
        group by b.site_id, b.stage_number, b.since_number + l.runs_after
    ),
    known as (
        select
            s.site_id,
            s.stage_number,
            s.price_number,
            s.price_since,
            least(s.runs, limits.analyzed_runs) as price_runs,
            coalesce(r.items, s.ten_items) as price_items,
            coalesce(r.credits, s.ten_credits) as price_credits
        from spans as s
        cross join limits
        left join
            renewed as r
            on r.site_id = s.site_id
            and r.stage_number = s.stage_number
            and r.price_number = s.price_number
    )
select site_id, stage_number, price_number, price_since, price_runs, price_items, price_credits
from known
