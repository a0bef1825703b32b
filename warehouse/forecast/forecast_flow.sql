-- One row per origin and stage, as known and as told: what it will take in, cost and make.
-- Kept as a table: intervals, accuracy and champions are made of it.
-- Renewed: origin.
with
    known as (select settings from settings_seen),
    given as (
        select
            site_id,
            id,
            run_id,
            is_live,
            stage_number,
            items_waiting,
            flow_share,
            learned_limit,
            forgotten_limit,
            is_on,
            item_limit,
            items_limit,
            credit_limit,
            is_stage_as_before,
            is_credit_as_before,
            price,
            output_ratio,
            seconds_per_item,
            credits_per_stage_credit,
            original_price,
            original_output_ratio
        from forecast_inputs
    ),
    -- told in hindsight what held each past run, for the size of errors under known limits alone
    inputs as (
        select
            site_id, id, false as is_told, stage_number, items_waiting, items_limit, flow_share, output_ratio
        from given
        union all
        select
            i.site_id,
            i.id,
            true,
            i.stage_number,
            i.items_waiting,
            case when p.is_bound then p.items_processed end,
            i.flow_share,
            i.output_ratio
        from given as i
        cross join known
        join completions as c on c.site_id = i.site_id and c.id = i.id
        join
            stage_passages as p
            on p.site_id = i.site_id
            and p.stage_number = i.stage_number
            and p.completion_number = c.completion_number
        where known.settings > 0
    ),
    first as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting as items_available,
            least(i.items_waiting, i.items_limit) as items,
            least(i.items_waiting, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        where f.fed_by is null
    ),
    second as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made as items_available,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) as items,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        join
            first as u
            on u.site_id = i.site_id
            and u.id = i.id
            and u.is_told = i.is_told
            and u.stage_number = f.fed_by
    ),
    third as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made as items_available,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) as items,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        join
            second as u
            on u.site_id = i.site_id
            and u.id = i.id
            and u.is_told = i.is_told
            and u.stage_number = f.fed_by
    ),
    fourth as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made as items_available,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) as items,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        join
            third as u
            on u.site_id = i.site_id
            and u.id = i.id
            and u.is_told = i.is_told
            and u.stage_number = f.fed_by
    ),
    fifth as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made as items_available,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) as items,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        join
            fourth as u
            on u.site_id = i.site_id
            and u.id = i.id
            and u.is_told = i.is_told
            and u.stage_number = f.fed_by
    ),
    sixth as (
        select
            i.site_id,
            i.id,
            i.is_told,
            i.stage_number,
            i.items_waiting + i.flow_share * u.items_made as items_available,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) as items,
            least(i.items_waiting + i.flow_share * u.items_made, i.items_limit) * i.output_ratio as items_made
        from inputs as i
        join stage_parameters as f on f.stage_number = i.stage_number
        join
            fifth as u
            on u.site_id = i.site_id
            and u.id = i.id
            and u.is_told = i.is_told
            and u.stage_number = f.fed_by
    ),
    reached as (
        select site_id, id, is_told, stage_number, items_available, items
        from first
        union all
        select site_id, id, is_told, stage_number, items_available, items
        from second
        union all
        select site_id, id, is_told, stage_number, items_available, items
        from third
        union all
        select site_id, id, is_told, stage_number, items_available, items
        from fourth
        union all
        select site_id, id, is_told, stage_number, items_available, items
        from fifth
        union all
        select site_id, id, is_told, stage_number, items_available, items
        from sixth
    ),
    priced as (
        select
            r.site_id,
            r.id,
            i.run_id,
            i.is_live,
            r.is_told,
            r.stage_number,
            r.items_available,
            r.items,
            i.learned_limit,
            i.forgotten_limit,
            i.is_on,
            i.item_limit,
            i.items_limit,
            case when r.is_told then null else i.credit_limit end as credit_limit,
            i.is_stage_as_before,
            i.is_credit_as_before,
            i.price,
            i.output_ratio,
            i.seconds_per_item,
            i.credits_per_stage_credit,
            r.items * i.price * i.credits_per_stage_credit as credits,
            sum(r.items * i.price * i.credits_per_stage_credit) over (
                partition by r.site_id, r.id, r.is_told
                order by r.stage_number
                rows between unbounded preceding and current row
            ) as credits_so_far,
            round(
                cast(cast(i.items_waiting * i.original_price as decimal(38, 9)) as double), 0
            ) as original_credits,
            round(
                cast(cast(i.items_waiting * i.original_output_ratio as decimal(38, 9)) as double), 0
            ) as original_output
        from reached as r
        join given as i on i.site_id = r.site_id and i.id = r.id and i.stage_number = r.stage_number
    ),
    stopped as (
        select
            site_id,
            id,
            run_id,
            is_live,
            is_told,
            stage_number,
            items_available,
            items,
            learned_limit,
            forgotten_limit,
            is_on,
            item_limit,
            items_limit,
            credit_limit,
            is_stage_as_before,
            is_credit_as_before,
            price,
            output_ratio,
            seconds_per_item,
            credits_per_stage_credit,
            original_credits,
            original_output,
            case
                when credit_limit is null or credits_so_far < credit_limit
                then 1
                when credits_so_far - credits >= credit_limit
                then 0
                else (credit_limit - (credits_so_far - credits)) / nullif(credits, 0)
            end as share
        from priced
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
        when share < 1 and items > 0
        then 'credit limit'
        when item_limit < items_available and item_limit <= coalesce(learned_limit, item_limit)
        then 'limit'
        when learned_limit < items_available
        then 'learned limit'
    end as bound_by,
    credit_limit,
    credit_limit + max(case when is_on then price * credits_per_stage_credit end) over (
        partition by site_id, id, is_told
    ) as credits_at_most,
    not is_told
    and coalesce(
        (not is_on or item_limit <= coalesce(learned_limit, item_limit))
        and items < items_available
        or share < 1
        and items > 0,
        false
    ) as is_limited,
    not is_told
    and coalesce(
        (not is_on or item_limit <= coalesce(learned_limit, item_limit))
        and items < items_available
        and not is_stage_as_before
        or share < 1
        and items > 0
        and not is_credit_as_before,
        false
    ) as is_limited_anew,
    not is_told and coalesce(forgotten_limit < items_available, false) as is_limit_forgotten,
    is_on is not null as has_settings,
    credits_per_stage_credit,
    original_credits,
    original_output
from stopped
order by site_id, id, is_told, stage_number
