-- One row per site or account, horizon and week: its errors known by then, and the place of the week's own.
-- A step towards forecasts of spend.
-- Kept as a table: a week's place among all is of all sites, and stays while no more is known.
-- Renewed: whole, by week.
with
    weeks as (
        select week
        from spend_mondays
        union
        select week + 1
        from spend_mondays
    ),
    learned as (
        select scope, owner_id, horizon_days, known_week, count(*) as errors
        from spend_known_errors
        group by scope, owner_id, horizon_days, known_week
    ),
    counted as (
        select
            o.scope,
            o.owner_id,
            h.horizon_days,
            w.week,
            cast(
                coalesce(
                    sum(l.errors) over (
                        partition by o.scope, o.owner_id, h.horizon_days
                        order by w.week
                        rows between unbounded preceding and current row
                    ),
                    0
                ) as bigint
            ) as known_errors
        from spend_owners as o
        cross join spend_horizons as h
        cross join weeks as w
        left join
            learned as l
            on l.scope = o.scope
            and l.owner_id = o.owner_id
            and l.horizon_days = h.horizon_days
            and l.known_week = w.week
    ),
    placed as (
        select
            scope,
            owner_id,
            horizon_days,
            week,
            row_number() over (
                partition by scope, owner_id, horizon_days order by known_week, week
            ) as error_number,
            -- as if drawn by lot
            row_number() over (
                partition by scope, horizon_days, known_runs_from, known_week
                order by owner_id % 10007 * 7919 % 10007, owner_id, week
            ) as pool_lot,
            row_number() over (
                partition by scope, account_key, horizon_days, known_runs_from < 0, known_week
                order by owner_id % 10007 * 7919 % 10007, owner_id, week
            ) as account_lot
        from spend_known_errors
    )
select c.scope, c.owner_id, c.horizon_days, c.week, c.known_errors, p.error_number, p.pool_lot, p.account_lot
from counted as c
left join
    placed as p
    on p.scope = c.scope
    and p.owner_id = c.owner_id
    and p.horizon_days = c.horizon_days
    and p.week = c.week
