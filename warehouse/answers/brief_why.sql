-- One row per site or account and cause of what its last days cost beside those before, the largest few.
-- A step towards briefs.
-- Kept as a table: asked of one site or account at a time.
-- Renewed: whole.
with
    stages as (
        select
            o.scope,
            o.site_id,
            o.account_id,
            c.stage_number,
            c.stage_name,
            sum(c.credits_before) as credits_before,
            sum(c.credits_after) as credits_after,
            sum(case when c.is_new_stage then c.volume_credits else 0 end) as new_credits,
            sum(case when c.is_new_stage then 0 else c.volume_credits end) as volume_credits,
            sum(c.rate_credits) as rate_credits
        from brief_sites as o
        join cost_changes as c on c.site_id = o.told_site_id and c.period = 'last_30_days'
        group by o.scope, o.site_id, o.account_id, c.stage_number, c.stage_name
    ),
    totals as (
        select
            scope,
            site_id,
            account_id,
            round(sum(credits_before), 0) as credits_before,
            round(abs(sum(credits_after) - sum(credits_before)), 0) as difference,
            sum(credits_after) > sum(credits_before) as is_more,
            round(
                cast(
                    abs(cast(sum(credits_after) - sum(credits_before) as double))
                    / nullif(cast(sum(credits_before) as double), 0)
                    * 100 as decimal(38, 9)
                ),
                0
            ) as percent
        from stages
        group by scope, site_id, account_id
    ),
    causes as (
        select
            s.scope,
            s.site_id,
            s.account_id,
            s.stage_number,
            s.stage_name,
            case when k.kind = 'volume' and s.stage_number is null then 'none' else k.kind end as cause,
            case
                k.kind when 'new' then s.new_credits when 'rate' then s.rate_credits else s.volume_credits
            end as credits
        from stages as s
        cross join (values ('new'), ('volume'), ('rate')) as k(kind)
    ),
    -- a day for all sites that became dearer (cheaper), each of which then has a break
    dated as (
        select
            o.scope,
            o.site_id,
            o.account_id,
            c.stage_number,
            c.rate_credits > 0 as is_dearer,
            max(b.since) as since
        from brief_sites as o
        join
            cost_changes as c
            on c.site_id = o.told_site_id
            and c.period = 'last_30_days'
            and round(abs(c.rate_credits), 0) > 0
        left join
            price_causes as b
            on b.site_id = c.site_id
            and b.stage_number = c.stage_number
            and b.is_dearer = (c.rate_credits > 0)
        group by o.scope, o.site_id, o.account_id, c.stage_number, c.rate_credits > 0
        having count(*) = count(b.since) and min(b.since) = max(b.since)
    ),
    ranked as (
        select
            c.*,
            row_number() over (
                partition by c.site_id, c.account_id
                order by abs(c.credits) desc, c.stage_number nulls last, c.cause
            ) as cause_number
        from causes as c
        where round(abs(c.credits), 0) > 0
    ),
    told as (
        select
            t.scope,
            t.site_id,
            t.account_id,
            coalesce(c.cause_number, 1) as cause_number,
            cast(p.credits_window_days as integer) as days,
            t.credits_before,
            t.difference,
            t.is_more,
            t.percent,
            c.cause,
            c.stage_name,
            round(abs(c.credits), 0) as credits,
            c.credits > 0 as is_cause_of_more,
            cast(case when c.cause = 'rate' then d.since end as date) as since
        from totals as t
        cross join parameters as p
        left join
            ranked as c
            on c.scope = t.scope
            and c.site_id is not distinct from t.site_id
            and c.account_id is not distinct from t.account_id
            and c.cause_number <= p.told_causes
        left join
            dated as d
            on d.scope = c.scope
            and d.site_id is not distinct from c.site_id
            and d.account_id is not distinct from c.account_id
            and d.stage_number = c.stage_number
            and d.is_dearer = (c.credits > 0)
    ),
    rests as (
        select
            t.*,
            case
                when t.is_more
                then t.difference
                else - t.difference
            end - sum(case when t.is_cause_of_more then t.credits else - t.credits end) over (
                partition by t.site_id, t.account_id
            ) as rest
        from told as t
    )
select
    scope,
    site_id,
    account_id,
    cause_number,
    days,
    credits_before,
    difference,
    is_more,
    percent,
    cause,
    stage_name,
    credits,
    is_cause_of_more,
    since,
    abs(rest) as rest,
    rest > 0 as is_rest_more
from rests
order by site_id, account_id, cause_number
