-- One row per completion and stage: all that the site's own past teaches of the stage, as of that completion.
-- A step towards forecasts.
-- Kept as a table: every forecast looks it up, and what all sites teach is summed from it.
-- In parts, by site_id: its windows sort the widest rows.
with
    recent as (
        select
            p.*,
            sum(items_processed) over ten as recent_items_processed,
            sum(items_created) over ten as recent_items_created,
            sum(items_processed) over thirty as yielding_items,
            sum(items_created) over thirty as yielded_items,
            sum(credits_used) over ten as recent_credits,
            sum(items_taken) over ten as recent_items_taken,
            sum(items_arrived) over ten as recent_items_arrived,
            sum(duration_seconds) over ten as recent_seconds,
            sum(case when duration_seconds is not null then items_processed end) over ten as items_timed,
            last_value(
                case when is_capped then items_processed when is_bound then -1 end ignore nulls
            ) over ten as bound_items,
            last_value(case when is_capped or is_bound then started_at end ignore nulls) over ten
            as limited_at,
            max(items_processed) over three as items_processed_at_most,
            count(case when items_processed > 0 then 1 end) over so_far as price_number
        from stage_passages as p
        window
            so_far as (
                partition by site_id, stage_number
                order by completion_number
                rows between unbounded preceding and current row
            ),
            ten as (
                partition by site_id, stage_number
                order by completion_number
                rows between 9 preceding and current row
            ),
            thirty as (
                partition by site_id, stage_number
                order by completion_number
                rows between 29 preceding and current row
            ),
            three as (
                partition by site_id, stage_number
                order by completion_number
                rows between 2 preceding and current row
            )
    )
select
    r.site_id,
    r.stage_number,
    r.completion_number,
    r.completed_on,
    r.items_processed,
    r.items_created,
    r.items_taken,
    r.items_arrived,
    r.recent_items_processed,
    r.recent_items_created,
    r.yielding_items,
    r.yielded_items,
    r.recent_credits,
    r.recent_items_taken,
    r.recent_items_arrived,
    r.recent_seconds,
    r.recent_seconds / nullif(r.items_timed, 0) as seconds_per_item,
    case when r.bound_items >= r.items_processed_at_most then r.bound_items end as items_limit,
    r.limited_at,
    r.price_number
from recent as r
