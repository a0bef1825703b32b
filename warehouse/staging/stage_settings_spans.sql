-- One row per site, stage and load that first saw its settings so: what held until a later load's.
-- A step towards settings as forecasts know them.
with
    load as (select as_of from current_load),
    -- a load may be of an instant before those of loads that came before it, which it knows all the same
    told as (
        select
            s.site_id,
            s.stage_number,
            s.load_number,
            least(s.as_of, l.as_of) as as_of,
            s.is_present,
            cast(s.credit_limit as double) as credit_limit,
            s.is_on,
            cast(s.item_limit as double) as item_limit
        from stage_settings_seen as s
        cross join load as l
    ),
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
            credit_limit,
            is_on,
            item_limit
        from told
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
    c.as_of <= load.as_of and (c.next_as_of is null or c.next_as_of > load.as_of) as is_current,
    max(c.changed_at) over (
        partition by c.site_id, c.stage_number
        order by c.as_of
        rows between unbounded preceding and current row
    ) as since
from compared as c
cross join load
