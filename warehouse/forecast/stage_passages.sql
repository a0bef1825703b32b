-- One row per completion and stage: what waited, what arrived within the run, what the stage took of it.
-- A step towards forecasts.
-- Kept as a table: prices, flow and limits are learned from it.
with
    limits as (select bound_share from forecast_parameters),
    histories as (select analyzed_runs from parameters),
    fed as (
        select
            g.site_id,
            g.stage_number,
            c.completion_number,
            c.started_at,
            cast(c.completed_at at time zone 'UTC' as date) as completed_on,
            cast(g.snapshot_items as double) as items_waiting,
            coalesce(cast(u.items_created as double), 0) as items_arriving,
            cast(g.items_processed as double) as items_processed,
            cast(g.items_created as double) as items_created,
            cast(g.credits_used as double) as credits_used,
            cast(g.duration_seconds as double) as duration_seconds
        from run_stages as g
        join completions as c on c.site_id = g.site_id and c.id = g.id
        join stage_parameters as f on f.stage_number = g.stage_number
        left join run_stages as u on u.site_id = g.site_id and u.id = g.id and u.stage_number = f.fed_by
    ),
    judged as (
        select
            f.*,
            coalesce(
                f.items_processed < f.items_waiting * (1 - limits.bound_share)
                or (
                    f.items_processed > f.items_waiting
                    and f.items_processed < (f.items_waiting + f.items_arriving) * (1 - limits.bound_share)
                ),
                false
            ) as is_bound
        from fed as f
        cross join limits
    ),
    repeats as (
        select
            site_id,
            stage_number,
            completion_number,
            items_processed < items_waiting as is_below_waiting,
            completion_number - lag(completion_number) over (
                partition by site_id, stage_number, items_processed order by completion_number
            ) as runs_since_same,
            completion_number - lag(completion_number, 2) over (
                partition by site_id, stage_number, items_processed order by completion_number
            ) as runs_since_same_twice,
            completion_number - lag(completion_number) over (
                partition by site_id, stage_number order by completion_number
            ) as runs_since_any
        from judged
        where is_bound
    ),
    capped as (
        select
            j.*,
            coalesce(r.is_below_waiting, false) as is_short,
            coalesce(
                case when r.is_below_waiting then r.runs_since_same else r.runs_since_same_twice end
                < histories.analyzed_runs
                or (
                    r.is_below_waiting
                    and (r.runs_since_any is null or r.runs_since_any >= histories.analyzed_runs)
                ),
                false
            ) as is_capped
        from judged as j
        left join repeats as r using (site_id, stage_number, completion_number)
        cross join histories
    ),
    -- what a stage takes of what arrives shows where it took what waited, and no limit held it; where nobody
    -- noted what waited, only if it took nothing at all
    flowing as (
        select
            c.*,
            (c.items_waiting is not null or c.items_processed = 0)
            and not c.is_capped
            and not c.is_short as is_of_flow
        from capped as c
    )
select
    site_id,
    stage_number,
    completion_number,
    started_at,
    completed_on,
    items_processed,
    items_created,
    credits_used,
    duration_seconds,
    is_bound,
    is_capped,
    case
        when is_of_flow
        then least(greatest(items_processed - coalesce(items_waiting, 0), 0), items_arriving)
        else 0
    end as items_taken,
    case when is_of_flow then items_arriving else 0 end as items_arrived
from flowing
