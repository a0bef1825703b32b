-- The flow's own SQL over its inputs with what was asked in their place: that view reads `forecast_inputs`
-- of here.
with
    asked as (select unnest($asked, recursive := true)),
    told as (
        select
            cast(stage_number as tinyint) as stage_number,
            cast(waiting as double) as waiting,
            cast("limit" as double) as "limit",
            cast(is_on as boolean) as is_on
        from asked
    ),
    forecast_inputs as (
        select
            i.* replace (
                coalesce(t.waiting, i.items_waiting) as items_waiting,
                coalesce(t.is_on, i.is_on, case when $is_known then true end) as is_on,
                case when t."limit" is null then i.item_limit else nullif(t."limit", 0) end as item_limit,
                case
                    when $credit_limit is null
                    then i.credit_limit
                    else nullif(cast($credit_limit as double), 0)
                end as credit_limit,
                case
                    when not coalesce(t.is_on, i.is_on, true)
                    then 0
                    else
                        least(
                            case when t."limit" is null then i.item_limit else nullif(t."limit", 0) end,
                            i.learned_limit
                        )
                end as items_limit
            )
        from main.forecast_inputs as i
        join told as t on t.stage_number = i.stage_number
        where i.is_live and i.site_id = $site_id
    )
select
    f.stage_number,
    p.stage_name,
    f.expected_items,
    f.credits,
    f.output,
    f.items_limit,
    f.bound_by,
    p.makes = 'articles' as is_of_articles,
    f.duration_seconds,
    f.credit_limit,
    f.credits_at_most,
    f.credits_per_stage_credit
from ({{ forecast_flow }}) as f
join stage_parameters as p on p.stage_number = f.stage_number
where not f.is_told
order by f.stage_number
