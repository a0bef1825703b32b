-- One row per site: its forecasts by every method as a text, the totals and the stages.
-- Kept as a table: a look-up costs by the column, so what is asked by the second is one.
-- In parts, by site_id: the texts of all sites at once are more than a load's memory holds.
with
    totals as (
        select
            site_id,
            list(
                json_array(
                    site_id,
                    method,
                    credits,
                    output,
                    duration_seconds,
                    p80_low,
                    p80_high,
                    p90_low,
                    p90_high,
                    budget_80,
                    budget_90,
                    credit_limit,
                    is_limited,
                    is_champion,
                    reason,
                    track_record
                )
                order by is_champion desc, method
            ) as totals
        from forecast_totals
        group by site_id
    ),
    stages as (
        select
            site_id,
            list(
                json_array(
                    site_id,
                    method,
                    stage_number,
                    expected_items,
                    credits,
                    output,
                    duration_seconds,
                    basis,
                    items_limit,
                    bound_by
                )
                order by method, stage_number
            ) as stages
        from forecast_stages
        group by site_id
    )
select s.site_id, cast(json_array(coalesce(t.totals, []), coalesce(g.stages, [])) as varchar) as forecast
from sites as s
left join totals as t on t.site_id = s.site_id
left join stages as g on g.site_id = s.site_id
order by s.site_id
