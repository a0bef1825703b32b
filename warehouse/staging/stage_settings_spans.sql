-- One row per site, stage and load that first saw its settings so: what held until a later load's.
-- A step towards settings as forecasts know them.
with
    -- a load may be of an instant before those of loads that came before it
    seen as (
        select
            site_id,
            stage_number,
            as_of,
            min(as_of) over (
                partition by site_id, stage_number
                order by load_number
                rows between 1 following and unbounded following
            ) as next_as_of,
            is_present,
            cast(credit_limit as double) as credit_limit,
            is_on,
            cast(item_limit as double) as item_limit
        from stage_settings_seen
    ),
    compared as (
        select
            site_id,
            stage_number,
            as_of,
            next_as_of,
            is_present,
            credit_limit,
            is_on,
            item_limit,
            case
                when
                    lag(is_present) over w
                    and lag(is_on) over w = is_on
                    and coalesce(lag(item_limit) over w, -1) = coalesce(item_limit, -1)
                then null
                else as_of
            end as changed_at
        from seen
        where next_as_of is null or next_as_of > as_of
        window w as (partition by site_id, stage_number order by as_of)
    )
select
    c.site_id,
    c.stage_number,
    c.as_of,
    c.next_as_of,
    c.is_present,
    c.is_on,
    c.item_limit,
    c.credit_limit,
    c.next_as_of is null as is_current,
    max(c.changed_at) over (
        partition by c.site_id, c.stage_number
        order by c.as_of
        rows between unbounded preceding and current row
    ) as since
from compared as c
