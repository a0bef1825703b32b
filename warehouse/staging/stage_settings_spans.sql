-- One row per site, stage and load that first saw its settings so: what held a run of that time.
with
    seen as (
        select
            s.site_id,
            p.stage_number,
            s.as_of,
            lead(s.as_of) over (partition by s.site_id, p.stage_number order by s.load_number) as next_as_of,
            s.is_present,
            cast(s.credit_limit as double) as credit_limit,
            case
                p.stage_number
                when 1
                then s.stage_1_is_on
                when 2
                then s.stage_2_is_on
                when 3
                then s.stage_3_is_on
                when 4
                then s.stage_4_is_on
                when 5
                then s.stage_5_is_on
                when 6
                then s.stage_6_is_on
                when 7
                then s.stage_7_is_on
            end as is_on,
            cast(
                case
                    p.stage_number
                    when 1
                    then s.stage_1_limit
                    when 2
                    then s.stage_2_limit
                    when 3
                    then s.stage_3_limit
                    when 4
                    then s.stage_4_limit
                    when 5
                    then s.stage_5_limit
                    when 6
                    then s.stage_6_limit
                    when 7
                    then s.stage_7_limit
                end as double
            ) as item_limit
        from lake.automation_settings as s
        cross join stage_parameters as p
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
        window w as (partition by site_id, stage_number order by as_of)
    )
select
    site_id,
    stage_number,
    as_of,
    next_as_of,
    is_present,
    is_on,
    item_limit,
    credit_limit,
    max(changed_at) over (
        partition by site_id, stage_number order by as_of rows between unbounded preceding and current row
    ) as since
from compared
