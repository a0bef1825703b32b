-- One row per site or account, period and step of what changed its cost, the largest first.
-- Renewed: whole.
with
    limits as (select shown_cost_steps from parameters),
    amounts as (
        select
            'site' as scope,
            site_id,
            cast(null as bigint) as account_id,
            period,
            stage_number,
            stage_name,
            cast(case when is_new_stage then volume_credits else 0 end as decimal(28, 9)) as new_credits,
            cast(case when is_new_stage then 0 else volume_credits end as decimal(28, 9)) as volume_credits,
            cast(rate_credits as decimal(28, 9)) as rate_credits,
            cast(credits_before as decimal(28, 9)) as stage_credits_before
        from cost_changes
        union all
        select
            'account',
            cast(null as bigint),
            s.account_id,
            c.period,
            c.stage_number,
            c.stage_name,
            cast(sum(case when c.is_new_stage then c.volume_credits else 0 end) as decimal(28, 9)),
            cast(sum(case when c.is_new_stage then 0 else c.volume_credits end) as decimal(28, 9)),
            cast(sum(c.rate_credits) as decimal(28, 9)),
            cast(sum(c.credits_before) as decimal(28, 9))
        from cost_changes as c
        join sites as s on s.site_id = c.site_id
        where s.account_id is not null and s.is_live
        group by s.account_id, c.period, c.stage_number, c.stage_name
    ),
    totalled as (
        select
            a.*,
            cast(
                sum(a.stage_credits_before) over (
                    partition by a.site_id, a.account_id, a.scope, a.period
                ) as decimal(28, 9)
            ) as credits_before
        from amounts as a
    ),
    parts as (
        select
            t.*,
            k.kind,
            case
                k.kind when 'new' then t.new_credits when 'price' then t.rate_credits else t.volume_credits
            end as credits
        from totalled as t
        cross join (values ('new'), ('price'), ('volume')) as k(kind)
    ),
    ranked as (
        select
            p.*,
            row_number() over (
                partition by p.site_id, p.account_id, p.scope, p.period
                order by abs(p.credits) desc, p.kind, p.stage_number nulls last
            ) as place
        from parts as p
        where p.credits <> 0
    ),
    steps as (
        select
            r.scope,
            r.site_id,
            r.account_id,
            r.period,
            case when r.place < l.shown_cost_steps then r.place else l.shown_cost_steps end as step_number,
            case when r.place < l.shown_cost_steps then r.kind else 'rest' end as kind,
            case when r.place < l.shown_cost_steps then r.stage_number end as stage_number,
            case when r.place < l.shown_cost_steps then r.stage_name end as stage_name,
            r.credits,
            r.credits_before
        from ranked as r
        cross join limits as l
    ),
    summed as (
        select
            scope,
            site_id,
            account_id,
            period,
            step_number,
            kind,
            stage_number,
            stage_name,
            cast(sum(credits) as decimal(28, 9)) as credits,
            credits_before
        from steps
        group by
            scope, site_id, account_id, period, step_number, kind, stage_number, stage_name, credits_before
    ),
    placed as (
        select
            s.*,
            s.credits_before + cast(
                sum(s.credits) over (
                    partition by s.site_id, s.account_id, s.scope, s.period
                    order by s.step_number
                    rows between unbounded preceding and current row
                ) as decimal(28, 9)
            ) as ends_at_credits,
            s.credits_before + cast(
                sum(s.credits) over (partition by s.site_id, s.account_id, s.scope, s.period) as decimal(
                    28, 9
                )
            ) as credits_after
        from summed as s
    )
select
    scope,
    site_id,
    account_id,
    period,
    cast(step_number as integer) as step_number,
    kind,
    stage_number,
    stage_name,
    credits,
    ends_at_credits - credits as starts_at_credits,
    ends_at_credits,
    credits_before,
    credits_after
from placed
