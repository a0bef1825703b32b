-- One row per origin and stage, as known and as told: what it will take in, cost and make.
-- A step towards forecasts.
-- Kept as a table: intervals, accuracy and champions are made of it.
-- In parts, by site_id: it steps from stage to stage, and holds every step of all origins until the last.
-- Renewed: origin.
with recursive
    known as (select settings from settings_seen),
    given as (
        select i.*, f.fed_by
        from forecast_inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
    ),
    inputs as (
        select
            i.site_id,
            i.id,
            false as is_told,
            i.stage_number,
            i.fed_by,
            i.items_waiting,
            i.items_limit as held_at,
            i.flow_share,
            i.output_ratio
        from given as i
        union all
        -- told in hindsight what held each past run, for the size of errors under known limits alone
        select
            i.site_id,
            i.id,
            true,
            i.stage_number,
            i.fed_by,
            i.items_waiting,
            case when p.is_bound then p.items_processed end,
            i.flow_share,
            i.output_ratio
        from given as i
        cross join known
        join completions as c using (site_id, id)
        join stage_passages as p using (site_id, stage_number, completion_number)
        where known.settings > 0
    ),
    -- a stage finds what waits for it and, of what the stage before makes in the run, what flows through
    reached as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting as items_available,
            least(i.items_waiting, i.held_at) as items,
            least(i.items_waiting, i.held_at) * i.output_ratio as items_made
        from inputs as i
        where i.fed_by is null
        union all
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made,
            least(i.items_waiting + i.flow_share * u.items_made, i.held_at),
            least(i.items_waiting + i.flow_share * u.items_made, i.held_at) * i.output_ratio
        from reached as u
        join
            inputs as i
            on i.site_id = u.site_id
            and i.id = u.id
            and i.is_told = u.is_told
            and i.fed_by = u.stage_number
    ),
    taken as (
        select
            i.*,
            r.is_told,
            r.items_available,
            r.items,
            r.items * i.price * i.credits_per_stage_credit as full_credits,
            case when not r.is_told then i.credit_limit end as stopped_at
        from reached as r
        join given as i on i.site_id = r.site_id and i.id = r.id and i.stage_number = r.stage_number
    ),
    limited as (
        select
            site_id,
            id,
            stage_number,
            sum(full_credits) over (
                partition by site_id, id
                order by stage_number
                rows between unbounded preceding and current row
            ) as credits_so_far,
            max(case when is_on then price * credits_per_stage_credit end) over (
                partition by site_id, id
            ) as largest_item_credits
        from taken
        where stopped_at is not null
    ),
    summed as (
        select t.*, l.credits_so_far, l.largest_item_credits
        from taken as t
        left join
            limited as l
            on l.site_id = t.site_id
            and l.id = t.id
            and l.stage_number = t.stage_number
            and not t.is_told
    ),
    -- the stage that reaches the credit limit gets the rest, later ones nothing
    stopped as (
        select
            s.*,
            case
                when s.stopped_at is null or s.credits_so_far < s.stopped_at
                then 1
                when s.credits_so_far - s.full_credits >= s.stopped_at
                then 0
                else (s.stopped_at - (s.credits_so_far - s.full_credits)) / nullif(s.full_credits, 0)
            end as share
        from summed as s
    ),
    judged as (
        select
            s.*,
            coalesce(
                not s.is_told
                and (not s.is_on or s.item_limit <= coalesce(s.learned_limit, s.item_limit))
                and s.items < s.items_available,
                false
            ) as is_held,
            coalesce(s.share < 1 and s.items > 0, false) as is_stopped
        from stopped as s
    )
select
    site_id,
    id,
    run_id,
    is_live,
    is_told,
    stage_number,
    items * share as expected_items,
    items * share * price as credits,
    items * share * output_ratio as output,
    items * share * seconds_per_item as duration_seconds,
    items_limit,
    case
        when is_told
        then null
        when not is_on
        then 'off'
        when is_stopped
        then 'credit limit'
        when is_held
        then 'limit'
        when learned_limit < items_available
        then 'learned limit'
    end as bound_by,
    stopped_at as credit_limit,
    stopped_at + largest_item_credits as credits_at_most,
    is_held or is_stopped as is_limited,
    coalesce(
        is_held and not is_stage_as_before or is_stopped and not is_credit_as_before, false
    ) as is_limited_anew,
    not is_told and coalesce(forgotten_limit < items_available, false) as is_limit_forgotten,
    is_on is not null as has_settings,
    credits_per_stage_credit,
    round(
        coalesce(
            cast(try_cast(items_waiting * original_price as decimal(38, 9)) as double),
            items_waiting * original_price
        ),
        0
    ) as original_credits,
    round(
        coalesce(
            cast(try_cast(items_waiting * original_output_ratio as decimal(38, 9)) as double),
            items_waiting * original_output_ratio
        ),
        0
    ) as original_output
from judged
order by site_id, id, is_told, stage_number
